"""What is cut of an image for its picks, whatever kind of image it is."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.contrast import Side
from nunatak.detection.parallel import Crew
from nunatak.detection.result import Failure
from nunatak.errors import BadInput, NunatakError

MOST_AT_A_TIME = 512
"""Picks that are cut at a time, so that a crowded image does not fill the memory."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ImageCrops:
    """Crops of picks on one image, or of some of them where there are many.

    Attributes
    ----------
    image : str
        The micrograph's name in the pick table, or the stack of the particle images.
    rows : ndarray, shape (n,), int64
        Positions in the pick table.
    crops : ndarray, shape (n, 2, side_px, side_px), float32
        See `nunatak.pruning.crops.cut_crops`.
    detector_logit : ndarray, shape (n,), float64
        Of the shipped detector at the pick's place; NaN where it was not asked.
    detector_features : ndarray, shape (n, channels), float32, or None
        What its last hidden layer holds there.
    """

    image: str
    rows: NDArray[np.int64]
    crops: NDArray[np.float32]
    detector_logit: NDArray[np.float64]
    detector_features: NDArray[np.float32] | None = None


class Cutter(Protocol):
    """Cuts the crops of the picks of one image after the other, from any thread.

    Attributes
    ----------
    contrast : str
        ``"dark"`` or ``"light"``: particles in the stored images.
    """

    contrast: Side

    @property
    def images(self) -> Sequence[str]:
        """What there is to cut from."""

    @property
    def missing(self) -> Sequence[Failure]:
        """Images that have picks and were not found."""

    @property
    def crew(self) -> Crew:
        """How many images to work on at a time."""

    def cut(self, image: str) -> Iterator[ImageCrops]:
        """Yield the crops of one image's picks.

        Raises
        ------
        BadInput
            If picks of the image cannot be cut; the others were yielded before.
        """


def parts_of(count: int) -> Iterator[slice]:
    """Divide so many picks into parts that are cut at a time.

    Examples
    --------
    >>> list(parts_of(700))
    [slice(0, 512, None), slice(512, 700, None)]
    """
    for first in range(0, count, MOST_AT_A_TIME):
        yield slice(first, min(first + MOST_AT_A_TIME, count))


@contextmanager
def failing_alone(image: str, failures: list[Failure]) -> Iterator[None]:
    """Count what goes wrong with one image inside the block; it must not end a long run.

    Parameters
    ----------
    image
        Its name.
    failures
        Gains an entry.

    Raises
    ------
    NunatakError
        If the reason is not the file, such as an option that fits no file.
    """
    try:
        yield
    except BadInput as error:
        failures.append(Failure(image, str(error)))
    except NunatakError:
        raise
    except MemoryError:
        failures.append(Failure(image, f"{image}: not enough memory for this image"))
    except OSError as error:
        reason = f"{image}: cannot be read ({error.strerror or error})"
        failures.append(Failure(image, reason))
    except Exception as error:  # a decoder may raise anything on a damaged file
        _log.debug("%s", image, exc_info=True)
        failures.append(Failure(image, f"{image}: unexpected {type(error).__name__}: {error}"))
