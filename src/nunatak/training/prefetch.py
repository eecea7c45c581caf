"""Make batches ahead of the training that waits for them."""

import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any, Generic, Literal, TypeVar

import torch

Batch = TypeVar("Batch")
WorkerKind = Literal["thread", "process"]

_in_process: dict[str, Callable[[int], Any]] = {}


class Prefetcher(Generic[Batch]):
    """A ``batch_at`` that computes the batches of the next steps while a step is trained.

    Batches depend on their step alone, so that neither their content nor their order depends on
    who made them, on how many work, or on where training resumes. Use `prefetched`.
    """

    def __init__(self, submit: Callable[[int], "Future[Batch]"], last: int, ahead: int) -> None:
        self._submit = submit
        self._last = last
        self._ahead = ahead
        self._waiting: dict[int, Future[Batch]] = {}

    def __call__(self, step: int) -> Batch:
        """Return the batch of a step."""
        wanted = range(step, min(step + self._ahead, self._last) + 1)
        for past in self._waiting.keys() - set(wanted):
            self._waiting.pop(past).cancel()
        for ahead in [step, *wanted]:
            if ahead not in self._waiting:
                self._waiting[ahead] = self._submit(ahead)
        # It stays until the next call: a call that was interrupted can be repeated.
        return self._waiting[step].result()

    def cancel(self) -> None:
        """Give up what has not begun."""
        for future in self._waiting.values():
            future.cancel()


@contextmanager
def prefetched(
    batch_at: Callable[[int], Batch],
    *,
    last: int,
    workers: int = 1,
    kind: WorkerKind = "thread",
) -> Iterator[Callable[[int], Batch]]:
    """Make batches ahead, in threads or in processes.

    Parameters
    ----------
    batch_at
        Makes the batch of a step; a pure function, called by several threads at a time. For
        processes it must be picklable.
    last
        The last step of which a batch will be wanted.
    workers
        How many work; 0 computes in place, when asked.
    kind
        Threads share everything and start at once; processes do not wait for each other's
        Python.

    Yields
    ------
    callable
        To be used in the place of ``batch_at``.
    """
    if workers == 0:
        yield batch_at
        return
    with _executor(batch_at, workers, kind) as executor:
        submit = _submit_to_thread if kind == "thread" else _submit_to_process
        prefetcher = Prefetcher(partial(submit, executor, batch_at), last, ahead=workers + 1)
        try:
            yield prefetcher
        finally:
            prefetcher.cancel()


def _executor(batch_at: Callable[[int], Any], workers: int, kind: WorkerKind) -> Executor:
    if kind == "thread":
        return ThreadPoolExecutor(workers, "batches")
    return ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=_start_process,
        initargs=(batch_at,),
    )


def _start_process(batch_at: Callable[[int], Any]) -> None:
    # Ctrl-C and schedulers address every process; the training decides when these end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
    _in_process["batch_at"] = batch_at


class _Unpacked(Future[Any]):
    """The batch in the bytes that a process returned."""

    def __init__(self, packed: "Future[bytes]") -> None:
        super().__init__()
        self._packed = packed

    def result(self, timeout: float | None = None) -> Any:
        return pickle.loads(self._packed.result(timeout))  # noqa: S301 (from our own process)

    def cancel(self) -> bool:
        return self._packed.cancel()


def _submit_to_thread(
    executor: Executor, batch_at: Callable[[int], Batch], step: int
) -> "Future[Batch]":
    return executor.submit(batch_at, step)


def _submit_to_process(
    executor: Executor, _batch_at: Callable[[int], Batch], step: int
) -> "Future[Batch]":
    # The function itself was handed over once, when the process started.
    return _Unpacked(executor.submit(_packed_batch, step))


def _packed_batch(step: int) -> bytes:
    # As bytes: torch would otherwise hand over files of shared memory, which a killed process
    # leaves behind.
    return pickle.dumps(_in_process["batch_at"](step), protocol=pickle.HIGHEST_PROTOCOL)
