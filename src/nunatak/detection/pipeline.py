"""Take micrographs from their files to their candidates."""

import logging
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from threading import BoundedSemaphore

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.candidates import find_candidates
from nunatak.detection.finished import Finished
from nunatak.detection.parallel import Crew, Stopwatch, in_order
from nunatak.detection.preparation import Prepared
from nunatak.detection.result import Failure
from nunatak.detection.scoring import Scorer
from nunatak.errors import BadInput, NunatakError

_log = logging.getLogger(__name__)

Prepare = Callable[[str], Prepared]


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
            origin_px=self.scorer.origin_px,
            floor=self.floor,
            min_distance_px=self.min_distance_A / prepared.pixel_size_A,
            cut=self.scorer.cut,
        )
        return Finished(
            image=image,
            state=prepared.state,
            shape=prepared.scale.source_shape,
            pixel_size_A=prepared.pixel_size_A,
            candidates=candidates,
            notes=prepared.notes,
        )


def run(
    images: Iterable[str],
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
