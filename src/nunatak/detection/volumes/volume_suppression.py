"""Greedy non-maximum suppression of particles of several classes and sizes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.detection.volumes.volume_peaks import VolumeCandidates

SHARE = 2048
"""So many candidates are looked at together."""


def suppress_by_class(
    candidates: VolumeCandidates,
    radius_A: Sequence[float],
    *,
    voxel_size_A: float,
    cross_class: float = 0.0,
) -> VolumeCandidates:
    """Keep the best candidates of which no two are closer than their classes allow.

    The result is that of going through the candidates from the first (the best) down and
    taking each that is far enough from all taken before it.

    Parameters
    ----------
    candidates
        Best first, as `nunatak.detection.volumes.volume_peaks.find_volume_peaks` returns them.
    radius_A
        Smallest distance of two of one class, a number a class, Å: the particle's radius.
    voxel_size_A
        Of the scored volume, Å.
    cross_class
        Smallest distance of two of different classes, as a share of the larger one's radius.
        0 lets every class stand for itself.

    Returns
    -------
    VolumeCandidates
        Best first.
    """
    rows = unsuppressed(candidates, radius_A, voxel_size_A=voxel_size_A, cross_class=cross_class)
    return candidates.taken(rows)


def unsuppressed(
    candidates: VolumeCandidates,
    radius_A: Sequence[float],
    *,
    voxel_size_A: float,
    cross_class: float = 0.0,
) -> NDArray[np.intp]:
    """Return the rows that `suppress_by_class` keeps, rising; the parameters are the same."""
    radius = np.asarray(radius_A, dtype=np.float64)
    xyz_A = candidates.xyz_px * voxel_size_A
    kept = np.empty(0, dtype=np.intp)
    # Those that are kept lie apart, so that a share has few pairs with them. All candidates
    # together may have more pairs than memory, where a model sees something everywhere.
    for start in range(0, len(candidates), SHARE):
        share = np.arange(start, min(start + SHARE, len(candidates)))
        rows = np.concatenate([kept, share])
        better, worse = _close_pairs(
            xyz_A[rows], candidates.class_index[rows], radius, cross_class, settled=len(kept)
        )
        starts = np.searchsorted(better, np.arange(len(rows) + 1))
        stays = np.ones(len(rows), dtype=bool)
        for index in np.unique(better):
            if stays[index]:
                stays[worse[starts[index] : starts[index + 1]]] = False
        kept = rows[stays]
    return kept


def _close_pairs(
    xyz_A: NDArray[np.float64],
    class_index: NDArray[np.int64],
    radius_A: NDArray[np.float64],
    cross_class: float,
    *,
    settled: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs (lower index, higher index) closer than allowed, sorted by the lower one.

    The first ``settled`` ones have no pairs among each other.
    """
    widest = float(radius_A.max(initial=0.0)) * max(1.0, cross_class)
    if widest <= 0.0:
        none = np.empty(0, dtype=np.intp)
        return none, none
    # The tree's own comparison is inclusive and rounds differently: ask wider, compare here.
    reach = widest * (1.0 + 1e-9)
    new = KDTree(xyz_A[settled:])
    pairs = new.query_pairs(reach, output_type="ndarray") + settled
    if settled:
        near = KDTree(xyz_A[:settled]).sparse_distance_matrix(new, reach, output_type="ndarray")
        pairs = np.concatenate([pairs, np.column_stack([near["i"], near["j"] + settled])])
    first, second = class_index[pairs[:, 0]], class_index[pairs[:, 1]]
    larger = np.maximum(radius_A[first], radius_A[second])
    allowed = np.where(first == second, larger, cross_class * larger)
    difference = xyz_A[pairs[:, 0]] - xyz_A[pairs[:, 1]]
    pairs = pairs[(difference**2).sum(axis=1) < allowed**2]
    pairs = pairs[np.argsort(pairs.min(axis=1))]
    return pairs.min(axis=1), pairs.max(axis=1)
