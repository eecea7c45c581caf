"""Make batches ahead of the training that waits for them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

Batch = TypeVar("Batch")


@contextmanager
def prefetched(
    batch_at: Callable[[int], Batch], *, last: int, workers: int = 1
) -> Iterator[Callable[[int], Batch]]:
    """Make the batches of the next steps in threads, while a step is trained.

    Batches depend on their step alone, so that neither their content nor their order depends on
    who made them, on how many work, or on where training resumes.

    Parameters
    ----------
    batch_at
        Makes the batch of a step; a pure function, called by several threads at a time.
    last
        The last step of which a batch will be wanted.
    workers
        How many threads; 0 computes in place, when asked.

    Yields
    ------
    callable
        To be used in the place of ``batch_at``.
    """
    if workers == 0:
        yield batch_at
        return
    with ThreadPoolExecutor(workers, "batches") as executor:
        prefetcher = _Prefetcher(executor, batch_at, last, ahead=workers + 1)
        try:
            yield prefetcher
        finally:
            prefetcher.cancel()


class _Prefetcher(Generic[Batch]):
    def __init__(
        self,
        executor: ThreadPoolExecutor,
        batch_at: Callable[[int], Batch],
        last: int,
        ahead: int,
    ) -> None:
        self._executor = executor
        self._batch_at = batch_at
        self._last = last
        self._ahead = ahead
        self._waiting: dict[int, Future[Batch]] = {}

    def __call__(self, step: int) -> Batch:
        wanted = range(step, min(step + self._ahead, self._last) + 1)
        for past in self._waiting.keys() - set(wanted):
            self._waiting.pop(past).cancel()
        for ahead in [step, *wanted]:
            if ahead not in self._waiting:
                self._waiting[ahead] = self._executor.submit(self._batch_at, ahead)
        # It stays until the next call: a call that was interrupted can be repeated.
        return self._waiting[step].result()

    def cancel(self) -> None:
        for future in self._waiting.values():
            future.cancel()
