"""Single pixels that a detector's defect or an X-ray has made far too bright or too dark."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from nunatak.images.source import Pixels

REACH_PX = 2
"""A hot pixel is compared with the square of so many pixels to each side."""

EXTREME_SIGMA = 6.0
"""A hot pixel is so many standard deviations from the median of the image and from that of the
square around it; of 10⁹ pixels of Gaussian noise, two are."""

MOST_HOT = 0.01
"""Fraction of hot pixels above which they are no defects, but what this image is like."""

_SAMPLES_A_SIDE = 200
_ROWS_AT_A_TIME = 256
_MAD_TO_SIGMA = 1.4826


class _Hot(NamedTuple):
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    around: NDArray[np.float64]


class _Range(NamedTuple):
    low: float
    high: float
    reach: float


def repair_hot_pixels(pixels: Pixels) -> tuple[Pixels, int]:
    """Replace extreme single pixels, and rows or columns of them, by the median around them.

    Resampling spreads such a pixel over several, which look like a small particle of the highest
    contrast and outweigh the faint ones. Extreme areas, such as gold or a blank frame, are left
    as they are: a pixel is hot only if most of those around it are ordinary.

    Parameters
    ----------
    pixels : ndarray, shape (ny, nx), real
        The image; never changed in place.

    Returns
    -------
    pixels : ndarray, shape (ny, nx)
        The same array where nothing is hot, a repaired copy otherwise.
    count : int
        Number of pixels that were replaced.
    """
    ordinary = _ordinary(pixels)
    if ordinary is None:
        return pixels, 0
    found, count = [], 0
    for hot in _hot_pixels(pixels, ordinary):
        found.append(hot)
        count += len(hot.rows)
        if count > MOST_HOT * pixels.size:
            return pixels, 0
    if count == 0:
        return pixels, 0
    repaired = pixels.copy()
    for hot in found:
        repaired[hot.rows, hot.columns] = hot.around.astype(pixels.dtype)
    return repaired, count


def _ordinary(pixels: Pixels) -> _Range | None:
    """Return the range of ordinary values; None where most pixels hold one value."""
    step_y, step_x = (max(1, side // _SAMPLES_A_SIDE) for side in pixels.shape)
    sample = pixels[::step_y, ::step_x].astype(np.float64)
    centre = float(np.median(sample))
    off = np.abs(sample - centre)
    sigma = _MAD_TO_SIGMA * float(np.median(off))
    if sigma == 0:
        return None
    # The median deviation of small counts is a whole number, and may be much too small.
    sigma = max(sigma, float(np.sqrt(np.mean(np.square(off[off <= EXTREME_SIGMA * sigma])))))
    reach = EXTREME_SIGMA * sigma
    return _Range(centre - reach, centre + reach, reach)


def _hot_pixels(pixels: Pixels, ordinary: _Range) -> Iterator[_Hot]:
    """Yield the hot pixels of some rows at a time: boolean images of all would fill the memory."""
    for first in range(0, len(pixels), _ROWS_AT_A_TIME):
        last = min(first + _ROWS_AT_A_TIME, len(pixels))
        start, stop = max(0, first - REACH_PX), min(len(pixels), last + REACH_PX)
        band = pixels[start:stop]
        if band.min() >= ordinary.low and band.max() <= ordinary.high:
            continue
        extreme = np.less(band, ordinary.low) | np.greater(band, ordinary.high)
        share = uniform_filter(extreme.astype(np.float32), 2 * REACH_PX + 1, mode="nearest")
        single = (extreme & (share < 0.5))[first - start : last - start]
        rows, columns = np.nonzero(single)
        if not len(rows):
            continue
        rows += first
        around = _medians_around(pixels, rows, columns)
        hot = np.abs(pixels[rows, columns].astype(np.float64) - around) > ordinary.reach
        yield _Hot(rows[hot], columns[hot], around[hot])


def _medians_around(
    pixels: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Median over the square around each pixel; beyond the edge the edge is repeated."""
    offsets = np.arange(-REACH_PX, REACH_PX + 1)
    y = np.clip(rows[:, None] + offsets, 0, pixels.shape[0] - 1)
    x = np.clip(columns[:, None] + offsets, 0, pixels.shape[1] - 1)
    squares = pixels[y[:, :, None], x[:, None, :]].astype(np.float64)
    median: NDArray[np.float64] = np.median(squares, axis=(1, 2))
    return median
