"""Work on several micrographs at the same time.

Every worker takes a micrograph through all the work in one thread, with few threads inside: a
core that reads does not hold up one that convolves, and none waits for another in the middle
of a layer, as the threads of one shared network would.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TypeVar

import torch

MOST_WORKERS = 8
"""More cores than this serve the workers as threads inside: memory grows with the workers."""

MOST_READERS = 4
"""How many hold a micrograph at its full size at a time, at most."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Crew:
    """How a number of processor threads is divided.

    Attributes
    ----------
    workers : int
        Micrographs in work at a time.
    threads : int
        Threads inside each worker.
    readers : int
        Workers that read at a time.
    """

    workers: int
    threads: int
    readers: int

    @classmethod
    def of(cls, threads: int, micrographs: int) -> "Crew":
        """Divide processor threads among so many micrographs.

        Examples
        --------
        >>> Crew.of(2, 500)
        Crew(workers=2, threads=1, readers=1)
        >>> Crew.of(32, 500)
        Crew(workers=8, threads=4, readers=4)
        >>> Crew.of(16, 1)
        Crew(workers=1, threads=16, readers=1)
        """
        workers = max(1, min(threads, micrographs, MOST_WORKERS))
        readers = max(1, min(workers // 2, MOST_READERS))
        return cls(workers, max(1, threads // workers), readers)


class Stopwatch:
    """Adds up the seconds that stages take, in any number of threads.

    Attributes
    ----------
    seconds : dict of str to float
        By stage.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = Lock()

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add the duration of the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            duration = time.perf_counter() - start
            with self._lock:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + duration


def in_order(
    work: Callable[[str], Result], images: Iterable[str], crew: Crew
) -> Generator[Result, None, None]:
    """Do the same work on each of many images, several at a time.

    Parameters
    ----------
    work
        Called once an image, in other threads.
    images
        What to work on; the next one is asked for only when a worker is about to be free.
    crew
        Who works.

    Yields
    ------
    object
        What the work returned, in the order of ``images``. An exception is raised in its turn;
        then, or when the caller stops, what has begun is finished and the rest is not begun.
    """
    # torch keeps the number of threads inside for each thread that asks.
    initializer = partial(torch.set_num_threads, crew.threads)
    with ThreadPoolExecutor(crew.workers, "pick", initializer) as workers:
        waiting: deque[Future[Result]] = deque()
        try:
            for image in images:
                waiting.append(workers.submit(work, image))
                # One more than there are workers, so that none runs out of work.
                if len(waiting) > crew.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
