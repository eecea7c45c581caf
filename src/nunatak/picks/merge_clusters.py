"""Find which picks of several sets stand for one particle."""

from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree


def clusters(points_px: ArrayLike, set_number: ArrayLike, radius_px: float) -> NDArray[np.int64]:
    """Join picks of different sets, nearest pairs first, into clusters of one pick a set.

    Two clusters become one if no set has a pick in both and no two of their picks are further
    apart than the radius. A chain of picks, each near the next, therefore never joins two
    particles, and between any two sets the picks are matched one to one.

    Parameters
    ----------
    points_px
        Positions ``(x, y[, z])`` in one image, shape ``(n, ndim)``, pixels.
    set_number
        The set that each pick comes from, shape ``(n,)``, integers.
    radius_px
        Greatest distance between two picks of one particle (inclusive), pixels.

    Returns
    -------
    ndarray of int64, shape (n,)
        Cluster of each pick: 0, 1, ... in the order of their first picks. The order of the sets
        has no influence, unless two pairs are equally far apart.

    Notes
    -----
    Pairs are not chosen to be as many as possible, as `nunatak.picks.matching` does to judge
    picks: that gives up a close pair where two wide ones can be made of it.

    Examples
    --------
    Two particles 12 px apart, and a third set whose pick lies between them:

    >>> clusters([[0, 0], [12, 0], [1, 0], [11, 0], [5, 0]], [0, 0, 1, 1, 2], 5).tolist()
    [0, 1, 0, 1, 0]
    """
    points, number = np.asarray(points_px, dtype=np.float64), np.asarray(set_number).tolist()
    members = [[row] for row in range(len(points))]
    for first, second in (pairs := _near_pairs(points, np.asarray(set_number), radius_px)):
        one, other = members[first], members[second]
        if one is other or {number[row] for row in one} & {number[row] for row in other}:
            continue
        if all((min(pair), max(pair)) in pairs for pair in product(one, other)):
            one += other
            for row in other:
                members[row] = one
    first_of = np.array([min(rows) for rows in members], dtype=np.int64)
    return np.unique(first_of, return_inverse=True)[1].astype(np.int64)


def _near_pairs(
    points: NDArray[np.float64], number: NDArray[np.int64], radius_px: float
) -> dict[tuple[int, int], None]:
    """Return the pairs of rows (lower first) of different sets within the radius, nearest first."""
    if not len(points):
        return {}
    pairs = KDTree(points).query_pairs(radius_px, output_type="ndarray")
    pairs = pairs[number[pairs[:, 0]] != number[pairs[:, 1]]]
    distance = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0], distance))]
    return dict.fromkeys((first, second) for first, second in pairs.tolist())
