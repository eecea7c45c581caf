"""Optimise a network on tomograms and make a model of it."""

import platform
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import nn

from nunatak import __version__
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import VolumeModel
from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.images.normalise_volume import VERSION
from nunatak.learning.own_settings import own_settings
from nunatak.learning.record import write_record
from nunatak.learning.volumes.volume_data import MOST_COUNTED, VolumeTrainingData
from nunatak.learning.volumes.volume_expectation import expected_numbers
from nunatak.learning.volumes.volume_settings import LabelsAre, VolumeLearningSettings
from nunatak.learning.volumes.volume_start import VolumeStart, start_thresholds
from nunatak.learning.volumes.volume_task import VolumeTask
from nunatak.learning.volumes.volume_validation import (
    SCORE_FLOOR,
    ClassFigures,
    VolumeValidator,
    by_themselves,
    peaks_in,
    placed,
    thresholds_by_number,
)
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.networks.interface import DetectorNetwork
from nunatak.sampling import evenly
from nunatak.training.config import TrainingPrecision
from nunatak.training.loop import fit
from nunatak.training.prefetch import prefetched
from nunatak.training.progress import Fitted, Progress

BATCH_WORKERS = 4
"""Threads that make batches ahead of a GPU: a turned crop takes longer than a step there."""

MOST_EXAMPLES = 2
"""Tomograms kept to look at: they stay in memory as long as the result does."""


class VolumeTrainingRun:
    """One training from its start to its model.

    Parameters
    ----------
    start
        Network to train.
    data
        What to learn from.
    settings
        How, chosen for the labels (`VolumeLearningSettings.for_labels`).
    diameters_A
        Of the classes, by name, in the order of the network's heatmaps.
    labels_are
        ``"complete"`` or ``"sparse"``.
    given
        Particles of each class in a tomogram, as the user said; None counts labels.
    inverted
        Whether dark and light were exchanged for the network.
    classes_compete
        Whether picks of two classes claim a place (`VolumeValidator`).
    fabric
        Where, from `nunatak.training.devices.open_fabric`.
    precision
        Of the convolutions.
    """

    def __init__(
        self,
        start: VolumeStart,
        data: VolumeTrainingData,
        settings: VolumeLearningSettings,
        fabric: Fabric,
        *,
        diameters_A: Mapping[str, float],
        labels_are: LabelsAre,
        given: NDArray[np.float64] | None,
        precision: TrainingPrecision,
        inverted: bool = False,
        classes_compete: bool = True,
    ) -> None:
        self._start, self._data, self._settings, self._fabric = start, data, settings, fabric
        self._diameters_A, self._labels_are = dict(diameters_A), labels_are
        self._radius_px = [size_A / 2 / start.voxel_size_A for size_A in diameters_A.values()]
        self._expected = expected_numbers(given, data.training, len(diameters_A))
        self._config = settings.training_config(precision)
        self._task = VolumeTask(
            data.training,
            settings,
            start.network.train().requires_grad_(requires_grad=True),
            radius_px=self._radius_px,
            expected=self._expected,
            held_out=data.validation,
            rank=fabric.global_rank,
        )
        self._validator = VolumeValidator(
            data.validation,
            self._radius_px,
            device=fabric.device,
            classes_compete=classes_compete,
        )
        self._depends_on = {
            "settings": settings.model_dump(mode="json"),
            "labels_are": labels_are,
            "diameters_A": self._diameters_A,
            "voxel_size_A": start.voxel_size_A,
            "expected": None if given is None else given.tolist(),
            "training": [volume.described() for volume in data.training],
            "validation": [volume.described() for volume in data.validation],
            # Named only where it is so: earlier checkpoints are gone on with.
            **({"contrast": "inverted"} if inverted else {}),
        }

    def fit(
        self,
        folder: Path,
        *,
        output: Path,
        redo: bool,
        on_progress: Callable[[Progress], None] | None,
    ) -> Fitted[nn.Module]:
        """Train, or go on with a training that was stopped.

        Parameters
        ----------
        folder
            For checkpoints, metrics and the record.
        output
            Model file that is to be written, for the record.
        redo
            Start over.
        on_progress
            Called after every step.
        """
        task = self._task
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
                head=task.head,
                folder=folder,
                resume=not redo,
                fingerprint={**self._depends_on, "settings": own_settings(self._settings)},
                validate=self._average_precision if self._validator.volumes else None,
                on_begin=lambda: write_record(
                    folder,
                    {
                        "output": str(output),
                        "images": "tomograms",
                        **self._record(),
                        "failures": [[one.image, one.reason] for one in self._data.failures],
                    },
                ),
                on_step=on_progress or (lambda progress: None),
            )
        return fitted

    def model(
        self, fitted: Fitted[nn.Module], *, name: str
    ) -> tuple[VolumeModel, dict[str, ClassFigures]]:
        """Return the trained detector with its thresholds and provenance, and how good it is.

        Parameters
        ----------
        fitted
            From `fit`.
        name
            For people.
        """
        network = deepcopy(self._task.detector(fitted.network)).eval()
        network.requires_grad_(requires_grad=False)
        counted: Sequence[WorkingVolume] = ()
        elsewhere = None
        if not self._validator.holds_every_class:
            counted = self._countable()
            elsewhere = self._unjudged(network, counted)
        figures = self._validator.figures(network, elsewhere)
        header = VolumeModelHeader(
            name=name,
            network=self._start.spec,
            classes=tuple(
                VolumeClass(
                    name=class_,
                    diameter_A=diameter_A,
                    threshold=one.threshold,
                    threshold_table=one.table,
                )
                for (class_, diameter_A), one in zip(
                    self._diameters_A.items(), figures, strict=True
                )
            ),
            voxel_size_A=self._start.voxel_size_A,
            normalisation=VERSION,
            contrast=self._start.contrast,
            score_floor=SCORE_FLOOR,
            provenance=self._provenance(fitted, counted),
        )
        reached = dict(zip(self._diameters_A, figures, strict=True))
        return VolumeModel(header, network), reached if self._validator.volumes else {}

    def examples(self, model: VolumeModel) -> list[tuple[WorkingVolume, VolumeCandidates]]:
        """Return what a model finds in validation tomograms, or in labelled ones, to look at."""
        volumes = self._data.validation or self._data.training
        labelled = [volume for volume in volumes if len(volume.centres_px)]
        shown = sorted(labelled, key=lambda volume: -len(volume.centres_px))[:MOST_EXAMPLES]
        found = self._peaks(shown, model.network)
        thresholds = [one.threshold for one in model.header.classes]
        kept = [placed(one, thresholds, self._radius_px) for one in found]
        return list(zip(shown, kept, strict=True))

    def _peaks(
        self, volumes: Sequence[WorkingVolume], network: DetectorNetwork
    ) -> list[VolumeCandidates]:
        return peaks_in(volumes, network, len(self._radius_px), device=self._fabric.device)

    def _average_precision(self, module: nn.Module) -> float:
        return self._validator.average_precision(self._task.detector(module))

    def _countable(self) -> Sequence[WorkingVolume]:
        """Tomograms that say how many candidates a threshold lets pass.

        Not those whose particles are all labelled: their particles' scores, which the network
        knows by heart, are higher than any others will be.
        """
        others = [volume for volume in self._data.training if not volume.is_complete]
        some = [others[index] for index in evenly(len(others), MOST_COUNTED)]
        return self._data.counting or some

    def _unjudged(self, network: DetectorNetwork, counted: Sequence[WorkingVolume]) -> list[float]:
        """Choose thresholds of classes that no tomogram kept aside holds."""
        if not counted:
            return start_thresholds(self._start, self._diameters_A)
        mean_size = np.mean([volume.voxels.size for volume in self._data.training])
        share = np.mean([volume.voxels.size for volume in counted]) / mean_size
        each = by_themselves(self._peaks(counted, network), self._radius_px)
        return list(thresholds_by_number(each, self._expected * share))

    def _record(self) -> dict[str, Any]:
        """Put together what was asked for and found before the first step: JSON values."""
        volumes = (*self._data.training, *self._data.validation)
        total = float(self._expected.sum())
        return {
            **self._depends_on,
            "training": [volume.name for volume in self._data.training],
            "validation": [volume.name for volume in self._data.validation],
            "labels": {
                "n_positive": sum(len(volume.centres_px) for volume in volumes),
                "n_labelled": sum(volume.is_labelled for volume in volumes),
                "n_micrographs": len(volumes),
                "source": f"{self._labels_are} labels in tomograms",
            },
            "particles": {"value": total, "low": total, "high": total},
            "expected": dict(zip(self._diameters_A, self._expected.tolist(), strict=True)),
        }

    def _provenance(
        self, fitted: Fitted[nn.Module], counted: Sequence[WorkingVolume]
    ) -> dict[str, Any]:
        origin = None
        if self._start.model is not None:
            # With its own provenance: on what a model was trained before belongs to its history.
            origin = {
                "name": self._start.model.header.name,
                "sha256": self._start.model.sha256,
                "provenance": self._start.model.header.provenance,
            }
        return {
            **self._record(),
            "start": origin,
            "validation_figures": {
                "average_precision": fitted.validation,
                "best_step": fitted.step,
            },
            "thresholds_counted_in": [volume.name for volume in counted],
            "nunatak": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "date": datetime.now(UTC).date().isoformat(),
        }
