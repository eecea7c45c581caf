"""Train a detector from labels: from ten clicks upwards."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from nunatak.detection.contrast import Side
from nunatak.detection.cut_particles import CUT_LOGIT
from nunatak.detection.header import ModelHeader
from nunatak.detection.job import torch_threads
from nunatak.detection.model import SUFFIX, DetectorModel, load_model, save_model
from nunatak.detection.precision import choose_device, training_precision
from nunatak.errors import UsageError
from nunatak.files import require_reachable
from nunatak.images import mixture, normalise
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_list import MicrographList
from nunatak.learning.gathering import WorkingSize
from nunatak.learning.idle_negatives import with_idle_negatives
from nunatak.learning.labels.reader import LabelSource
from nunatak.learning.labels.reading import LabelReading
from nunatak.learning.record import write_record
from nunatak.learning.regions import Regions
from nunatak.learning.result import TrainingResult
from nunatak.learning.settings import LearningSettings
from nunatak.learning.training_data import TrainingData, prepare_training_data
from nunatak.learning.training_run import TrainingRun, refuse_without_effect
from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.networks.registry import build
from nunatak.training.devices import open_fabric
from nunatak.training.folder import training_folder
from nunatak.training.metrics import METRICS, read_metrics
from nunatak.training.progress import Progress

GENERAL_MODEL = "general-2d"
"""Looks at micrographs and labels before anything is learned from them."""

_NORMALISATIONS = {"background": normalise.VERSION, "mixture": mixture.VERSION}


def train(
    micrographs: MicrographList | Iterable[str | PathLike[str]],
    labels: LabelSource,
    *,
    output: str | PathLike[str],
    diameter_A: float,
    reading: LabelReading | None = None,
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    expected_particles: float | None = None,
    validation_micrographs: Sequence[str | PathLike[str]] | None = None,
    regions: Mapping[str, Regions] = MappingProxyType({}),
    shown_from: float | None = None,
    contrast: Side | None = None,
    settings: LearningSettings | None = None,
    device: str = "auto",
    processes: int = 1,
    threads: int | None = None,
    redo: bool = False,
    overwrite: bool = False,
    on_data: Callable[[TrainingData], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> TrainingResult:
    """Train a detector from labelled particles and unlabelled micrographs.

    Places without a label are not taken for empty. The model that is written is never one that
    its own validation ranks below the start.

    When the same call is made again, a training that was stopped is continued where it ended:
    its checkpoints lie in a folder beside the output.

    Parameters
    ----------
    micrographs
        As for `nunatak.pick`; those without labels help too.
    labels
        Particles: a file or folder in any pick format, or a table.
    output
        Model file to write, ``*.safetensors``.
    diameter_A
        Particle diameter (longest extent), Å.
    reading
        Format, unit and orientation of files of labels that do not say them.
    pixel_size_A, override_pixel_size
        As for `nunatak.pick`.
    expected_particles
        In a micrograph. Default: estimated from the labels and the general model.
    validation_micrographs
        To keep aside. Default: a share of the labelled ones, whole (see the settings).
    regions
        By micrograph, as it is named in the list: parts that are left out, or in which all
        particles are labelled.
    shown_from
        Where the labels are corrections of the general model's picks: the score from which on
        these were shown. None: the labels are a random sample of the particles.
    contrast
        Of the particles as stored; None to find out.
    settings
        How to learn.
    device, threads
        As for `nunatak.pick`.
    processes
        That train together, each on a device of its own.
    redo
        Start over, and replace an output that exists.
    overwrite
        Replace an output that exists, but go on with a training that was stopped.
    on_data
        Called once everything is read and checked, before the first step.
    on_progress
        Called after every step.

    Returns
    -------
    TrainingResult

    Raises
    ------
    UsageError
        If the output exists, or options contradict each other.
    BadInput
        If micrographs or labels cannot be used; `Mismatch` if they contradict each other, or
        what the folder beside the output holds.
    ResourceError
        If something cannot be written.
    Interrupted
        If the process is asked to stop; what was done is kept.

    Examples
    --------
    >>> import nunatak
    >>> result = nunatak.train(  # doctest: +SKIP
    ...     ["micrographs/*.mrc"], "labels.star", output="bgal.safetensors", diameter_A=180
    ... )
    """
    settings = settings or LearningSettings()
    output = Path(output)
    check_output(output, replace=redo or overwrite)
    listed = (
        micrographs if isinstance(micrographs, MicrographList) else list_micrographs(micrographs)
    )
    with torch_threads(threads):
        start, general = _start_and_general_model(settings)
        # From here on every process goes the same way; the first alone writes and reports.
        on_device = choose_device(device)
        precision = training_precision(on_device)
        fabric = open_fabric(on_device, precision=precision, process_count=processes)
        data = prepare_training_data(
            listed,
            labels,
            reading=reading or LabelReading(),
            general=general,
            size=WorkingSize(
                diameter_A=diameter_A,
                diameter_px=start.header.diameter_px,
                normalisation=start.header.normalisation,
                contrast=start.header.contrast,
                pixel_size_A=pixel_size_A,
                override_pixel_size=override_pixel_size,
            ),
            settings=settings,
            contrast=contrast,
            expected_particles=expected_particles,
            validation=None
            if validation_micrographs is None
            else [Path(path) for path in validation_micrographs],
            device=str(fabric.device),
            regions=regions,
            shown_from=shown_from,
        )
        data = replace(data, report=with_idle_negatives(data.report, start.network))
        if on_data is not None and fabric.is_global_zero:
            on_data(data)
        run = TrainingRun(start, data, settings, fabric, precision=precision)
        folder = training_folder(output)
        asked = _asked(output, diameter_A, settings, data)
        fitted = run.fit(
            folder,
            redo=redo,
            on_begin=lambda: write_record(folder, asked),
            on_progress=on_progress,
        )
        model = run.model(fitted, name=output.stem, diameter_A=diameter_A)
        examples = run.examples(model)
        if fabric.is_global_zero:
            save_model(model, output)
        fabric.barrier()
    metrics = tuple(read_metrics(folder / METRICS))
    return TrainingResult(
        model=load_model(output),
        output=output,
        folder=folder,
        contrast=data.contrast,
        labels=data.report,
        particles=data.particles,
        training=tuple(image.name for image in data.training),
        validation=tuple(image.name for image in data.validation),
        failures=data.failures,
        best_step=fitted.step,
        last_step=fitted.last_step,
        ahead=run.ahead,
        ahead_asked=run.ahead_asked,
        is_calibrated=run.is_calibrated,
        validation_score=fitted.validation,
        examples=tuple(examples),
        metrics=metrics,
        seconds=metrics[-1].seconds if metrics else 0.0,
        asked_aside=data.asked_aside,
    )


def _asked(
    output: Path, diameter_A: float, settings: LearningSettings, data: TrainingData
) -> dict[str, Any]:
    """Put together what the training's record says: JSON values."""
    return {
        "output": str(output.absolute()),
        "diameter_A": diameter_A,
        "settings": settings.model_dump(mode="json"),
        "contrast": data.contrast,
        "particles": asdict(data.particles),
        "labels": data.report.to_dict(),
        "training": [image.name for image in data.training],
        "validation": [image.name for image in data.validation],
        "failures": [[failure.image, failure.reason] for failure in data.failures],
    }


def check_output(output: Path, *, replace: bool) -> None:
    """Refuse now what could not be written in the end.

    Raises
    ------
    UsageError
        If it is no name of a model file, cannot be reached, or exists and is not to be replaced.
    """
    if output.suffix != SUFFIX:
        raise UsageError(f"{output}: a model file ends in {SUFFIX}. Give such a name.")
    require_reachable(output)
    if output.exists() and not replace:
        raise UsageError(
            f"{output} exists. Give another name with --output, or --redo to train anew and "
            "replace it."
        )


def _start_and_general_model(settings: LearningSettings) -> tuple[DetectorModel, DetectorModel]:
    """Return the model to train, and the one that looks at the data before."""
    start = _from_scratch(settings) if settings.start is None else load_model(settings.start)
    if len(start.header.classes) > 1:
        raise UsageError(
            f"{start.header.name} scores {len(start.header.classes)} kinds of particles; training "
            "is for models of one kind. Start from another model."
        )
    refuse_without_effect(settings, start.network)
    return start, load_model(GENERAL_MODEL)


def _from_scratch(settings: LearningSettings) -> DetectorModel:
    """Return a network with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = build(settings.network)
    header = ModelHeader(
        name="untrained",
        network=settings.network,
        diameter_px=settings.diameter_px,
        output_stride=network.output_stride,
        normalisation=_NORMALISATIONS[settings.normalisation],
        # A patch classifier is trained on places at the edges, too, and learns what is wanted
        # there; cells beyond the edge of a crop are ignored.
        cut_logit=0.0 if isinstance(network, PatchClassifier) else CUT_LOGIT,
    )
    return DetectorModel(header, network)
