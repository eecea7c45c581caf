"""Half as many pixels along each axis, by means of two by two."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]


def halved(values: Values, stored: tuple[int, int], scale: int) -> Values:
    """Halve a level of an image.

    Parameters
    ----------
    values : ndarray, shape (ny, nx), float32
        Means of ``scale`` by ``scale`` stored pixels; those at the end of an axis are means of
        fewer, where the image ends within them.
    stored
        ``(height, width)`` of the stored image, pixels.
    scale
        Stored pixels along one pixel of ``values``.

    Returns
    -------
    ndarray, shape (ceil(ny / 2), ceil(nx / 2)), float32
        Exact means of the stored pixels.
    """
    rows = _halved_along(0, values, last_share(stored[0], scale))
    return _halved_along(1, rows, last_share(stored[1], scale))


def last_share(side: int, scale: int) -> float:
    """Return how much of its last pixel's extent an image fills, along one axis, 0 to 1."""
    return side / scale - (ceil(side / scale) - 1)


def _halved_along(axis: int, values: Values, share: float) -> Values:
    shape = [ceil(side / 2) if axis == index else side for index, side in enumerate(values.shape)]
    result = np.empty(shape, dtype=np.float32)
    # Views that have the axis first; the memory stays in its order.
    old, new = np.moveaxis(values, axis, 0), np.moveaxis(result, axis, 0)
    pairs = len(old) // 2
    np.add(old[0 : 2 * pairs : 2], old[1 : 2 * pairs : 2], out=new[:pairs])
    new[:pairs] *= np.float32(0.5)
    if len(old) % 2:
        new[-1] = old[-1]
    elif share < 1.0:
        new[-1] = (old[-2] + np.float32(share) * old[-1]) / np.float32(1 + share)
    return result


def block_means(values: Values, factor: int) -> Values:
    """Return the means of ``factor`` by ``factor`` pixels, of fewer at the ends of the axes.

    Parameters
    ----------
    values : ndarray, shape (ny, nx), float32
    factor
        1 or more.

    Returns
    -------
    ndarray, shape (ceil(ny / factor), ceil(nx / factor)), float32
        What halving gives, in one step.
    """
    if factor == 1:
        return values
    ny, nx = values.shape
    y, x = np.arange(0, ny, factor), np.arange(0, nx, factor)
    sums = np.add.reduceat(np.add.reduceat(values, y, axis=0), x, axis=1)
    counts = np.outer(np.diff(y, append=ny), np.diff(x, append=nx))
    means: Values = (sums / counts).astype(np.float32)
    return means
