"""A micrograph, read once, at the size from which crops and the detector's image are made."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.preparation import REFUSED_BELOW_PX, REPAIRED_FROM_PX
from nunatak.errors import BadInput
from nunatak.geometry import Scale, source_to_resampled
from nunatak.images.blank_frame import blank_frame
from nunatak.images.hot_pixels import repair_hot_pixels
from nunatak.images.reader import read_micrograph
from nunatak.images.resample import resample, working_shape
from nunatak.images.source import Pixels

LARGEST_SIDE_PX = 1 << 14
"""A micrograph whose working size is larger holds particles of very few pixels; it would only
fill the memory."""

_MOSTLY_BAD = 0.5


@dataclass(frozen=True)
class WorkingMicrograph:
    """The part of a micrograph inside its blank edges, resampled, grey scale as stored.

    Where motion correction leaves rows or columns of one value, the image ends before them:
    what lies beyond an edge shows nothing, whatever made it.

    Attributes
    ----------
    image : ndarray, shape (my, mx), float32
        A particle spans ``diameter_px`` pixels.
    bad : ndarray of bool, shape (my, mx), or None
        Where the file holds no numbers; None if nowhere.
    scale : Scale
        Size of the part in stored pixels, and that of ``image``.
    corner_px : tuple of int
        x, y of the part's first pixel in the stored image.
    stored_shape : tuple of int
        ``(ny, nx)`` of the whole stored image, pixels.
    pixel_size_A : float
        Of the stored image.
    diameter_A, diameter_px : float
        Of a particle, the latter in pixels of ``image``.
    """

    image: NDArray[np.float32]
    bad: NDArray[np.bool_] | None
    scale: Scale
    corner_px: tuple[int, int]
    stored_shape: tuple[int, int]
    pixel_size_A: float
    diameter_A: float
    diameter_px: float

    def positions_in(
        self, positions_px: NDArray[np.float64], shape: tuple[int, int]
    ) -> NDArray[np.float64]:
        """Map positions in the stored image to a resampled version of the part.

        Parameters
        ----------
        positions_px : ndarray, shape (n, 2), float64
            Columns x, y, pixels of the stored image.
        shape
            ``(my, mx)`` of the version, such as that of ``image``.

        Returns
        -------
        ndarray, shape (n, 2), float64
            Columns x, y, pixels of the version.
        """
        scale = Scale(self.scale.source_shape, shape)
        x, y = (positions_px - np.array(self.corner_px, dtype=np.float64)).T
        return np.column_stack(
            [source_to_resampled(x, scale.ratio_x), source_to_resampled(y, scale.ratio_y)]
        )

    def is_near(self, positions_px: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which positions lie in the stored image, or so near that a particle reaches in.

        Parameters
        ----------
        positions_px : ndarray, shape (n, 2), float64
            Columns x, y, pixels of the stored image.
        """
        reach = 0.5 * self.diameter_A / self.pixel_size_A
        upper = np.array(self.stored_shape[::-1]) - 0.5 + reach
        near: NDArray[np.bool_] = np.all(
            (positions_px >= -0.5 - reach) & (positions_px <= upper), axis=1
        )
        return near


def read_working_micrograph(
    path: Path,
    *,
    diameter_A: float,
    diameter_px: float,
    pixel_size_A: float | None = None,
    listed_pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
) -> WorkingMicrograph:
    """Read a micrograph, repair its hot pixels, and resample it.

    Parameters
    ----------
    path
        The micrograph.
    diameter_A, diameter_px
        Particle diameter, in Å and in pixels of the result.
    pixel_size_A, listed_pixel_size_A, override_pixel_size
        See `nunatak.images.reader.read_micrograph`.

    Raises
    ------
    BadInput
        If the image cannot be read, nobody knows its pixel size, or the diameter makes no sense
        for it.
    """
    micrograph = read_micrograph(
        path,
        pixel_size_A=pixel_size_A,
        listed_pixel_size_A=listed_pixel_size_A,
        override=override_pixel_size,
    )
    size_A = micrograph.pixel_size_A
    if size_A is None:
        raise BadInput(f"{path}: the header states no pixel size. Give it in Å with --pixel-size.")
    pixels: Pixels = micrograph.pixels
    if diameter_A / size_A >= REPAIRED_FROM_PX:
        pixels, _ = repair_hot_pixels(pixels)
    frame = blank_frame(pixels)
    ny, nx = micrograph.shape
    inside = (slice(frame.top, ny - frame.bottom), slice(frame.left, nx - frame.right))
    part = pixels[inside]
    shape = _checked_shape(path, part.shape, size_A, diameter_A, diameter_px)
    bad = None
    if micrograph.bad is not None and micrograph.bad[inside].any():
        bad = resample(micrograph.bad[inside], shape) > _MOSTLY_BAD
    return WorkingMicrograph(
        image=resample(part, shape),
        bad=bad,
        scale=Scale((part.shape[0], part.shape[1]), shape),
        corner_px=(frame.left, frame.top),
        stored_shape=micrograph.shape,
        pixel_size_A=size_A,
        diameter_A=diameter_A,
        diameter_px=diameter_px,
    )


def _checked_shape(
    path: Path, stored: tuple[int, ...], size_A: float, diameter_A: float, diameter_px: float
) -> tuple[int, int]:
    ny, nx = stored
    try:
        shape = working_shape(
            (ny, nx), pixel_size_A=size_A, diameter_A=diameter_A, diameter_px=diameter_px
        )
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    if min(shape) < diameter_px:
        raise BadInput(
            f"{path}: {nx} × {ny} pixels of {size_A:g} Å are less than one particle of "
            f"{diameter_A:g} Å. Check the pixel size and the diameter (both in Å)."
        )
    if diameter_A / size_A < REFUSED_BELOW_PX or max(shape) > LARGEST_SIDE_PX:
        raise BadInput(
            f"{path}: a particle of {diameter_A:g} Å spans {diameter_A / size_A:.2g} pixels of "
            f"{size_A:g} Å, too few to be judged. Check the pixel size and the diameter (both in "
            "Å)."
        )
    return shape
