"""Peaks of a score map, located below the pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_EIGHT = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True)
class Peaks:
    """Peaks of one map.

    Attributes
    ----------
    x, y : ndarray, shape (n,), float64
        Positions in pixels of the map, 0 = centre of its first pixel.
    value : ndarray, shape (n,), float64
        The map at the peak's pixel.
    """

    x: FloatArray
    y: FloatArray
    value: FloatArray


def find_peaks(score_map: NDArray[np.float32], floor: float) -> Peaks:
    """Find the local maxima above a floor.

    A pixel is a maximum if no pixel of its 3 × 3 neighbourhood is higher. Maxima that touch
    have one value and are one peak, or none if any of them is the shoulder of a higher pixel. A
    maximum at the edge of the map is a peak.

    Parameters
    ----------
    score_map : ndarray, shape (ny, nx), float32
        Scores; any scale that grows with the score. A Gaussian peak is located exactly on the
        scale on which it is a parabola.
    floor
        Peaks must be above it.

    Returns
    -------
    Peaks
        In raster order of their pixels.
    """
    padded = np.pad(score_map, 1, constant_values=-np.inf)
    y, x = _summits(padded, floor)
    dy, dx = _offsets(padded, y, x)
    return Peaks(x + dx - 1.0, y + dy - 1.0, padded[y, x].astype(np.float64))


def _summits(padded: NDArray[np.float32], floor: float) -> tuple[IntArray, IntArray]:
    """Row and column of one pixel a peak: that nearest to the centre of its plateau."""
    top = ndimage.maximum_filter(padded, footprint=_EIGHT, mode="constant", cval=-np.inf)
    mask = (padded == top) & (padded > floor)
    y, x = np.nonzero(mask)
    labels, count = ndimage.label(mask, structure=_EIGHT)
    label = labels[y, x] - 1
    if count < len(y):
        # A shoulder has an equal neighbour that is no maximum, because it touches a higher one.
        outside = np.where(mask, -np.inf, padded)
        touches = _neighbourhoods(outside, y, x).max(axis=(1, 2)) == padded[y, x]
        shoulder = np.bincount(label, weights=touches, minlength=count) > 0
        size = np.bincount(label, minlength=count)
        centre_y = (np.bincount(label, weights=y, minlength=count) / size)[label]
        centre_x = (np.bincount(label, weights=x, minlength=count) / size)[label]
        order = np.lexsort(((y - centre_y) ** 2 + (x - centre_x) ** 2, label))
        first = order[np.searchsorted(label[order], np.flatnonzero(~shoulder))]
        first.sort()
        return y[first], x[first]
    return y, x


def _neighbourhoods(padded: NDArray[np.float32], y: IntArray, x: IntArray) -> NDArray[np.float32]:
    """3 × 3 pixels around each position, shape (n, 3, 3)."""
    step = np.arange(-1, 2)
    patch: NDArray[np.float32] = padded[y[:, None, None] + step[:, None], x[:, None, None] + step]
    return patch


def _offsets(
    padded: NDArray[np.float32], y: IntArray, x: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Displacement of the true maximum from its pixel.

    A paraboloid is fitted to the 3 × 3 neighbourhood by least squares. Where it has no maximum
    there, and at the edge of the map, each axis is fitted by itself.
    """
    patch = _neighbourhoods(padded, y, x).astype(np.float64)
    dy = _parabola_offset(patch[:, 0, 1], patch[:, 1, 1], patch[:, 2, 1])
    dx = _parabola_offset(patch[:, 1, 0], patch[:, 1, 1], patch[:, 1, 2])
    whole = np.isfinite(patch).all(axis=(1, 2))
    fitted_y, fitted_x = _paraboloid_offset(patch[whole])
    inside = (np.abs(fitted_y) <= 1.0) & (np.abs(fitted_x) <= 1.0)
    rows = np.flatnonzero(whole)[inside]
    dy[rows] = fitted_y[inside]
    dx[rows] = fitted_x[inside]
    return dy, dx


def _parabola_offset(before: FloatArray, centre: FloatArray, after: FloatArray) -> FloatArray:
    known = np.isfinite(before) & np.isfinite(after)
    before = np.where(known, before, centre)
    after = np.where(known, after, centre)
    curvature = 2.0 * centre - before - after
    with np.errstate(invalid="ignore", divide="ignore"):
        offset = 0.5 * (after - before) / curvature
    return np.where(curvature > 0.0, offset, 0.0)


def _paraboloid_offset(patch: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Maximum of ``a + b_y y + b_x x + c_yy y² + c_xx x² + c_xy x y``; NaN where there is none."""
    rows = patch.sum(axis=2)
    columns = patch.sum(axis=1)
    b_y = (rows[:, 2] - rows[:, 0]) / 6.0
    b_x = (columns[:, 2] - columns[:, 0]) / 6.0
    c_yy = (rows[:, 0] + rows[:, 2] - 2.0 * rows[:, 1]) / 6.0
    c_xx = (columns[:, 0] + columns[:, 2] - 2.0 * columns[:, 1]) / 6.0
    c_xy = (patch[:, 0, 0] + patch[:, 2, 2] - patch[:, 0, 2] - patch[:, 2, 0]) / 4.0
    determinant = 4.0 * c_yy * c_xx - c_xy**2
    with np.errstate(invalid="ignore", divide="ignore"):
        y = (c_xy * b_x - 2.0 * c_xx * b_y) / determinant
        x = (c_xy * b_y - 2.0 * c_yy * b_x) / determinant
    is_maximum = (determinant > 0.0) & (c_yy < 0.0)
    return np.where(is_maximum, y, np.nan), np.where(is_maximum, x, np.nan)
