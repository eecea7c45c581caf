"""Coordinate frames: the only place where a convention is converted.

Inside nunatak a position is float64, in pixels of the stored source image; 0 is the centre of
the first pixel, x runs along the fastest axis, y along the rows as stored. Arrays are indexed
``[y, x]``; points are ``(x, y)``. Every function here works on one axis at a time or states
its axis, so that no caller has to think about order.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


class Orientation(StrEnum):
    """How the axes of a foreign frame relate to the stored image."""

    IDENTITY = "identity"
    FLIP_Y = "flip-y"
    FLIP_X = "flip-x"
    ROTATE_180 = "rotate-180"
    TRANSPOSE = "transpose"


def resampled_to_source(position_px: ArrayLike, ratio: float) -> FloatArray:
    """Map positions in a resampled image to the source image (half-pixel rule).

    Resampling by interpolation or area averaging keeps the outer edges of the image in place,
    so that pixel *centres* move: ``x_source = (x_resampled + 1/2) ratio - 1/2``.

    Parameters
    ----------
    position_px
        Positions along one axis, resampled pixels, 0 = centre of the first pixel.
    ratio
        Source size divided by resampled size along that axis (exact, never truncated).

    Returns
    -------
    ndarray, float64
        Positions in source pixels.

    Examples
    --------
    >>> float(resampled_to_source(0.0, ratio=4.0))
    1.5
    """
    return (np.asarray(position_px, dtype=np.float64) + 0.5) * ratio - 0.5


def source_to_resampled(position_px: ArrayLike, ratio: float) -> FloatArray:
    """Map positions in the source image to a resampled image (inverse half-pixel rule).

    See `resampled_to_source` for the parameters.
    """
    return (np.asarray(position_px, dtype=np.float64) + 0.5) / ratio - 0.5


def decimated_to_source(position_px: ArrayLike, ratio: float) -> FloatArray:
    """Map positions in a Fourier-cropped or strided image to the source image.

    Both methods keep the centre of the first pixel in place: ``x_source = x_binned ratio``.
    See `resampled_to_source` for the parameters.
    """
    return np.asarray(position_px, dtype=np.float64) * ratio


def source_to_decimated(position_px: ArrayLike, ratio: float) -> FloatArray:
    """Map positions in the source image to a Fourier-cropped or strided image.

    Inverse of `decimated_to_source`; see `resampled_to_source` for the parameters.
    """
    return np.asarray(position_px, dtype=np.float64) / ratio


def strided_to_source(position_px: ArrayLike, stride: float, first_centre_px: float) -> FloatArray:
    """Map positions in a network's output to its input image.

    Parameters
    ----------
    position_px
        Positions along one axis, output pixels, 0 = centre of the first pixel.
    stride
        Input pixels an output pixel.
    first_centre_px
        Input position of the first output pixel's centre: ``(stride - 1) / 2`` where the network
        keeps the outer edges of the image in place, 0 where it keeps the first pixel's centre.

    Examples
    --------
    >>> strided_to_source([0, 1], stride=2, first_centre_px=0.5).tolist()
    [0.5, 2.5]
    """
    return np.asarray(position_px, dtype=np.float64) * stride + first_centre_px


def flipped(position_px: ArrayLike, size_px: int) -> FloatArray:
    """Mirror positions along an axis of ``size_px`` pixels: ``x -> size - 1 - x``."""
    return (size_px - 1) - np.asarray(position_px, dtype=np.float64)


def corner_to_centre(corner_px: ArrayLike, box_px: ArrayLike) -> FloatArray:
    """Centre of an integer box from its corner: ``corner + box // 2`` (RELION's rule)."""
    return np.asarray(corner_px, dtype=np.float64) + np.asarray(box_px, dtype=np.float64) // 2


def centre_to_corner(centre_px: ArrayLike, box_px: ArrayLike) -> FloatArray:
    """Corner of an integer box from its centre: ``centre - box // 2``."""
    return np.asarray(centre_px, dtype=np.float64) - np.asarray(box_px, dtype=np.float64) // 2


def float_corner_to_centre(corner_px: ArrayLike, box_px: ArrayLike) -> FloatArray:
    """Centre of a box with a fractional corner: ``corner + box / 2`` (crYOLO's rule)."""
    return np.asarray(corner_px, dtype=np.float64) + np.asarray(box_px, dtype=np.float64) / 2


def centre_to_float_corner(centre_px: ArrayLike, box_px: ArrayLike) -> FloatArray:
    """Fractional corner of a box from its centre: ``centre - box / 2``."""
    return np.asarray(centre_px, dtype=np.float64) - np.asarray(box_px, dtype=np.float64) / 2


def fraction_to_position(fraction: ArrayLike, size_px: ArrayLike) -> FloatArray:
    """Position in pixels from a fraction of the image's size: ``fraction * size``.

    CryoSPARC's rule, as pyem reads it: no half pixel anywhere.
    """
    return np.asarray(fraction, dtype=np.float64) * np.asarray(size_px, dtype=np.float64)


def position_to_fraction(position_px: ArrayLike, size_px: ArrayLike) -> FloatArray:
    """Fraction of the image's size from a position in pixels: ``position / size``."""
    return np.asarray(position_px, dtype=np.float64) / np.asarray(size_px, dtype=np.float64)


@dataclass(frozen=True)
class Scale:
    """Exact size ratio between a source image and its resampled version.

    Attributes
    ----------
    source_shape, resampled_shape : tuple of int
        ``(ny, nx)`` in pixels.
    """

    source_shape: tuple[int, int]
    resampled_shape: tuple[int, int]

    @property
    def ratio_y(self) -> float:
        """Source rows per resampled row."""
        return self.source_shape[0] / self.resampled_shape[0]

    @property
    def ratio_x(self) -> float:
        """Source columns per resampled column."""
        return self.source_shape[1] / self.resampled_shape[1]


def oriented(
    x_px: ArrayLike, y_px: ArrayLike, shape: tuple[int, int], orientation: Orientation
) -> tuple[FloatArray, FloatArray]:
    """Apply an orientation to points of an image.

    Every orientation here is its own inverse, so that the same call converts in and out.

    Parameters
    ----------
    x_px, y_px
        Points in pixels, 0 = centre of the first pixel.
    shape
        ``(ny, nx)`` of the stored image, in which the *returned* points lie. For `TRANSPOSE`
        the given points lie in an image of shape ``(nx, ny)``.
    orientation
        How the given frame relates to the stored image.

    Returns
    -------
    x_px, y_px : ndarray, float64
        Points in the stored image.
    """
    x = np.asarray(x_px, dtype=np.float64)
    y = np.asarray(y_px, dtype=np.float64)
    ny, nx = shape
    match orientation:
        case Orientation.IDENTITY:
            return x, y
        case Orientation.FLIP_Y:
            return x, flipped(y, ny)
        case Orientation.FLIP_X:
            return flipped(x, nx), y
        case Orientation.ROTATE_180:
            return flipped(x, nx), flipped(y, ny)
        case Orientation.TRANSPOSE:
            return y, x


def oriented_fractions(
    x_fraction: ArrayLike, y_fraction: ArrayLike, orientation: Orientation
) -> tuple[FloatArray, FloatArray]:
    """Apply an orientation to points given as fractions of the image's size.

    An axis is mirrored by ``fraction -> 1 - fraction``, as pyem does for CryoSPARC; in pixels
    this lies one pixel beyond `flipped`. Every orientation is its own inverse.

    Parameters
    ----------
    x_fraction, y_fraction
        Points as fractions of the width and the height.
    orientation
        How the given frame relates to the stored image.

    Returns
    -------
    x_fraction, y_fraction : ndarray, float64
        Points as fractions of the stored image.

    Examples
    --------
    >>> x, y = oriented_fractions(0.25, 0.1, Orientation.FLIP_Y)
    >>> float(x), float(y)
    (0.25, 0.9)
    """
    x = np.asarray(x_fraction, dtype=np.float64)
    y = np.asarray(y_fraction, dtype=np.float64)
    if orientation is Orientation.TRANSPOSE:
        return y, x
    mirrors_x = orientation in (Orientation.FLIP_X, Orientation.ROTATE_180)
    mirrors_y = orientation in (Orientation.FLIP_Y, Orientation.ROTATE_180)
    return (1 - x if mirrors_x else x), (1 - y if mirrors_y else y)
