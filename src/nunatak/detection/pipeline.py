"""Read, score and finish micrographs at the same time."""

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.candidates import find_candidates
from nunatak.detection.journal import Finished
from nunatak.detection.preparation import Prepared
from nunatak.detection.result import Failure
from nunatak.detection.scoring import Scorer
from nunatak.errors import BadInput, NunatakError

AHEAD = 2
"""Micrographs that are read ahead. What waits is small: a micrograph at its working size."""

_log = logging.getLogger(__name__)

Prepare = Callable[[str], Prepared]


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
    readers: int = 1,
) -> Generator[Finished | Failure, None, None]:
    """Pick micrographs: reading, network and peaks overlap.

    Reading threads work ahead, the network runs in the caller's thread, and one more thread
    finds the peaks and keeps the result.

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
    readers
        Threads that read. Each holds one micrograph at its full size.

    Yields
    ------
    Finished or Failure
        In the order of ``images``.

    Raises
    ------
    NunatakError
        If the work cannot go on: memory, device, disk. A bad micrograph is a `Failure`.
    """

    def read(image: str) -> Prepared | Failure:
        with stopwatch.measure("reading"):
            return prepared_or_failure(image, prepare)

    def finish(image: str, prepared: Prepared, logits: NDArray[np.float32]) -> Finished:
        with stopwatch.measure("finding"):
            finished = finder.find(image, prepared, logits)
            keep(finished)
            return finished

    def settle(result: Future[Finished] | Failure) -> Finished | Failure:
        return result if isinstance(result, Failure) else result.result()

    # Leaving the block waits for what was submitted: a micrograph that was scored is kept.
    with (
        ThreadPoolExecutor(1, "finish") as finishing,
        closing(_read_ahead(images, read, readers)) as ahead,
    ):
        waiting: deque[Future[Finished] | Failure] = deque()
        for image, prepared in ahead:
            if isinstance(prepared, Failure):
                waiting.append(prepared)
            else:
                with stopwatch.measure("network"):
                    logits = finder.score(prepared)
                waiting.append(finishing.submit(finish, image, prepared, logits))
            while len(waiting) > AHEAD:
                yield settle(waiting.popleft())
        while waiting:
            yield settle(waiting.popleft())


def prepared_or_failure(image: str, prepare: Prepare) -> Prepared | Failure:
    """Prepare a micrograph; what is wrong with one file must not end a long run.

    Raises
    ------
    NunatakError
        If the reason is not the file, such as an option that fits no file.
    """
    try:
        return prepare(image)
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


def _read_ahead(
    images: Sequence[str], read: Callable[[str], Prepared | Failure], readers: int
) -> Generator[tuple[str, Prepared | Failure], None, None]:
    """Yield images in order, a bounded number of them read ahead in other threads."""
    with ThreadPoolExecutor(readers, "read") as reading:
        waiting: deque[tuple[str, Future[Prepared | Failure]]] = deque()
        try:
            for image in images:
                waiting.append((image, reading.submit(read, image)))
                if len(waiting) >= AHEAD + readers:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _, future in waiting:
                future.cancel()
