"""Which share of an image's places is positive: the class prior of patch classifiers."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput


def disc_offsets(radius_px: float) -> NDArray[np.int64]:
    """Whole-pixel offsets (y, x) within a radius, inclusive, shape (k, 2).

    Examples
    --------
    >>> len(disc_offsets(3))
    29
    """
    reach = math.floor(radius_px)
    step = np.arange(-reach, reach + 1)
    y, x = (grid.ravel() for grid in np.meshgrid(step, step, indexing="ij"))
    inside = x**2 + y**2 <= radius_px**2
    return np.column_stack([y[inside], x[inside]]).astype(np.int64)


@dataclass(frozen=True)
class RegionShares:
    """Shares of places that are positive, as Topaz counts them.

    `nunatak.objectives.priors.published_prior` chooses from them what an objective takes.

    Attributes
    ----------
    positive : float
        π: of all places.
    labelled : float
        p_obs: of all places, close to a label.
    """

    positive: float
    labelled: float


def region_shares(
    *, expected_particles: float, n_labels: int, n_images: int, n_pixels: int, radius_px: float
) -> RegionShares:
    """Turn an expected number of particles into shares of places.

    Parameters
    ----------
    expected_particles
        In one image.
    n_labels
        In all images.
    n_images, n_pixels
        Number of images, and of the pixels of all of them.
    radius_px
        Of a positive region; overlaps are counted twice, as published.

    Raises
    ------
    BadInput
        If the particles would cover every place.
    """
    area = len(disc_offsets(radius_px))
    positive = area * expected_particles * n_images / n_pixels
    labelled = area * n_labels / n_pixels
    if positive >= 1.0:
        raise BadInput(
            f"{expected_particles:g} particles an image would cover every pixel of it. Check the "
            "expected number of particles and the radius of the positive regions."
        )
    return RegionShares(positive, labelled)
