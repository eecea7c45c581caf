"""Places close enough to a label to count as positive, for patch classifiers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.learning.region_shares import disc_offsets


def positive_places(
    shape: tuple[int, ...], centres_px: NDArray[np.float64], radius_px: float
) -> NDArray[np.int32]:
    """Count, for every pixel, the labels within a radius.

    Parameters
    ----------
    shape
        ``(ny, nx)`` of the image.
    centres_px : ndarray, shape (k, 2)
        Labels x, y, pixels; rounded to whole pixels.
    radius_px
        Inclusive.

    Returns
    -------
    ndarray, shape (ny, nx), int32
    """
    ny, nx = shape
    centres = np.rint(np.asarray(centres_px, dtype=np.float64).reshape(-1, 2)).astype(np.int64)
    discs = centres[:, None, ::-1] + disc_offsets(radius_px)[None]
    y, x = discs.reshape(-1, 2).T
    inside = (y >= 0) & (y < ny) & (x >= 0) & (x < nx)
    counts = np.zeros((ny, nx), dtype=np.int32)
    np.add.at(counts, (y[inside], x[inside]), 1)
    return counts


def listed_places(masks: Sequence[NDArray[np.int32]]) -> NDArray[np.int64]:
    """List the positive places of several images.

    Parameters
    ----------
    masks
        One an image, from `positive_places`.

    Returns
    -------
    ndarray, shape (n, 3), int64
        Rows image, y, x; a place in several discs is listed as often.
    """
    lists = [np.empty((0, 3), dtype=np.int64)]
    for number, mask in enumerate(masks):
        y, x = np.nonzero(mask)
        times = mask[y, x]
        lists.append(np.repeat(np.column_stack([np.full_like(y, number), y, x]), times, axis=0))
    return np.concatenate(lists)
