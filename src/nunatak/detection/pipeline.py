"""Work on several micrographs at the same time.

Every worker takes a micrograph from its file to its candidates in one thread, with few threads
inside: a core that reads does not hold up one that convolves, and none waits for another in
the middle of a layer, as the threads of one shared network would.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import BoundedSemaphore, Lock
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from nunatak.detection.candidates import find_candidates
from nunatak.detection.journal import Finished
from nunatak.detection.preparation import Prepared
from nunatak.detection.result import Failure
from nunatak.detection.scoring import Scorer
from nunatak.errors import BadInput, NunatakError

MOST_WORKERS = 8
"""More cores than this serve the workers as threads inside: memory grows with the workers."""

MOST_READERS = 4
"""How many hold a micrograph at its full size at a time, at most."""

_log = logging.getLogger(__name__)

Result = TypeVar("Result")
Prepare = Callable[[str], Prepared]


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


@dataclass(frozen=True)
class Finder:
    """Turns a prepared micrograph into candidates.

    Attributes
    ----------
    scorer : Scorer
        The network.
    inverted : bool
        Whether particles have the contrast opposite to the one the model was trained with.
    floor : float
        Probability below which a peak is no candidate.
    min_distance_A : float
        Two candidates are at least so far apart.
    """

    scorer: Scorer
    inverted: bool
    floor: float
    min_distance_A: float

    def score(self, prepared: Prepared) -> NDArray[np.float32]:
        """Return the score maps (see `Scorer.logits`)."""
        return self.scorer.logits(-prepared.image if self.inverted else prepared.image)

    def find(self, image: str, prepared: Prepared, logits: NDArray[np.float32]) -> Finished:
        """Return the micrograph's candidates."""
        candidates = find_candidates(
            logits,
            prepared.scale,
            stride=self.scorer.stride,
            floor=self.floor,
            min_distance_px=self.min_distance_A / prepared.pixel_size_A,
        )
        return Finished(
            image=image,
            state=prepared.state,
            shape=prepared.scale.source_shape,
            pixel_size_A=prepared.pixel_size_A,
            candidates=candidates,
        )


def run(
    images: Sequence[str],
    *,
    prepare: Prepare,
    finder: Finder,
    keep: Callable[[Finished], None],
    stopwatch: Stopwatch,
    crew: Crew,
) -> Generator[Finished | Failure, None, None]:
    """Pick micrographs.

    Parameters
    ----------
    images
        What to pick.
    prepare
        Reads one; called in other threads.
    finder
        Scores one and finds its candidates.
    keep
        Called with each finished micrograph, in another thread, before it is yielded.
    stopwatch
        Measures the stages ``"reading"``, ``"network"`` and ``"finding"``.
    crew
        Who works.

    Yields
    ------
    Finished or Failure
        In the order of ``images``.

    Raises
    ------
    NunatakError
        If the work cannot go on: memory, device, disk. A bad micrograph is a `Failure`.
    """
    read = Reader(prepare, crew.readers, stopwatch)

    def work(image: str) -> Finished | Failure:
        prepared = read(image)
        if isinstance(prepared, Failure):
            return prepared
        with stopwatch.measure("network"):
            logits = finder.score(prepared)
        with stopwatch.measure("finding"):
            finished = finder.find(image, prepared, logits)
            keep(finished)
        return finished

    return in_order(work, images, crew)


def in_order(
    work: Callable[[str], Result], images: Sequence[str], crew: Crew
) -> Generator[Result, None, None]:
    """Do the same work on each of many images, several at a time.

    Parameters
    ----------
    work
        Called once an image, in other threads.
    images
        What to work on.
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


class Reader:
    """Prepares micrographs, a limited number at a time; a bad one is a `Failure`.

    Parameters
    ----------
    prepare
        Reads one.
    at_a_time
        How many threads may be inside: each holds a micrograph at its full size.
    stopwatch
        Measures the stage ``"reading"``, without the waiting.
    """

    def __init__(self, prepare: Prepare, at_a_time: int, stopwatch: Stopwatch) -> None:
        self._prepare = prepare
        self._turn = BoundedSemaphore(at_a_time)
        self._stopwatch = stopwatch

    def __call__(self, image: str) -> Prepared | Failure:
        """Prepare one; what is wrong with one file must not end a long run.

        Raises
        ------
        NunatakError
            If the reason is not the file, such as an option that fits no file.
        """
        with self._turn, self._stopwatch.measure("reading"):
            try:
                return self._prepare(image)
            except BadInput as error:
                return Failure(image, str(error))
            except NunatakError:
                raise
            except MemoryError:
                return Failure(image, f"{image}: not enough memory for this image")
            except OSError as error:
                return Failure(image, f"{image}: cannot be read ({error.strerror or error})")
            except Exception as error:  # a decoder may raise anything on a damaged file
                _log.debug("%s", image, exc_info=True)
                return Failure(image, f"{image}: unexpected {type(error).__name__}: {error}")
