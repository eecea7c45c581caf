"""Single pixels that a detector's defect or an X-ray has made far too bright or too dark."""

import numpy as np
from numpy.typing import NDArray

from nunatak.images.source import Pixels

EXTREME_SIGMA = 6.0
"""So many standard deviations from its surroundings, a pixel is no electron count: of 10⁸ pixels
of Gaussian noise none gets there."""

MOST_HOT = 0.01
"""Fraction of extreme pixels above which they are matter, such as gold or carbon, or their edge."""

_SAMPLES_A_SIDE = 200
_REACH_PX = 2
_MAD_TO_SIGMA = 1.4826


def repair_hot_pixels(pixels: Pixels) -> tuple[Pixels, int]:
    """Replace extreme single pixels, and rows or columns of them, by the median around them.

    Resampling spreads such a pixel over several, which look like a small particle of the highest
    contrast and outweigh the faint ones. Larger extreme areas, such as gold, are left as they are.

    Parameters
    ----------
    pixels : ndarray, shape (ny, nx), real
        The image; never changed in place.

    Returns
    -------
    pixels : ndarray, shape (ny, nx)
        The same array where nothing is extreme, a repaired copy otherwise.
    count : int
        Number of pixels that were replaced.
    """
    limits = _limits(pixels)
    if limits is None:
        return pixels, 0
    low, high, reach = limits
    if pixels.min() >= low and pixels.max() <= high:
        return pixels, 0
    rows, columns = np.nonzero(np.less(pixels, low) | np.greater(pixels, high))
    if len(rows) > MOST_HOT * pixels.size:
        return pixels, 0
    around = _medians_around(pixels, rows, columns)
    hot = np.abs(pixels[rows, columns].astype(np.float64) - around) > reach
    if not hot.any():
        return pixels, 0
    repaired = pixels.copy()
    repaired[rows[hot], columns[hot]] = around[hot].astype(pixels.dtype)
    return repaired, int(np.count_nonzero(hot))


def _limits(pixels: Pixels) -> tuple[float, float, float] | None:
    """Return the least and the greatest ordinary value, and how far they are from the median.

    None where most pixels hold one value, so that nobody can tell what is ordinary.
    """
    step_y, step_x = (max(1, side // _SAMPLES_A_SIDE) for side in pixels.shape)
    sample = pixels[::step_y, ::step_x].astype(np.float64)
    centre = float(np.median(sample))
    reach = EXTREME_SIGMA * _MAD_TO_SIGMA * float(np.median(np.abs(sample - centre)))
    return (centre - reach, centre + reach, reach) if reach > 0 else None


def _medians_around(
    pixels: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Median over the square around each pixel; beyond the edge the edge is repeated."""
    offsets = np.arange(-_REACH_PX, _REACH_PX + 1)
    y = np.clip(rows[:, None] + offsets, 0, pixels.shape[0] - 1)
    x = np.clip(columns[:, None] + offsets, 0, pixels.shape[1] - 1)
    squares = pixels[y[:, :, None], x[:, None, :]].astype(np.float64)
    median: NDArray[np.float64] = np.median(squares, axis=(1, 2))
    return median
