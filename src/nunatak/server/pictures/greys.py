"""Pixel values as 8 bits of grey."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nunatak.images.file_part import Part
from nunatak.images.source import Pixels

Greys = NDArray[np.uint8]


class GreyArray(Protocol):
    """Greys in memory or in a file, of which parts are taken."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an ndarray."""
        ...

    def __getitem__(self, part: Part, /) -> Greys:
        """Return a part, inside the array: a slice with start and stop for each axis."""
        ...


USUAL_LOW = 64.0
USUAL_HIGH = 191.0
"""Greys at which nearly all pixels begin and end; beyond them is room to widen the contrast."""

SHARE_LEFT_OUT = 1.0
"""Per cent of the pixels that are darker than the usual contrast shows, and as many lighter."""

_LARGEST = 1e37
_SMALLEST_WIDTH = 1e-30
_ROUNDING = 1e-6  # of a number with 24 bits, with some margin
_DISPLAY_MARGIN = 0.25
_ROWS_AT_A_TIME = 256


@dataclass(frozen=True)
class GreyRange:
    """Pixel values that the greys 0 and 255 stand for."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The value that is mid grey."""
        return (self.low + self.high) / 2

    def for_display(self) -> "GreyRange":
        """Return the range of a picture whose contrast nobody changes any more.

        The darkest and lightest hundredths of an image are the particles: they keep some room.
        """
        usual = (USUAL_HIGH - USUAL_LOW) / 255 * (self.high - self.low)
        half = usual / 2 * (1 + _DISPLAY_MARGIN)
        return GreyRange(self.middle - half, self.middle + half)


def settle_range(sample: Pixels) -> GreyRange:
    """Choose the pixel values that become 0 and 255.

    Parameters
    ----------
    sample : ndarray, real
        Pixels of the image; NaN and infinite ones are not looked at.

    Returns
    -------
    GreyRange
        Twice as wide as what nearly all pixels lie in, which is from `USUAL_LOW` to
        `USUAL_HIGH`. A constant image becomes mid grey.
    """
    values = np.asarray(sample, dtype=np.float64).ravel()
    values = values[np.isfinite(values)].clip(-_LARGEST, _LARGEST)
    if not len(values):
        return GreyRange(-0.5, 0.5)
    low, high = np.percentile(values, [SHARE_LEFT_OUT, 100 - SHARE_LEFT_OUT]).tolist()
    if high - low < _SMALLEST_WIDTH:
        low, high = float(values.min()), float(values.max())
    if high - low < max(_SMALLEST_WIDTH, _ROUNDING * abs(high)):
        half = max(0.5, 10 * _ROUNDING * abs(high))
        return GreyRange(low - half, low + half)
    grey = (high - low) / (USUAL_HIGH - USUAL_LOW)
    return GreyRange(low - USUAL_LOW * grey, low + (255 - USUAL_LOW) * grey)


def to_greys(pixels: Pixels, between: GreyRange) -> Greys:
    """Turn pixel values into greys.

    Parameters
    ----------
    pixels : ndarray, shape (ny, nx), real
        NaN become mid grey.
    between
        Values that become 0 and 255; those beyond are cut off.

    Returns
    -------
    ndarray, shape (ny, nx), uint8
    """
    greys = np.empty(pixels.shape, dtype=np.uint8)
    scale = 255 / (between.high - between.low)
    # Some rows at a time stay in the processor's cache.
    for first in range(0, len(pixels), _ROWS_AT_A_TIME):
        rows = as_clipped(pixels[first : first + _ROWS_AT_A_TIME], between)
        rows -= np.float32(between.low)
        rows *= np.float32(scale)
        # Rounding may leave the range by a hair.
        greys[first : first + _ROWS_AT_A_TIME] = np.rint(rows, out=rows).clip(0, 255, out=rows)
    return greys


def as_clipped(pixels: Pixels, between: GreyRange) -> NDArray[np.float32]:
    """Copy pixels as float32, cut off at a range, so that one hot pixel spoils no mean.

    Returns
    -------
    ndarray, shape of ``pixels``, float32
        NaN are in the middle of the range.
    """
    bounds = np.float32(between.low), np.float32(between.high)
    with np.errstate(over="ignore"):
        values = np.array(pixels, dtype=np.float32)
    values.clip(*bounds, out=values)
    if pixels.dtype.kind == "f" and np.isnan(np.sum(values)):
        np.nan_to_num(values, copy=False, nan=between.middle)
    return values


def to_values(greys: Pixels, between: GreyRange) -> NDArray[np.float32]:
    """Return the pixel values that greys stand for, as float32."""
    values = np.asarray(greys, dtype=np.float32) * np.float32((between.high - between.low) / 255)
    values += np.float32(between.low)
    return values
