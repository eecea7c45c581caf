"""The training task on tomograms: labels, what is expected without them, and the teacher."""

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.learning.volumes.volume_batches import Exam, Lesson, VolumeBatch, VolumeBatches
from nunatak.learning.volumes.volume_labels import OutputGrid
from nunatak.learning.volumes.volume_learner import VolumeLearner
from nunatak.learning.volumes.volume_pseudo_labels import Seen, agreed, look, pseudo_labels
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.learning.volumes.volume_thresholds import (
    FADING,
    LOWEST_HIGH,
    TeacherThresholds,
    by_number,
    score_histogram,
)
from nunatak.learning.volumes.volume_validation import is_clear
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.networks.drop_block import set_drop_rate
from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.unet3d import CLASS_TENSORS, split_heads
from nunatak.objectives.cells import cell_side
from nunatak.objectives.class_confusion import confusion_loss
from nunatak.objectives.focal import class_balance, heatmap_focal_loss
from nunatak.objectives.offset import offset_loss
from nunatak.objectives.volume_ge import ge_binomial_on_heatmaps, ge_kl_on_heatmaps
from nunatak.objectives.volume_pu import VolumeLabels, pu_on_heatmaps
from nunatak.objectives.volume_targets import stack_targets

OFFSET_WEIGHT = 0.5
"""Of the offset's loss, in voxels, beside the heatmaps', per particle."""

RISING_SHARE = 0.25
"""Of the steps over which the weight of the teacher's labels rises."""

DROP_RISING_SHARE = 0.5
"""Of the steps over which DropBlock's rate rises (Ghiasi et al., arXiv 1810.12890, section 3)."""


class VolumeTask:
    """Makes batches and scores them, for `nunatak.training.loop.fit`.

    Parameters
    ----------
    volumes
        To train on, labelled or not.
    settings
        Everything that can be switched, chosen for the labels
        (`VolumeLearningSettings.for_labels`).
    network
        To be trained.
    radius_px
        Of the particles, one a class, working voxels.
    expected : ndarray, shape (classes,)
        Particles in a tomogram of mean size; 0 where only labels count.
    held_out
        Completely labelled tomograms that are not trained on. The teacher's candidates are
        counted in them, or, without any, in those that it was trained on.
    rank
        Of this process.

    Attributes
    ----------
    module : VolumeLearner
    """

    def __init__(
        self,
        volumes: Sequence[WorkingVolume],
        settings: VolumeLearningSettings,
        network: DetectorNetwork,
        *,
        radius_px: Sequence[float],
        expected: NDArray[np.float64],
        held_out: Sequence[WorkingVolume] = (),
        rank: int = 0,
    ) -> None:
        classes = len(radius_px)
        self.module = VolumeLearner(network, classes)
        self.grid = OutputGrid(
            settings.crop_px, network.output_stride, network.output_origin_px, tuple(radius_px)
        )
        self._cell_px = [
            cell_side(2 * radius, stride=network.output_stride, ndim=3) for radius in radius_px
        ]
        self._settings = settings
        complete = [volume for volume in volumes if volume.is_complete]
        exams = list(held_out) or complete if settings.adaptive_thresholds else []
        self._has_exams, self._has_complete = bool(exams), bool(complete)
        self._batches = VolumeBatches(
            volumes,
            settings,
            self.grid,
            expected=expected,
            exams=exams,
            learns_unlabelled=settings.objective_learns_unlabelled,
            rank=rank,
        )
        counts = np.sum([volume.counts(classes) for volume in volumes], axis=0)
        self._class_weight = (
            class_balance(torch.from_numpy(counts)) if settings.class_balance else None
        )

    def batch_at(self, step: int) -> VolumeBatch:
        """Return the batch of a step: a pure function of the step."""
        return self._batches.batch_at(step)

    @property
    def head(self) -> tuple[str, ...]:
        """Names of the module's weights that tell the classes apart."""
        return tuple(f"detector.{name}" for name in CLASS_TENSORS)

    def detector(self, module: nn.Module) -> DetectorNetwork:
        """Return the network inside a trained module."""
        return cast("VolumeLearner", module).detector

    def loss(self, network: nn.Module, batch: VolumeBatch, teacher: nn.Module) -> Tensor:
        """Score a batch by its labels, and by those of the teacher once it has begun."""
        set_drop_rate(self.module, self._drop_rate(batch.step))
        logits, offset_px = split_heads(network(batch.image))
        targets = batch.targets
        nowhere_counted = batch.labels.ignored.all(dim=1, keepdim=True)
        loss = self._on_labels(logits, batch) + OFFSET_WEIGHT * offset_loss(
            offset_px, targets.offset_px, targets.inside, ignored=nowhere_counted
        )
        if batch.exam is not None:
            self._count_where_known(teacher, batch.exam)
        if batch.lesson is not None:
            weight = self._settings.pseudo_weight * self._risen(batch.step)
            lesson_loss = self._on_lesson(logits, offset_px, batch.lesson, batch.labels, teacher)
            loss = loss + weight * lesson_loss
        return loss

    def thresholds(self) -> TeacherThresholds:
        """Return the probabilities by which the teacher labels now."""
        settings, module = self._settings, self.module
        fixed = settings.fixed_threshold
        if not settings.adaptive_thresholds:
            return TeacherThresholds.of_high([fixed] * len(self.grid.radius_px))
        return by_number(module.detections.cpu(), module.expected.cpu(), fallback=fixed)

    def _on_labels(self, logits: Tensor, batch: VolumeBatch) -> Tensor:
        labels, weight = batch.labels, self._class_weight
        unknown = labels.unknown
        if self._settings.objective == "pu":
            loss = pu_on_heatmaps(logits, labels, class_weight=weight)
        elif self._settings.objective == "ge-kl":
            loss = ge_kl_on_heatmaps(logits, labels, cell_px=self._cell_px, class_weight=weight)
        elif self._settings.objective == "ge-binomial":
            loss = ge_binomial_on_heatmaps(
                logits, labels, cell_px=self._cell_px, class_weight=weight
            )
        else:
            loss = heatmap_focal_loss(
                logits, labels.heatmap, labels.positive, ignored=unknown, class_weight=weight
            )
        if not self._settings.confusion_weight:
            return loss
        confused = confusion_loss(logits, labels.positive, ignored=unknown, class_weight=weight)
        return loss + self._settings.confusion_weight * confused

    def _on_lesson(
        self,
        logits: Tensor,
        offset_px: Tensor,
        lesson: Lesson,
        labels: VolumeLabels,
        teacher: nn.Module,
    ) -> Tensor:
        """Score the student on what its teacher is sure of, where nobody knows better."""
        thresholds = self.thresholds()
        seen = self._look(teacher, lesson.image, thresholds.low)
        if self._settings.adaptive_thresholds and not self._has_exams:
            self._count_where_open([self._agreed(one, thresholds) for one in seen], lesson)
        made = [
            pseudo_labels(
                one,
                thresholds,
                self.grid,
                agreement=self._settings.view_agreement,
                to_student=to_student,
            )
            for one, to_student in zip(seen, lesson.to_student.cpu().numpy(), strict=True)
        ]
        targets = stack_targets([one.targets for one in made]).to(logits.device)
        doubtful = torch.stack([one.doubtful for one in made]).to(logits.device)
        on_map = heatmap_focal_loss(
            logits[lesson.rows],
            targets.heatmap,
            targets.positive,
            ignored=~lesson.open | doubtful,
            class_weight=self._class_weight,
            least_particles=self._least_taught(labels),
        )
        # Where no class is open, labels or the tomogram's end say what there is.
        closed = ~lesson.open.any(dim=1, keepdim=True)
        to_centre = offset_loss(
            offset_px[lesson.rows], targets.offset_px, targets.inside, ignored=closed
        )
        return on_map + OFFSET_WEIGHT * to_centre

    def _least_taught(self, labels: VolumeLabels) -> Tensor | float:
        """Return by how many particles, at least, the loss on the teacher's labels is divided.

        Complete labels say what is empty: a voxel that the teacher takes for empty counts no more
        than one that is known to be (in the focal loss), however few particles it finds. Sparse
        labels do not say it, and the teacher's word has its full weight.
        """
        if not self._has_complete:
            return 1.0
        return torch.where(labels.unknown, 0.0, labels.positive).sum().clamp_min(1.0)

    def _look(self, teacher: nn.Module, volumes: Tensor, floors: tuple[float, ...]) -> list[Seen]:
        return look(teacher, volumes, self.grid, floors, views=self._settings.teacher_views)

    def _agreed(self, seen: Seen, thresholds: TeacherThresholds) -> VolumeCandidates:
        rows = agreed(seen, thresholds, self.grid, agreement=self._settings.view_agreement)
        return seen.candidates.taken(rows)

    def _count_where_known(self, teacher: nn.Module, exam: Exam) -> None:
        """Count the teacher's candidates and the particles where all of these are known."""
        classes = len(self.grid.radius_px)
        # Also what lies below the thresholds of now: it says whether they may fall.
        (seen,) = self._look(teacher, exam.image, (LOWEST_HIGH,) * classes)
        found = self._agreed(seen, self.thresholds())
        found = found.taken(self._is_counted(found.xyz_px, found.class_index, exam))
        truths = exam.class_index.cpu().numpy()
        truths = truths[self._is_counted(exam.centres_px.cpu().numpy(), truths, exam)]
        self.module.count(
            self._histogram(found.score, found.class_index),
            torch.from_numpy(np.bincount(truths, minlength=classes)),
            fading=FADING,
        )

    def _is_counted(
        self, xyz_px: NDArray[np.float64], kinds: NDArray[np.int64], exam: Exam
    ) -> NDArray[np.bool_]:
        """Tell which places lie well inside a crop and away from those of which nobody knows."""
        low, high = exam.within_px.cpu().numpy()
        inside: NDArray[np.bool_] = ((xyz_px >= low) & (xyz_px <= high)).all(axis=1)
        radius_px = np.array(self.grid.radius_px)[kinds]
        return inside & is_clear(xyz_px, exam.unclear_px.cpu().numpy(), radius_px)

    def _count_where_open(self, each: Sequence[VolumeCandidates], lesson: Lesson) -> None:
        """Count the teacher's candidates and the particles expected where nobody knows."""
        scores, kinds = [np.empty(0)], [np.empty(0, np.int64)]
        grid, is_open = self.grid, lesson.open.cpu().numpy()
        shifts = lesson.to_student.cpu().numpy()
        for found, to_student, free in zip(each, shifts, is_open, strict=True):
            places = found.xyz_px @ to_student[:, :3].T + to_student[:, 3]
            x, y, z = np.rint((places - grid.origin_px) / grid.stride).astype(int).T
            there = np.logical_and.reduce([(a >= 0) & (a < grid.shape[0]) for a in (x, y, z)])
            counted = np.zeros(len(found), dtype=np.bool_)
            counted[there] = free[found.class_index[there], z[there], y[there], x[there]]
            scores.append(found.score[counted])
            kinds.append(found.class_index[counted])
        expected = (lesson.density * lesson.open.sum(dim=(2, 3, 4))).sum(dim=0)
        detections = self._histogram(np.concatenate(scores), np.concatenate(kinds))
        self.module.count(detections, expected, fading=FADING)

    def _histogram(self, score: NDArray[np.float64], kinds: NDArray[np.int64]) -> Tensor:
        classes = len(self.grid.radius_px)
        return score_histogram(torch.from_numpy(score), torch.from_numpy(kinds), classes)

    def _risen(self, step: int) -> float:
        """Weight of the teacher's labels: ``exp(-5 (1 - t)²)`` while they begin to count.

        Laine & Aila, arXiv 1610.02242, section 2.3.
        """
        span = max(RISING_SHARE * self._settings.steps, 1.0)
        t = min((step - self._settings.first_lesson + 1) / span, 1.0)
        return math.exp(-5.0 * (1.0 - t) ** 2)

    def _drop_rate(self, step: int) -> float:
        span = max(DROP_RISING_SHARE * self._settings.steps, 1.0)
        return self._settings.feature_drop_rate * min(step / span, 1.0)
