"""What is known about a crop: targets where there are labels, and where there are none."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nunatak.learning.volumes.volume_poses import Pose, is_inside, output_places
from nunatak.learning.volumes.volume_validation import HIT_RADII
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.objectives.volume_pu import BALL_EDGE
from nunatak.objectives.volume_targets import (
    VolumeTargets,
    inside_balls,
    peak_sigma_px,
    volume_targets,
)


@dataclass(frozen=True)
class OutputGrid:
    """What a network answers on: its output on a crop, and the classes' sizes.

    Attributes
    ----------
    side_px : int
        Of the crop, working voxels.
    stride : int
    origin_px : float
        Of the network's output.
    radius_px : tuple of float
        Of the particles, one a class, working voxels.
    """

    side_px: int
    stride: int
    origin_px: float
    radius_px: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the output, voxels."""
        return (self.side_px // self.stride,) * 3

    @property
    def sigma_px(self) -> tuple[float, ...]:
        """Width of the targets, one a class."""
        return tuple(peak_sigma_px(radius, stride=self.stride) for radius in self.radius_px)

    def places(self, pose: Pose) -> NDArray[np.float64]:
        """Positions of the output voxels of a crop in its tomogram, (m, m, m, 3)."""
        return pose.to_tomogram(output_places(self.side_px, self.stride, self.origin_px))

    def targets(
        self, centres_px: NDArray[np.float64], class_index: NDArray[np.int64]
    ) -> VolumeTargets:
        """Draw the targets of particles at places in the crop."""
        return volume_targets(
            torch.from_numpy(np.ascontiguousarray(centres_px)),
            torch.from_numpy(class_index),
            self.sigma_px,
            shape=self.shape,
            stride=self.stride,
            origin_px=self.origin_px,
        )

    def balls(self, centres_px: NDArray[np.float64], radius_px: NDArray[np.float64]) -> Tensor:
        """Tell which output voxels lie within so much of places in the crop, (m, m, m) bool."""
        rows = torch.from_numpy(np.column_stack([centres_px, radius_px]))
        return inside_balls(rows, shape=self.shape, stride=self.stride, origin_px=self.origin_px)


@dataclass(frozen=True)
class CropLabels:
    """Labels of one crop.

    Attributes
    ----------
    targets : VolumeTargets
        Of the labelled particles.
    known : Tensor, shape (classes, m, m, m), bool
        Where the targets are the truth.
    ignored : Tensor, shape (classes, m, m, m), bool
        Where nothing counts: beyond the tomogram, and where nobody knows what there is.
    """

    targets: VolumeTargets
    known: Tensor
    ignored: Tensor


def crop_labels(volume: WorkingVolume, pose: Pose, grid: OutputGrid) -> CropLabels:
    """Return what is known about a crop.

    In a completely labelled tomogram everything is known. In any other one it is the labelled
    particles: each class's peak as far as it reaches, and for all the other classes the
    particle's own sphere, in which no second particle has its centre; and the places marked as no
    particle, for each class as far as a particle there would count as found.

    Where nobody knows what there is, a particle of any class may be, so that nothing counts
    within a radius of each; but for the peaks of labelled particles close by.

    Parameters
    ----------
    volume, pose
        Tomogram and place of the crop.
    grid
        Of the network.
    """
    centres_px = pose.to_crop(volume.centres_px)
    near = is_inside(centres_px, (grid.side_px,) * 3, margin_px=-4.0 * max(grid.sigma_px))
    centres_px, kinds = centres_px[near], volume.class_index[near]
    targets = grid.targets(centres_px, kinds)
    outside = torch.from_numpy(~is_inside(grid.places(pose), volume.voxels.shape))[None]
    peaks = targets.heatmap > BALL_EDGE
    unclear = _balls_by_class(grid, pose.to_crop(volume.unclear_px)) & ~peaks
    if volume.is_complete:
        known = torch.ones_like(targets.heatmap, dtype=torch.bool)
    else:
        spheres = grid.balls(centres_px, np.array(grid.radius_px)[kinds])
        empty = _balls_by_class(grid, pose.to_crop(volume.empty_px), radii=HIT_RADII)
        known = peaks | spheres | empty
    return CropLabels(targets, known, outside | unclear)


def _balls_by_class(
    grid: OutputGrid, places_px: NDArray[np.float64], *, radii: float = 1.0
) -> Tensor:
    """Tell for each class what lies within so many of its radii of places in the crop."""
    return torch.stack(
        [grid.balls(places_px, np.full(len(places_px), radii * r_px)) for r_px in grid.radius_px]
    )


def expected_density(
    volumes: list[WorkingVolume], expected: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Particles of each class without a label that a voxel of each tomogram is expected to hold.

    Parameters
    ----------
    volumes
        All that are learned from. Larger ones are expected to hold more in proportion.
    expected : ndarray, shape (classes,)
        In a tomogram of mean size, labelled ones included.

    Returns
    -------
    list of ndarray, each of shape (classes,)
        0 in completely labelled tomograms.

    Examples
    --------
    >>> empty = (np.empty((0, 3)), np.empty(0, np.int64))
    >>> one = WorkingVolume("a", np.zeros((10, 10, 10), np.float16), *empty, False)
    >>> two = WorkingVolume("b", np.zeros((30, 10, 10), np.float16), *empty, False)
    >>> [density.tolist() for density in expected_density([one, two], np.array([8.0]))]
    [[0.004], [0.004]]
    """
    sizes = np.array([volume.voxels.size for volume in volumes], dtype=np.float64)
    # Tomograms of one kind share what is missing: one in which many were labelled holds many.
    groups = np.array([0 if v.is_complete else 1 if v.is_labelled else 2 for v in volumes])
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], [0, 1, 2, 3])
    densities: list[NDArray[np.float64]] = [np.zeros(len(expected))] * len(volumes)
    for group, (first, end) in enumerate(pairwise(bounds.tolist())):
        members = order[first:end].tolist()
        if group == 0 or not members:
            continue
        voxels = sizes[members].sum()
        labelled = np.sum([volumes[i].counts(len(expected)) for i in members], axis=0)
        missing = np.maximum(expected * voxels / sizes.mean() - labelled, 0.0)
        for index in members:
            densities[index] = missing / voxels
    return densities
