"""Batches of crops: what the student sees, what is known about it, and what its teacher sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nunatak.learning.volumes.volume_augmentation import (
    strong_greys,
    strong_pose,
    without_cuboids,
)
from nunatak.learning.volumes.volume_crops import CropPlaces, cut
from nunatak.learning.volumes.volume_labels import (
    CropLabels,
    OutputGrid,
    crop_labels,
    expected_density,
)
from nunatak.learning.volumes.volume_poses import Pose, is_inside, output_places
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.objectives.volume_pu import VolumeLabels
from nunatak.objectives.volume_targets import VolumeTargets, stack_targets

EDGE_PX = 4.0
"""Near the faces of its crop a teacher lacks context, and nothing that it sees counts."""


@dataclass(frozen=True)
class Lesson:
    """Crops about which not all is known, as the teacher sees them.

    Attributes
    ----------
    rows : Tensor, shape (k,), int64
        Which crops of the batch these are.
    image : Tensor, shape (k, 1, n, n, n), float32
        Mirrored at most.
    to_student : Tensor, shape (k, 3, 4), float64
        Linear part and shift from voxels of these crops to the student's, x, y, z.
    open : Tensor, shape (k, classes, m, m, m), bool
        Output voxels of the student which the teacher sees and nobody knows about.
    density : Tensor, shape (k, classes), float32
        Particles expected in such an output voxel.
    """

    rows: Tensor
    image: Tensor
    to_student: Tensor
    open: Tensor
    density: Tensor


@dataclass(frozen=True)
class Exam:
    """A crop about which everything is known, to see how much the teacher finds.

    Attributes
    ----------
    image : Tensor, shape (1, 1, n, n, n), float32
    centres_px : Tensor, shape (k, 3), float64
        All particles that lie in the crop, x, y, z.
    class_index : Tensor, shape (k,), int64
        Of each.
    unclear_px : Tensor, shape (m, 3), float64
        Places of which nobody knows, x, y, z.
    within_px : Tensor, shape (2, 3), float64
        Lowest and highest x, y, z at which a candidate or a particle counts.
    """

    image: Tensor
    centres_px: Tensor
    class_index: Tensor
    unclear_px: Tensor
    within_px: Tensor


@dataclass(frozen=True)
class VolumeBatch:
    """What one optimiser step sees.

    Attributes
    ----------
    step : int
    image : Tensor, shape (b, 1, n, n, n), float32
        As the student sees them.
    targets : VolumeTargets
    labels : VolumeLabels
        The same peaks, where they are the truth, and what is expected elsewhere.
    lesson : Lesson or None
        None before the teacher begins, and where everything is known.
    exam : Exam or None
    """

    step: int
    image: Tensor
    targets: VolumeTargets
    labels: VolumeLabels
    lesson: Lesson | None
    exam: Exam | None


class VolumeBatches:
    """Makes the batch of every step, a pure function of the step.

    Parameters
    ----------
    volumes
        To train on, labelled or not.
    settings
        Crops, augmentation, teacher, seed.
    grid
        Of the network.
    expected : ndarray, shape (classes,)
        Particles in a tomogram of mean size; 0 where only labels count.
    exams
        Completely labelled tomograms in which the teacher's candidates are counted.
    learns_unlabelled
        Whether the objective learns from tomograms without labels, too.
    rank
        Of this process; each draws its own batches.
    """

    def __init__(
        self,
        volumes: Sequence[WorkingVolume],
        settings: VolumeLearningSettings,
        grid: OutputGrid,
        *,
        expected: NDArray[np.float64],
        exams: Sequence[WorkingVolume],
        learns_unlabelled: bool,
        rank: int = 0,
    ) -> None:
        self._settings, self._grid = settings, grid
        self._seed = (settings.seed, rank)
        self._density = dict(
            zip([v.name for v in volumes], expected_density(list(volumes), expected), strict=True)
        )
        labelled = [volume for volume in volumes if volume.is_labelled]
        self._all_places = self._places(labelled, volumes)
        self._first_places = self._all_places if learns_unlabelled else self._places(labelled)
        self._exam_places = self._places(exams) if exams else None
        # No cuboid may hide a whole particle.
        self._largest_cuboid_px = int(min(grid.radius_px))

    def batch_at(self, step: int) -> VolumeBatch:
        """Return the batch of a step (from 1)."""
        rng = np.random.default_rng([*self._seed, step])
        taught = self._settings.teacher and step >= self._settings.first_lesson
        places = self._all_places if taught else self._first_places
        crops = [self._crop(*places.draw(rng), rng) for _ in range(self._settings.batch_size)]
        labels = self._labels(crops)
        return VolumeBatch(
            step=step,
            image=torch.stack([crop.image for crop in crops])[:, None],
            targets=stack_targets([crop.labels.targets for crop in crops]),
            labels=labels,
            lesson=self._lesson(crops, labels) if taught else None,
            exam=self._exam(self._exam_places, rng) if taught and self._exam_places else None,
        )

    def _places(
        self, labelled: Sequence[WorkingVolume], anywhere: Sequence[WorkingVolume] | None = None
    ) -> CropPlaces:
        return CropPlaces(
            labelled,
            labelled if anywhere is None else anywhere,
            side_px=self._settings.crop_px,
            labelled_share=self._settings.labelled_share,
        )

    def _crop(self, volume: WorkingVolume, pose: Pose, rng: np.random.Generator) -> "_Crop":
        student = pose
        if self._settings.strong_augmentation:
            student = strong_pose(pose, rng)
        image = cut(volume, student)
        if self._settings.strong_augmentation:
            image = strong_greys(image, student, rng)
        if self._settings.input_drop:
            image = without_cuboids(image, self._largest_cuboid_px, rng)
        labels = crop_labels(volume, student, self._grid)
        return _Crop(volume, pose, student, torch.from_numpy(image), labels)

    def _labels(self, crops: "Sequence[_Crop]") -> VolumeLabels:
        known = torch.stack([crop.labels.known for crop in crops])
        ignored = torch.stack([crop.labels.ignored for crop in crops])
        density = torch.stack([self._voxel_density(crop) for crop in crops])
        unknown = (~known & ~ignored).sum(dim=(2, 3, 4))
        targets = stack_targets([crop.labels.targets for crop in crops])
        return VolumeLabels(
            heatmap=targets.heatmap,
            positive=targets.positive,
            known=known,
            ignored=ignored,
            expected=(density * unknown).sum(dim=0),
        )

    def _voxel_density(self, crop: "_Crop") -> Tensor:
        """Particles expected in an unknown output voxel, shape (classes,), float32."""
        per_voxel = self._density[crop.volume.name]
        return torch.from_numpy(per_voxel * self._grid.stride**3).float()

    def _lesson(self, crops: "Sequence[_Crop]", labels: VolumeLabels) -> Lesson | None:
        rows = [row for row, crop in enumerate(crops) if not crop.volume.is_complete]
        if not rows:
            return None
        chosen = [crops[row] for row in rows]
        return Lesson(
            rows=torch.tensor(rows),
            image=torch.stack([torch.from_numpy(cut(c.volume, c.pose)) for c in chosen])[:, None],
            to_student=torch.stack([crop.to_student for crop in chosen]),
            open=torch.stack(
                [
                    self._seen_by_teacher(crops[row]) & ~labels.known[row] & ~labels.ignored[row]
                    for row in rows
                ]
            ),
            density=torch.stack([self._voxel_density(crop) for crop in chosen]),
        )

    def _seen_by_teacher(self, crop: "_Crop") -> Tensor:
        """Output voxels of the student that lie well inside the teacher's crop, (1, m, m, m)."""
        grid = self._grid
        places = output_places(grid.side_px, grid.stride, grid.origin_px)
        in_teacher = crop.pose.to_crop(crop.student.to_tomogram(places))
        inside = is_inside(in_teacher, (grid.side_px,) * 3, margin_px=EDGE_PX)
        return torch.from_numpy(inside)[None]

    def _exam(self, places: CropPlaces, rng: np.random.Generator) -> Exam:
        volume, pose = places.draw(rng)
        side = self._grid.side_px
        centres_px = pose.to_crop(volume.centres_px)
        near = is_inside(centres_px, (side,) * 3)
        # What of the tomogram lies in the crop: mirrored or not, two opposite corners say it.
        ends = pose.to_crop(np.array([np.full(3, -0.5), np.array(volume.voxels.shape[::-1]) - 0.5]))
        low = np.maximum(ends.min(axis=0), EDGE_PX - 0.5)
        high = np.minimum(ends.max(axis=0), side - 0.5 - EDGE_PX)
        return Exam(
            image=torch.from_numpy(cut(volume, pose))[None, None],
            centres_px=torch.from_numpy(centres_px[near]),
            class_index=torch.from_numpy(volume.class_index[near]),
            unclear_px=torch.from_numpy(pose.to_crop(volume.unclear_px)),
            within_px=torch.from_numpy(np.stack([low, high])),
        )


@dataclass(frozen=True)
class _Crop:
    """One crop on its way into a batch: ``pose`` is the teacher's, ``student`` the other's."""

    volume: WorkingVolume
    pose: Pose
    student: Pose
    image: Tensor
    labels: CropLabels

    @property
    def to_student(self) -> Tensor:
        """Linear part and shift from the teacher's crop to the student's, shape (3, 4)."""
        shift = self.student.to_crop(self.pose.to_tomogram(np.zeros(3)))
        linear = np.linalg.inv(self.student.axes) @ self.pose.axes
        return torch.from_numpy(np.column_stack([linear, shift]))
