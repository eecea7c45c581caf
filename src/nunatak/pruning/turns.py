"""Match what is equal one by one, so that no two mean the same."""

import numpy as np
from numpy.typing import NDArray


def in_turn(known: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a row of the known ones for each of the asked ones, equal ones in turn.

    Parameters
    ----------
    known : ndarray, shape (n,), int64
        Number of the group that each row is of: each number from 0 to the highest occurs.
    asked : ndarray, shape (m,), int64
        Groups that are asked for.

    Returns
    -------
    ndarray, shape (m,), int64
        The first row of the group for the first that asks for it, the second for the second; and
        from the beginning again where more ask than there are rows.

    Examples
    --------
    >>> in_turn(np.array([0, 1, 1]), np.array([1, 1, 0, 0, 1]))
    array([1, 2, 0, 0, 1])
    """
    size = np.bincount(known)
    start = np.cumsum(size) - size
    turn = _occurrence(asked) % size[asked]
    return np.asarray(np.argsort(known, kind="stable")[start[asked] + turn], dtype=np.int64)


def _occurrence(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count how often each value has occurred before."""
    order = np.argsort(values, kind="stable")
    size = np.bincount(values)
    before = np.cumsum(size) - size
    count = np.empty(len(values), dtype=np.int64)
    count[order] = np.arange(len(values)) - before[values[order]]
    return count
