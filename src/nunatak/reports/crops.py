"""Pictures for a report: small ones of single picks, larger ones of whole micrographs."""

import base64
import io
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from nunatak.images.resample import resample

CROP_PX = 64
"""Side of a pick's picture."""

CROP_DIAMETERS = 1.5
"""Side of a pick's picture in particle diameters."""

OVERVIEW_PX = 1000
"""Longer side of the picture of a micrograph or a slab."""

SMOOTHING_DIAMETERS = 0.035
"""Standard deviation of the low-pass filter in particle diameters: noise goes, shapes stay."""

CUT_PERCENT = 0.5
"""Of an overview's darkest and of its brightest pixels, which may be cut off."""

_OVERVIEW_QUALITY = 80


class Plane(Protocol):
    """An image of which a part can be cut out: an array, or something that reads the part."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(ny, nx)``."""

    def __getitem__(self, part: tuple[slice, slice], /) -> NDArray[np.generic]:
        """Return the part, real."""


def crop(pixels: Plane, x_px: float, y_px: float, side_px: int) -> NDArray[np.float32]:
    """Cut a square around a position.

    Parameters
    ----------
    pixels : ndarray or Plane, shape (ny, nx), real
    x_px, y_px
        Centre, rounded to whole pixels; may lie near or beyond the border.
    side_px
        Side of the square, pixels.

    Returns
    -------
    ndarray, shape (side_px, side_px), float32
        Where the square leaves the image, the median of the part inside.
    """
    top, left = round(y_px) - side_px // 2, round(x_px) - side_px // 2
    ny, nx = pixels.shape
    rows = slice(min(max(top, 0), ny), min(max(top + side_px, 0), ny))
    columns = slice(min(max(left, 0), nx), min(max(left + side_px, 0), nx))
    inside = np.asarray(pixels[rows, columns], dtype=np.float32)
    result = np.full(
        (side_px, side_px), np.median(inside) if inside.size else 0.0, dtype=np.float32
    )
    result[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = inside
    return result


def pick_picture(
    pixels: Plane,
    x_px: float,
    y_px: float,
    *,
    diameter_px: float,
    smoothing: float = SMOOTHING_DIAMETERS,
) -> str:
    """Return a pick's surroundings as an image of 64 × 64 pixels in a data URI.

    Parameters
    ----------
    pixels : ndarray or Plane, shape (ny, nx), real
    x_px, y_px
        Position, pixels.
    diameter_px
        Particle diameter, pixels; the picture spans one and a half.
    smoothing
        Standard deviation of the low-pass filter, particle diameters.

    Returns
    -------
    str
        PNG; grey values from the 1st to the 99th percentile.
    """
    square = crop(pixels, x_px, y_px, max(round(CROP_DIAMETERS * diameter_px), 4))
    small = resample(square, (CROP_PX, CROP_PX))
    smooth = gaussian_filter(small, sigma=smoothing * CROP_PX / CROP_DIAMETERS)
    return _data_uri(_stretched(smooth, 1.0, 99.0), "PNG")


def overview_picture(
    pixels: NDArray[np.generic],
    *,
    diameter_px: float,
    smoothing: float = SMOOTHING_DIAMETERS,
    cut_percent: float = CUT_PERCENT,
) -> str:
    """Return a whole micrograph or slab, reduced to about 1000 pixels, in a data URI.

    Parameters
    ----------
    pixels : ndarray, shape (ny, nx), real
    diameter_px
        Particle diameter, pixels of ``pixels``.
    smoothing
        Standard deviation of the low-pass filter, particle diameters.
    cut_percent
        Of the darkest and of the brightest pixels that may be cut off, so that neither gold nor
        a dead pixel takes the contrast.

    Returns
    -------
    str
        JPEG.
    """
    ny, nx = pixels.shape
    factor = min(1.0, OVERVIEW_PX / max(ny, nx))
    small = resample(pixels, (max(round(ny * factor), 1), max(round(nx * factor), 1)))
    smooth = gaussian_filter(small, sigma=max(0.7, smoothing * diameter_px * factor))
    grey = _stretched(smooth, cut_percent, 100.0 - cut_percent)
    return _data_uri(grey, "JPEG", quality=_OVERVIEW_QUALITY)


def _stretched(
    image: NDArray[np.float32], low_percent: float, high_percent: float
) -> NDArray[np.uint8]:
    low, high = np.percentile(image, [low_percent, high_percent])
    if high <= low:
        return np.full(image.shape, 128, dtype=np.uint8)
    grey: NDArray[np.uint8] = np.clip(256 * (image - low) / (high - low), 0, 255).astype(np.uint8)
    return grey


def _data_uri(grey: NDArray[np.uint8], kind: str, quality: int | None = None) -> str:
    buffer = io.BytesIO()
    options = {"optimize": True} if quality is None else {"quality": quality}
    Image.fromarray(grey).save(buffer, format=kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
