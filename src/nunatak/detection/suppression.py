"""Greedy non-maximum suppression with an exact radius."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

FloatArray = NDArray[np.float64]


def suppress(
    x_px: FloatArray, y_px: FloatArray, score: FloatArray, radius_px: float
) -> NDArray[np.intp]:
    """Keep the best candidates of which no two are closer than a radius.

    The result is that of going through the candidates from the highest score down and taking
    each that is at least ``radius_px`` away from all taken before it. Equal scores are taken
    by smaller y, then smaller x, so that the order of the input does not matter.

    Parameters
    ----------
    x_px, y_px : ndarray, shape (n,), float64
        Positions, pixels, in any frame with square pixels.
    score : ndarray, shape (n,), float64
        Higher is better.
    radius_px
        Smallest distance between two that are kept.

    Returns
    -------
    ndarray, shape (m,), intp
        Indices of the kept candidates, best first.

    Examples
    --------
    >>> x = np.array([0.0, 3.0, 6.0])
    >>> suppress(x, np.zeros(3), np.array([0.5, 0.9, 0.4]), radius_px=4.0).tolist()
    [1]
    >>> suppress(x, np.zeros(3), np.array([0.9, 0.5, 0.4]), radius_px=4.0).tolist()
    [0, 2]
    """
    order = np.lexsort((x_px, y_px, -score))
    points = np.column_stack([x_px[order], y_px[order]])
    better, worse = _close_pairs(points, radius_px)
    starts = np.searchsorted(better, np.arange(len(order) + 1))
    kept = np.ones(len(order), dtype=bool)
    for index in np.unique(better):
        if kept[index]:
            kept[worse[starts[index] : starts[index + 1]]] = False
    return order[kept]


def _close_pairs(points: FloatArray, radius_px: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs (lower index, higher index) closer than the radius, sorted by the lower one."""
    if len(points) < 2 or radius_px <= 0.0:
        none = np.empty(0, dtype=np.intp)
        return none, none
    # The tree's own comparison is inclusive and rounds differently: ask wider, compare here.
    pairs = KDTree(points).query_pairs(radius_px * (1.0 + 1e-9), output_type="ndarray")
    difference = points[pairs[:, 0]] - points[pairs[:, 1]]
    pairs = pairs[(difference**2).sum(axis=1) < radius_px**2]
    pairs = pairs[np.argsort(pairs.min(axis=1))]
    return pairs.min(axis=1), pairs.max(axis=1)
