"""What a teacher sees in a crop, and what of it becomes a label.

The teacher looks at mirror images, which are symmetries of the missing wedge. What it is sure of,
and what comes back in most of the images, is a particle; what it is not sure of is left out of the
loss; the rest is empty. Wrong labels that a student learns come back in its teacher, so that the
zone between has to be wide.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree
from torch import Tensor, nn

from nunatak.detection.volumes.volume_candidates import one_a_place
from nunatak.detection.volumes.volume_peaks import VolumeCandidates, find_volume_peaks
from nunatak.detection.volumes.volume_suppression import suppress_by_class
from nunatak.detection.volumes.volume_views import FLIP_VIEWS, scored_view
from nunatak.detection.volumes.windows import Slab
from nunatak.learning.volumes.volume_labels import OutputGrid
from nunatak.learning.volumes.volume_thresholds import TeacherThresholds
from nunatak.objectives.volume_targets import VolumeTargets

AGREEMENT_RADII = 0.5
"""Distance, particle radii, up to which peaks of two views are the same."""


@dataclass(frozen=True)
class Seen:
    """What a teacher sees in one crop.

    Attributes
    ----------
    candidates : VolumeCandidates
        Peaks of the mean over the views, in voxels of the crop, best first.
    agreement : ndarray, shape (n,), float64
        Share of the views in which each comes back.
    """

    candidates: VolumeCandidates
    agreement: NDArray[np.float64]


@dataclass(frozen=True)
class PseudoLabels:
    """What of it becomes a label.

    Attributes
    ----------
    targets : VolumeTargets
        Of the candidates that are particles.
    doubtful : Tensor, shape (classes, m, m, m), bool
        Around the candidates that are neither particles nor nothing.
    """

    targets: VolumeTargets
    doubtful: Tensor


@torch.no_grad()
def look(
    teacher: nn.Module, volumes: Tensor, grid: OutputGrid, floors: tuple[float, ...], *, views: int
) -> list[Seen]:
    """Let a teacher look at crops.

    Parameters
    ----------
    teacher
        As `nunatak.networks.unet3d.UNet3d`; no gradient reaches it.
    volumes : Tensor, shape (b, 1, n, n, n)
    grid
        Of the network.
    floors
        Probability a class below which there is no candidate.
    views
        How many of `FLIP_VIEWS`; their logits are averaged.

    Returns
    -------
    list of Seen
        One a crop.
    """
    scores = torch.stack([scored_view(teacher, volumes, view) for view in FLIP_VIEWS[:views]])
    means = scores.mean(dim=0).float().cpu().numpy()
    each = scores.float().cpu().numpy()
    seen = []
    for crop, mean in enumerate(means):
        candidates = _peaks(mean, grid, floors)
        votes = np.zeros(len(candidates))
        for view in each[:, crop]:
            votes += _comes_back(candidates, _peaks(view, grid, floors), grid)
        seen.append(Seen(candidates, votes / views))
    return seen


def agreed(
    seen: Seen, thresholds: TeacherThresholds, grid: OutputGrid, *, agreement: float
) -> NDArray[np.intp]:
    """Return the candidates that come back in enough views and keep their place, as in picking.

    Parameters
    ----------
    seen
        Candidates of all classes, each class by itself.
    thresholds
        Of the teacher: classes compete for a place by how far they lie above.
    grid
        Of the network.
    agreement
        Share of the views in which a particle comes back.

    Returns
    -------
    ndarray, shape (n,), intp
        Their rows.
    """
    rows = np.flatnonzero(seen.agreement >= agreement)
    found = seen.candidates.taken(rows)
    return rows[one_a_place(found, thresholds.high, grid.radius_px, voxel_size_A=1.0)]


def pseudo_labels(
    seen: Seen,
    thresholds: TeacherThresholds,
    grid: OutputGrid,
    *,
    agreement: float,
    to_student: NDArray[np.float64],
) -> PseudoLabels:
    """Make labels of what a teacher saw, in the crop that its student sees.

    Where two classes claim one place, the surer one has it, and the other one is in doubt.

    Parameters
    ----------
    seen
        Candidates from the low thresholds on.
    thresholds
        Of the teacher.
    grid
        Of the network.
    agreement
        Share of the views in which a particle comes back.
    to_student : ndarray, shape (3, 4), float64
        Linear part and shift from voxels of the teacher's crop to the student's, x, y, z.
    """
    found = seen.candidates
    high, low = np.array(thresholds.high), np.array(thresholds.low)
    is_candidate = found.score >= low[found.class_index]
    keeps_place = np.zeros(len(found), dtype=np.bool_)
    keeps_place[agreed(seen, thresholds, grid, agreement=agreement)] = True
    is_sure = (found.score >= high[found.class_index]) & keeps_place
    places = found.xyz_px @ to_student[:, :3].T + to_student[:, 3]
    targets = grid.targets(places[is_sure], found.class_index[is_sure])
    doubtful = torch.zeros_like(targets.heatmap, dtype=torch.bool)
    for kind, radius_px in enumerate(grid.radius_px):
        rows = is_candidate & ~is_sure & (found.class_index == kind)
        doubtful[kind] = grid.balls(places[rows], np.full(int(rows.sum()), radius_px))
    return PseudoLabels(targets, doubtful)


def _peaks(
    values: NDArray[np.float32], grid: OutputGrid, floors: tuple[float, ...]
) -> VolumeCandidates:
    found = find_volume_peaks(
        [Slab(0, values)],
        (grid.side_px,) * 3,
        stride=grid.stride,
        origin_px=grid.origin_px,
        thresholds=floors,
    )
    return suppress_by_class(found, grid.radius_px, voxel_size_A=1.0)


def _comes_back(
    candidates: VolumeCandidates, others: VolumeCandidates, grid: OutputGrid
) -> NDArray[np.bool_]:
    """Tell which candidates have another of their class within half a radius."""
    back = np.zeros(len(candidates), dtype=np.bool_)
    for kind, radius_px in enumerate(grid.radius_px):
        rows = candidates.class_index == kind
        there = others.xyz_px[others.class_index == kind]
        if rows.any() and len(there):
            distance, _ = KDTree(there).query(candidates.xyz_px[rows])
            back[rows] = distance <= AGREEMENT_RADII * radius_px
    return back
