"""Which candidates people have had their say about, so that correcting them teaches no more."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.workspace.marks import Labels
from nunatak.workspace.project import ParticleClass
from nunatak.workspace.regions import inside


def settled(
    labels: Labels,
    positions_px: NDArray[np.float64],
    classes: Iterable[ParticleClass],
    pixel_size_A: float,
) -> NDArray[np.bool_]:
    """Tell which candidates lie within a particle's radius of a label, or in a region.

    Excluded regions hold nothing to learn, and in complete ones everything is labelled.

    Parameters
    ----------
    labels
        Of the image.
    positions_px : ndarray, shape (n, 2) or (n, 3), float64, pixels
        Of the candidates.
    classes
        Of the project; the largest tells the radius.
    pixel_size_A
        Of the image.

    Returns
    -------
    ndarray, shape (n,), bool
    """
    known = inside(labels.regions, positions_px)
    diameter_A = max((one.diameter_A or 0.0 for one in classes), default=0.0)
    if labels.points and len(positions_px):
        places = np.array([(one.x, one.y, one.z or 0.0) for one in labels.points])
        tree = KDTree(places[:, : positions_px.shape[1]])
        known |= tree.query(positions_px)[0] <= diameter_A / 2 / pixel_size_A
    return known
