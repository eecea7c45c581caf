"""From a micrograph's file to what the network is given."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.geometry import Scale
from nunatak.images.blank_frame import BlankFrame, blank_frame
from nunatak.images.hot_pixels import REACH_PX, repair_hot_pixels
from nunatak.images.micrograph import Micrograph
from nunatak.images.normalisations import DEFAULT, NORMALISATIONS
from nunatak.images.reader import read_micrograph
from nunatak.images.resample import resample, working_shape
from nunatak.images.stable import FileState, file_state

Reader = Callable[..., Micrograph]

VERSION = 2
"""Candidates found after another preparation are not mixed with these."""

REFUSED_BELOW_PX = 4.0
"""A particle of fewer stored pixels has no shape: the diameter or the pixel size is wrong."""

REPAIRED_FROM_PX = 3.0 * (2 * REACH_PX + 1)
"""Extent of a particle, stored pixels, from which on no hot pixel can be one."""

LARGEST_SIDE_PX = 1 << 15
"""A micrograph whose working size is larger holds particles of very few pixels, which means that
the diameter or the pixel size is wrong; it would only fill the memory."""

MANY_HOT = 1e-5
"""Fraction of hot pixels that is worth a word; a few lie in every micrograph."""

_MOSTLY_BAD = 0.5


@dataclass(frozen=True)
class Prepared:
    """A micrograph at the model's working size.

    Attributes
    ----------
    image : ndarray, shape (my, mx), float32
        Normalised, contrast as stored.
    scale : Scale
        Its size and that of the source image.
    pixel_size_A : float
        Of the source image.
    state : FileState
        Which version of the file it is.
    notes : tuple of str
        Irregularities that were tolerated or repaired, in words for the user.
    """

    image: NDArray[np.float32]
    scale: Scale
    pixel_size_A: float
    state: FileState
    notes: tuple[str, ...] = ()


def prepare(
    path: Path,
    *,
    diameter_A: float,
    diameter_px: float,
    normalisation: str = DEFAULT,
    pixel_size_A: float | None = None,
    listed_pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
) -> Prepared:
    """Read, resample and normalise a micrograph.

    The full-size image is let go before this returns: what stays is the working size.

    Parameters
    ----------
    path
        The micrograph.
    diameter_A, diameter_px
        Particle diameter, in Å and in pixels of the working size.
    normalisation
        Name in `nunatak.images.normalisations.NORMALISATIONS`: the model's.
    pixel_size_A, listed_pixel_size_A, override_pixel_size
        See `nunatak.images.reader.read_micrograph`.

    Raises
    ------
    BadInput
        If the image cannot be read, or nobody knows its pixel size, or the diameter makes no
        sense for it.
    """
    state = file_state(path)
    micrograph = read_micrograph(
        path,
        pixel_size_A=pixel_size_A,
        listed_pixel_size_A=listed_pixel_size_A,
        override=override_pixel_size,
        # A file that is cut short meanwhile is one image that cannot be used, and no more.
        is_mapped=False,
    )
    size_A = micrograph.pixel_size_A
    if size_A is None:
        raise BadInput(f"{path}: the header states no pixel size. Give it in Å with --pixel-size.")
    try:
        shape = working_shape(
            micrograph.shape, pixel_size_A=size_A, diameter_A=diameter_A, diameter_px=diameter_px
        )
        _refuse_tiny_particle(shape, size_A, diameter_A)
        pixels, hot = micrograph.pixels, 0
        if diameter_A / size_A >= REPAIRED_FROM_PX:
            pixels, hot = repair_hot_pixels(pixels)
        frame = blank_frame(pixels)
        normalise = NORMALISATIONS[normalisation]
        image = normalise(resample(pixels, shape), bad=_bad(micrograph, frame, shape))
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    notes = (*micrograph.info.notes, *_defects(micrograph, frame, hot))
    return Prepared(image, Scale(micrograph.shape, shape), size_A, state, notes)


def _refuse_tiny_particle(shape: tuple[int, int], size_A: float, diameter_A: float) -> None:
    if diameter_A / size_A < REFUSED_BELOW_PX or max(shape) > LARGEST_SIDE_PX:
        raise BadInput(
            f"a particle of {diameter_A:g} Å spans {diameter_A / size_A:.2g} pixels of "
            f"{size_A:g} Å, too few to be seen. Check the pixel size and the diameter (both in Å)."
        )


def _bad(
    micrograph: Micrograph, frame: BlankFrame, shape: tuple[int, int]
) -> NDArray[np.bool_] | None:
    """Say where the resampled image shows nothing; None if nowhere."""
    bad = frame.mask(micrograph.shape, shape)
    if micrograph.bad is not None:
        unknown = resample(micrograph.bad, shape) > _MOSTLY_BAD
        bad = unknown if bad is None else bad | unknown
    if bad is not None and bad.all():
        raise BadInput("nothing is left of the image between its blank edges.")
    return bad


def _defects(micrograph: Micrograph, frame: BlankFrame, hot: int) -> Iterator[str]:
    """Say what was repaired or left out, in words."""
    if micrograph.bad is not None:
        yield f"NaN or infinite pixels left out: {np.count_nonzero(micrograph.bad)}"
    if hot > MANY_HOT * micrograph.pixels.size:
        yield f"hot or dead pixels repaired: {hot}"
    if any(frame):
        sides = ", ".join(f"{width} {side}" for side, width in frame._asdict().items() if width)
        yield f"blank rows or columns at the edges left out: {sides}"
