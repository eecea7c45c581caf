"""Optimise a network on a lesson, judge it on held-out micrographs, and describe the result."""

import copy
import logging
import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from nunatak import __version__
from nunatak.detection.header import ModelClass, ModelHeader, ThresholdRow
from nunatak.detection.model import DetectorModel
from nunatak.detection.precision import choose_dtype
from nunatak.detection.scoring import Scorer
from nunatak.detection.threshold_table import basis_of
from nunatak.learning.calibration import calibrate_on_labels
from nunatak.learning.found import Found, find_on, label_scores
from nunatak.learning.lesson import Lesson
from nunatak.learning.patch_task import PatchTask
from nunatak.learning.score_map_task import ScoreMapTask
from nunatak.learning.settings import LearningSettings
from nunatak.learning.validation import labelled_average_precision, share_better
from nunatak.learning.working_images import WorkingImage
from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.training.config import TrainingConfig
from nunatak.training.devices import open_fabric
from nunatak.training.loop import fit
from nunatak.training.progress import Fitted, Progress

_log = logging.getLogger(__name__)

SURE = 0.9
"""In this share of draws of the held-out labels a trained model must be ahead of its start."""

MOST_EXAMPLES = 6
"""Micrographs of the training that are looked at where none were kept aside."""


class Course:
    """One training from its start to its model.

    Parameters
    ----------
    start
        Network to train, and the header that the result inherits.
    lesson
        What to learn from.
    settings
        How.
    device
        Where to train.
    processes
        That train together.

    Attributes
    ----------
    fabric : Fabric
        The processes.
    ahead : float or None
        After `run`: in which share of draws of the held-out labels the trained weights were
        ahead of the start; None where the two were not compared.
    is_calibrated : bool
        After `model`: whether the thresholds rest on held-out labels.
    """

    def __init__(
        self,
        start: DetectorModel,
        lesson: Lesson,
        settings: LearningSettings,
        device: torch.device,
        processes: int,
    ) -> None:
        self._start, self._lesson, self._settings = start, lesson, settings
        low = choose_dtype(device) == torch.bfloat16
        self._config = TrainingConfig(
            steps=settings.steps,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
            schedule=settings.schedule,
            averaging=settings.averaging,
            gradient_clip=settings.gradient_clip,
            precision="bfloat16" if low else "float32",
            validate_every=settings.validate_every,
            patience=settings.patience,
            checkpoint_every=settings.validate_every,
        )
        self.fabric = open_fabric(device, precision=self._config.precision, process_count=processes)
        self._task = self._make_task()
        self.ahead: float | None = None
        self.is_calibrated = False

    def run(
        self, folder: Path, *, redo: bool, on_progress: Callable[[Progress], None] | None
    ) -> Fitted[nn.Module]:
        """Train, or go on with a training that was stopped.

        Parameters
        ----------
        folder
            For checkpoints and metrics.
        redo
            Start over.
        on_progress
            Called after every step.
        """
        task: Any = self._task  # batches of one kind for a loss of that kind
        start = copy.deepcopy(self._task.module)
        fitted: Fitted[nn.Module] = fit(
            task.module,
            task.batch_at,
            task.loss,
            self._config,
            fabric=self.fabric,
            seed=self._settings.seed,
            folder=folder,
            resume=not redo,
            fingerprint=self._fingerprint(),
            validate=self._validate if self._lesson.validation else None,
            on_step=on_progress or (lambda progress: None),
        )
        if self._settings.start is None or not self._lesson.validation:
            return fitted
        return self._better_of(start, fitted)

    def _better_of(self, start: nn.Module, fitted: Fitted[nn.Module]) -> Fitted[nn.Module]:
        """Keep the start unless the held-out labels are sure that training has helped.

        The best of several noisy validations looks better than it is; with few labels it is
        more often worse.
        """
        if fitted.step == 0:
            return fitted
        before, after = (
            self._found(DetectorModel(self._start.header, self._task.detector(module)))
            for module in (start.eval(), fitted.network)
        )
        rng = np.random.default_rng([self._settings.seed, 1])
        sure = self.ahead = share_better(before, after, self._lesson.particles.value, rng=rng)
        _log.info("trained model ahead of its start in %.0f %% of draws of the labels", 100 * sure)
        if sure >= SURE:
            return fitted
        return replace(fitted, network=start, step=0, validation=self._score(before))

    def model(self, fitted: Fitted[nn.Module], *, name: str, diameter_A: float) -> DetectorModel:
        """Return the trained detector with its calibration and provenance.

        Parameters
        ----------
        fitted
            From `run`.
        name
            For people.
        diameter_A
            Of the particle.
        """
        network = self._task.detector(fitted.network).eval().requires_grad_(requires_grad=False)
        before = self._start.header
        table = self._threshold_table(DetectorModel(before, network))
        calibrated = self.is_calibrated = bool(table)
        if not calibrated:
            table = before.threshold_table
        header = before.model_copy(
            update={
                "name": name,
                "classes": (ModelClass(name="particle", diameter_A=diameter_A),),
                "threshold_table": table,
                "default_threshold": (
                    _best_threshold(table) if calibrated else before.default_threshold
                ),
                "provenance": self._provenance(fitted, calibrated=calibrated),
            }
        )
        return DetectorModel(ModelHeader.model_validate(header.model_dump()), network)

    def examples(self, model: DetectorModel) -> list[tuple[WorkingImage, Found]]:
        """Return what a model finds on the validation micrographs, or on some labelled ones."""
        labelled = [image for image in self._lesson.training if len(image.positives_px)]
        images = self._lesson.validation or labelled[:MOST_EXAMPLES]
        return list(zip(images, self._found(model, images), strict=True))

    def _make_task(self) -> ScoreMapTask | PatchTask:
        network = self._start.network.train().requires_grad_(requires_grad=True)
        rank = self.fabric.global_rank
        particles = self._lesson.particles.value
        if isinstance(network, PatchClassifier):
            return PatchTask(
                self._lesson.training, self._settings, network, particles=particles, rank=rank
            )
        return ScoreMapTask(
            self._lesson.training,
            self._settings,
            network,
            diameter_px=self._start.header.diameter_px,
            particles=particles,
            rank=rank,
        )

    def _validate(self, module: nn.Module) -> float:
        found = self._found(DetectorModel(self._start.header, self._task.detector(module)))
        return self._score(found)

    def _score(self, found: list[Found]) -> float:
        return labelled_average_precision(
            label_scores(found),
            np.concatenate([one.score for one in found]),
            self._lesson.particles.value * len(found),
        )

    def _found(
        self, model: DetectorModel, images: Sequence[WorkingImage] | None = None
    ) -> list[Found]:
        scorer = Scorer(model, device=str(self.fabric.device))
        return [
            find_on(
                scorer,
                image,
                diameter_px=model.header.diameter_px,
                floor=model.header.score_floor,
            )
            for image in (self._lesson.validation if images is None else images)
        ]

    def _threshold_table(self, model: DetectorModel) -> tuple[ThresholdRow, ...]:
        """Calibrate on the held-out labels; empty without any, or if none of them is found."""
        found = self._found(model)
        if not label_scores(found).any():
            return ()
        return calibrate_on_labels(
            label_scores(found),
            [one.score for one in found],
            score_floor=model.header.score_floor,
            expected_particles=self._lesson.particles.value,
            seed=self._settings.seed,
        ).table

    def _fingerprint(self) -> dict[str, Any]:
        """Everything that decides the course: another one is not gone on with."""
        return {
            "settings": self._settings.model_dump(mode="json"),
            "training": [_described(image) for image in self._lesson.training],
            "validation": [_described(image) for image in self._lesson.validation],
            "particles": self._lesson.particles.value,
        }

    def _held_out(self) -> str:
        """Say on which data the thresholds rest."""
        images = self._lesson.validation
        labels = sum(len(image.positives_px) for image in images)
        return f"{labels} labels held out on {len(images)} micrographs"

    def _provenance(self, fitted: Fitted[nn.Module], *, calibrated: bool) -> dict[str, Any]:
        lesson, settings = self._lesson, self._settings
        start = None
        if settings.start is not None:
            start = {"name": self._start.header.name, "sha256": self._start.sha256}
        return {
            "settings": settings.model_dump(mode="json"),
            "start": start,
            "labels": lesson.report.n_positive,
            "labelled_micrographs": lesson.report.n_labelled,
            "training_micrographs": [image.name for image in lesson.training],
            "validation_micrographs": [image.name for image in lesson.validation],
            "particles_per_micrograph": {
                "value": lesson.particles.value,
                "low": lesson.particles.low,
                "high": lesson.particles.high,
            },
            "validation": {"average_precision": fitted.validation, "best_step": fitted.step},
            "thresholds": "held-out labels" if calibrated else "those of the start model",
            "calibration": {
                "data": self._held_out() if calibrated else basis_of(self._start.header)
            },
            "data": "the user's micrographs and labels",
            "nunatak": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "date": datetime.now(UTC).date().isoformat(),
        }


def _best_threshold(table: tuple[ThresholdRow, ...]) -> float:
    return max(table, key=lambda row: row.f1).threshold


def _described(image: Any) -> list[Any]:
    return [image.name, list(image.image.shape), len(image.positives_px), len(image.negatives_px)]
