"""Greedy non-maximum suppression of particles of several classes and sizes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.detection.volumes.volume_peaks import VolumeCandidates


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
    radius = np.asarray(radius_A, dtype=np.float64)
    xyz_A = candidates.xyz_px * voxel_size_A
    better, worse = _close_pairs(xyz_A, candidates.class_index, radius, cross_class)
    starts = np.searchsorted(better, np.arange(len(candidates) + 1))
    kept = np.ones(len(candidates), dtype=bool)
    for index in np.unique(better):
        if kept[index]:
            kept[worse[starts[index] : starts[index + 1]]] = False
    return candidates.taken(kept)


def _close_pairs(
    xyz_A: NDArray[np.float64],
    class_index: NDArray[np.int64],
    radius_A: NDArray[np.float64],
    cross_class: float,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs (lower index, higher index) closer than allowed, sorted by the lower one."""
    widest = float(radius_A.max(initial=0.0)) * max(1.0, cross_class)
    if len(xyz_A) < 2 or widest <= 0.0:
        none = np.empty(0, dtype=np.intp)
        return none, none
    # The tree's own comparison is inclusive and rounds differently: ask wider, compare here.
    pairs = KDTree(xyz_A).query_pairs(widest * (1.0 + 1e-9), output_type="ndarray")
    first, second = class_index[pairs[:, 0]], class_index[pairs[:, 1]]
    larger = np.maximum(radius_A[first], radius_A[second])
    allowed = np.where(first == second, larger, cross_class * larger)
    difference = xyz_A[pairs[:, 0]] - xyz_A[pairs[:, 1]]
    pairs = pairs[(difference**2).sum(axis=1) < allowed**2]
    pairs = pairs[np.argsort(pairs.min(axis=1))]
    return pairs.min(axis=1), pairs.max(axis=1)
