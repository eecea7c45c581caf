"""Optimise a network on labels, and keep it if held-out micrographs say that it is better."""

import copy
import hashlib
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from lightning_fabric import Fabric
from torch import nn

from nunatak.detection.model import DetectorModel
from nunatak.errors import UsageError
from nunatak.learning.found import Found
from nunatak.learning.own_settings import own_settings
from nunatak.learning.patch_task import PatchTask
from nunatak.learning.score_map_task import ScoreMapTask
from nunatak.learning.settings import LearningSettings, learning_rate, training_steps
from nunatak.learning.trained_model import trained_model
from nunatak.learning.training_data import TrainingData
from nunatak.learning.validator import Validator, find_on_all
from nunatak.learning.working_images import WorkingImage
from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.training.config import TrainingConfig, TrainingPrecision
from nunatak.training.loop import fit
from nunatak.training.prefetch import prefetched
from nunatak.training.progress import Fitted, Progress

_log = logging.getLogger(__name__)

ENOUGH_LABELS = 20
"""Held-out labels from which on they speak for more than themselves."""

BATCH_WORKERS = 2
"""Threads that make batches ahead of a GPU."""

MOST_EXAMPLES = 6
"""Micrographs of the training that are looked at where none were kept aside."""


class TrainingRun:
    """One training from its start to its model.

    Parameters
    ----------
    start
        Network to train, and the header that the result inherits.
    data
        What to learn from.
    settings
        How.
    fabric
        Where, from `nunatak.training.devices.open_fabric`.
    precision
        Of the convolutions.

    Attributes
    ----------
    ahead : float or None
        After `fit`: in which share of draws of the held-out labels the trained weights were
        ahead of the start; None where the two were not compared.
    is_calibrated : bool
        After `model`: whether the thresholds rest on the user's labels.
    """

    def __init__(
        self,
        start: DetectorModel,
        data: TrainingData,
        settings: LearningSettings,
        fabric: Fabric,
        *,
        precision: TrainingPrecision,
    ) -> None:
        self.ahead: float | None = None
        self.is_calibrated = False
        self._start, self._data, self._settings = start, data, settings
        self._fabric = fabric
        labels = sum(len(image.positives_px) for image in data.training)
        self._config = TrainingConfig(
            steps=settings.steps or training_steps(labels),
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate or learning_rate(labels),
            weight_decay=settings.weight_decay,
            schedule=settings.schedule,
            averaging=settings.averaging,
            gradient_clip=settings.gradient_clip,
            precision=precision,
            validate_every=settings.validate_every,
            patience=settings.patience,
            checkpoint_every=settings.validate_every,
        )
        self._task = self._make_task()
        self._validator = Validator(
            data.validation, data.particles, device=fabric.device, seed=settings.seed
        )
        self.ahead_asked = sureness_asked(self._validator.n_labels)

    def fit(
        self,
        folder: Path,
        *,
        redo: bool,
        on_begin: Callable[[], None],
        on_progress: Callable[[Progress], None] | None,
    ) -> Fitted[nn.Module]:
        """Train, or go on with a training that was stopped.

        Parameters
        ----------
        folder
            For checkpoints and metrics.
        redo
            Start over.
        on_begin
            Called before the first step, once it is clear that the folder holds no other training.
        on_progress
            Called after every step.
        """
        task: Any = self._task  # batches of one kind for a loss of that kind
        start = copy.deepcopy(self._task.module).eval()
        # A GPU need not wait for its batches; on a processor they would only compete with it.
        workers = 0 if self._fabric.device.type == "cpu" else BATCH_WORKERS
        with prefetched(task.batch_at, last=self._config.steps, workers=workers) as batch_at:
            fitted: Fitted[nn.Module] = fit(
                task.module,
                batch_at,
                task.loss,
                self._config,
                fabric=self._fabric,
                seed=self._settings.seed,
                folder=folder,
                resume=not redo,
                fingerprint=self._fingerprint(),
                validate=self._average_precision if self._validator.images else None,
                on_begin=on_begin,
                on_step=on_progress or (lambda progress: None),
            )
        if self._settings.start is None or fitted.step == 0:
            return fitted
        if not self._validator.images:
            return self._unless_worse(start, fitted)
        return self._better_of(start, fitted)

    def model(self, fitted: Fitted[nn.Module], *, name: str, diameter_A: float) -> DetectorModel:
        """Return the trained detector with its thresholds and provenance.

        Parameters
        ----------
        fitted
            From `fit`.
        name
            For people.
        diameter_A
            Of the particle.
        """
        model = trained_model(
            self._task.detector(fitted.network),
            fitted,
            start=self._start,
            data=self._data,
            settings=self._settings,
            validator=self._validator,
            name=name,
            diameter_A=diameter_A,
        )
        inherited = self._start.header.threshold_table
        self.is_calibrated = model.header.threshold_table not in ((), inherited)
        return model

    def examples(self, model: DetectorModel) -> list[tuple[WorkingImage, Found]]:
        """Return what a model finds on the validation micrographs, or on some labelled ones."""
        images = self._validator.images
        if images:
            return list(zip(images, self._validator.found(model), strict=True))
        labelled = [image for image in self._data.training if len(image.positives_px)]
        images = tuple(labelled[:MOST_EXAMPLES])
        return list(zip(images, find_on_all(model, images, self._fabric.device), strict=True))

    def _make_task(self) -> ScoreMapTask | PatchTask:
        network = self._start.network.train().requires_grad_(requires_grad=True)
        rank = self._fabric.global_rank
        particles = self._data.particles.value
        if isinstance(network, PatchClassifier):
            return PatchTask(
                self._data.training, self._settings, network, particles=particles, rank=rank
            )
        return ScoreMapTask(
            self._data.training,
            self._settings,
            network,
            diameter_px=self._start.header.diameter_px,
            particles=particles,
            rank=rank,
        )

    def _detector(self, module: nn.Module) -> DetectorModel:
        return DetectorModel(self._start.header, self._task.detector(module))

    def _average_precision(self, module: nn.Module) -> float:
        return self._validator.average_precision(self._detector(module))

    def _better_of(self, start: nn.Module, fitted: Fitted[nn.Module]) -> Fitted[nn.Module]:
        """Keep the start unless the held-out labels are sure that training has helped.

        The best of several noisy validations looks better than it is; with few labels it is
        more often worse.
        """
        before, after = self._detector(start), self._detector(fitted.network)
        verdict = (0.0, 0.0)
        if self._fabric.is_global_zero:  # which has seen both before, and remembers
            verdict = (
                self._validator.share_ahead(before, after),
                self._validator.average_precision(before),
            )
        self.ahead, score_before = self._fabric.broadcast(verdict)
        _log.info("trained model ahead of its start in %.0f %% of draws", 100 * self.ahead)
        if self.ahead >= self.ahead_asked:
            return fitted
        return replace(fitted, network=start, step=0, validation=score_before)

    def _unless_worse(self, start: nn.Module, fitted: Fitted[nn.Module]) -> Fitted[nn.Module]:
        """Keep the start if it does better on the very labels that were learned from.

        They flatter what has learned from them, and prove nothing good; but a training that made
        things worse even there has failed.
        """
        labelled = self._validator.joined_by(self._data.training)
        share = 1.0
        if self._fabric.is_global_zero:
            share = labelled.share_ahead(self._detector(start), self._detector(fitted.network))
        share = self._fabric.broadcast(share)
        _log.info("trained model ahead on its own labels in %.0f %% of draws", 100 * share)
        return fitted if share >= 0.5 else replace(fitted, network=start, step=0)

    def _fingerprint(self) -> dict[str, Any]:
        """Everything the user gave that decides the course: another one is not gone on with.

        Not the estimated number of particles, which differs by a trace between processors.
        """
        data = self._data
        corrected = {} if data.shown_from is None else {"shown_from": data.shown_from}
        return {
            **corrected,
            "settings": own_settings(self._settings),
            "expected_particles": data.expected_particles,
            "contrast": data.contrast,
            "training": [_described(image) for image in data.training],
            "validation": [_described(image) for image in data.validation],
        }


def refuse_without_effect(settings: LearningSettings, network: DetectorNetwork) -> None:
    """Refuse settings that were made for another kind of network.

    Raises
    ------
    UsageError
        If a setting would change nothing.
    """
    on_patches = isinstance(network, PatchClassifier)
    name = type(network).__name__
    if settings.autoencoder_weight > 0 and not on_patches:
        raise UsageError(
            f"autoencoder_weight: there is no autoencoder for {name}, only for patch classifiers "
            "such as ResNet8. Leave it out, or choose another network."
        )
    if settings.teacher and on_patches:
        raise UsageError(
            f"teacher: there is none for {name}, which learns from single patches. Leave it out, "
            "or choose another network."
        )
    if settings.anchor and (on_patches or settings.start is None):
        raise UsageError(
            "anchor: only a score-map network that was trained before can be kept near its start. "
            "Leave it out, or give a start."
        )


def sureness_asked(held_out_labels: int) -> float:
    """Return in which share of draws of the labels a trained model must be ahead of its start.

    The step was chosen by these very labels. The fewer they are, the more often the best of
    several validations is chance, and the more is asked for.
    """
    return 0.75 if held_out_labels >= ENOUGH_LABELS else 0.95


def _described(image: WorkingImage) -> list[Any]:
    """Name, size and labels of an image: JSON values."""
    labels = hashlib.sha256()
    for places in (image.positives_px, image.negatives_px):
        labels.update(f"{len(places)} ".encode() + places.tobytes())
    if image.regions is not None:
        for mask in (image.regions.excluded, image.regions.complete):
            labels.update(np.packbits(mask).tobytes())
    size = " x ".join(str(length) for length in image.image.shape[::-1])
    return [image.name, size, f"labels {labels.hexdigest()[:12]}"]
