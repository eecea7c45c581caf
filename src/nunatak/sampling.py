"""Choose some of many that stand for all."""

import numpy as np


def evenly(count: int, most: int) -> list[int]:
    """Choose indices spread evenly over so many items, the first and the last included.

    Parameters
    ----------
    count
        Of the items; of none, none is chosen.
    most
        Of the indices. All items are chosen where they are no more.

    Returns
    -------
    list of int
        Rising, none twice.

    Examples
    --------
    >>> evenly(100, 5), evenly(3, 5), evenly(0, 5)
    ([0, 25, 50, 74, 99], [0, 1, 2], [])
    """
    chosen: list[int] = np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()
    return chosen
