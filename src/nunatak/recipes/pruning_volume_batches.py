"""Vary slabs of simulated picks as other tomograms would have varied them."""

import numpy as np
import torch
from numpy.typing import NDArray

from nunatak.pruning.volumes.slab_spec import PLANES
from nunatak.pruning.volumes.slab_views import VIEWS, slab_view

GAIN, OFFSET = 0.1, 0.1
"""Spread of the factor on a channel's grey values (in its logarithm), and of what is added."""


def augmented_slabs(
    slabs: NDArray[np.float32], context_dropout: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Mirror the tomogram of each pick (eight ways), vary its grey scale, blank surroundings.

    Slabs are never turned: the missing wedge would turn with them.

    Parameters
    ----------
    slabs : ndarray, shape (n, 6, side, side), float32
        See `nunatak.pruning.volumes.slabs.cut_slabs`.
    context_dropout
        Share of the picks whose surroundings are blanked.
    rng
        Source of randomness.

    Returns
    -------
    ndarray, same shape
    """
    index = rng.integers(len(VIEWS), size=len(slabs))
    result = np.empty_like(slabs)
    for number in range(len(VIEWS)):
        result[index == number] = slab_view(torch.from_numpy(slabs[index == number]), number)
    shape = (*slabs.shape[:2], 1, 1)
    result *= np.exp(rng.normal(0.0, GAIN, shape)).astype(np.float32)
    result += rng.normal(0.0, OFFSET, shape).astype(np.float32)
    result[rng.random(len(slabs)) < context_dropout, len(PLANES) :] = 0.0
    return result
