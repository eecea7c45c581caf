"""Train a detector for tomograms: many classes, few labels."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from nunatak.detection.contrast import Side
from nunatak.detection.job import torch_threads
from nunatak.detection.precision import choose_device, training_precision
from nunatak.detection.volumes.volume_model import load_volume_model, save_volume_model
from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.errors import UsageError
from nunatak.images.axis_order import AxisOrder
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.learning.labels.words import NEGATIVE_CLASSES
from nunatak.learning.train import check_output
from nunatak.learning.volumes.volume_contrast import contrast_finding
from nunatak.learning.volumes.volume_data import VolumeReading, gather_volumes
from nunatak.learning.volumes.volume_expectation import check_possible, checked_expectation
from nunatak.learning.volumes.volume_extent import refuse_tiny_particles
from nunatak.learning.volumes.volume_idle import idle_findings, learns_unlabelled
from nunatak.learning.volumes.volume_label_set import (
    VolumeLabelSet,
    require_particles,
    sorted_labels,
)
from nunatak.learning.volumes.volume_result import VolumeTrainingResult
from nunatak.learning.volumes.volume_scratch import VolumeScratch
from nunatak.learning.volumes.volume_settings import LabelsAre, VolumeLearningSettings
from nunatak.learning.volumes.volume_start import volume_start
from nunatak.learning.volumes.volume_training_run import VolumeTrainingRun
from nunatak.learning.volumes.volume_unlabelled import known_without_labels, unlabelled_findings
from nunatak.learning.volumes.volume_validation import ClassFigures
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.networks.interface import DetectorNetwork
from nunatak.picks.formats import read_picks
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet
from nunatak.picks.tomogram_facts import TomogramFacts
from nunatak.training.devices import open_fabric
from nunatak.training.folder import training_folder
from nunatak.training.metrics import METRICS, read_metrics
from nunatak.training.progress import Progress

_log = logging.getLogger(__name__)

LEAST_COARSE_VOXELS = 4
"""On a side of a crop, at the coarsest level of the network. On a coarsest level of 2³ voxels
oneDNN, as of torch 2.13, computes gradients of bfloat16 weights from memory that nobody wrote."""


def train_tomograms(
    tomograms: MicrographList | Iterable[str | PathLike[str]],
    labels: PickSet | str | PathLike[str],
    *,
    output: str | PathLike[str],
    diameters_A: Mapping[str, float],
    voxel_size_A: float | None = None,
    labels_are: LabelsAre = "sparse",
    expected_particles: Mapping[str, float] | None = None,
    validation_tomograms: Sequence[str] | None = None,
    contrast: Side = "dark",
    stored_voxel_size_A: float | None = None,
    override_voxel_size: bool = False,
    axis_order: AxisOrder | None = None,
    labels_format: str | None = None,
    facts: TomogramFacts | None = None,
    settings: VolumeLearningSettings | None = None,
    device: str = "auto",
    processes: int = 1,
    threads: int | None = None,
    redo: bool = False,
    overwrite: bool = False,
    on_labels: Callable[[VolumeLabelSet], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> VolumeTrainingResult:
    """Train a detector from labelled particles of one class or more.

    When the same call is made again, a training that was stopped is continued where it ended:
    its checkpoints lie in a folder beside the output.

    Parameters
    ----------
    tomograms
        Files, folders, patterns, lists or a copick project (`list_tomograms`). Those without
        labels take part where the settings can make use of them: with a teacher, or an
        objective other than focal. One that cannot be read takes no part (see the result's
        ``failures``).
    labels
        Particles: a file or folder in any format for tomograms, or a table. A tomogram of
        ``PickSet.images`` without a row is one in which nothing was found. Classes named junk,
        negative and the like, and rows that a person marked as not selected, are places known to
        be no particle (see `nunatak.learning.labels.told_apart.told_apart`).
    output
        Model file to write, ``*.safetensors``.
    diameters_A
        Particle diameter (longest extent) of each class by its name, Å. Every class needs labels,
        but for those of the model that a training with sparse labels starts from.
    voxel_size_A
        At which the network works, Å. Default: that of the start, or 10.
    labels_are
        ``"sparse"``: a place without a label may hold a particle. ``"complete"``: in a labelled
        tomogram all particles are labelled, and whatever has no label is learned as empty.
    expected_particles
        In a tomogram, by class: needed with sparse labels. Default: as many as in the completely
        labelled ones.
    validation_tomograms
        Names of labelled tomograms to keep aside; their labels are taken for complete. Default:
        a share of the labelled ones where labels are complete (see the settings), but none that
        hold all labels of a class.
    contrast
        Of the particles as stored.
    stored_voxel_size_A, override_voxel_size, axis_order
        As in `nunatak.images.tomogram_reader.read_tomogram`, for all tomograms.
    labels_format, facts
        What files of labels leave unsaid, as in `nunatak.read_picks`. Where several users or
        sessions of a copick project picked one object in a tomogram, it has to say whose are
        meant.
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
    on_labels
        Called once the labels are read and checked, before the tomograms are read.
    on_progress
        Called after every step.

    Returns
    -------
    VolumeTrainingResult

    Raises
    ------
    UsageError
        If the output exists, or options contradict each other or the labels.
    BadInput
        If tomograms or labels cannot be used; `Mismatch` if they contradict each other, or what
        the folder beside the output holds.
    ResourceError
        If something cannot be written.
    Interrupted
        If the process is asked to stop; what was done is kept.

    Examples
    --------
    >>> result = train_tomograms(  # doctest: +SKIP
    ...     ["tomograms/*.mrc"], "labels.star", output="cell.safetensors",
    ...     diameters_A={"ribosome": 300.0, "apoferritin": 120.0},
    ... )
    """
    settings = settings or VolumeLearningSettings()
    output, classes = Path(output), tuple(diameters_A)
    if isinstance(labels, PickSet):
        require_particles(labels)
    _check_options(output, diameters_A, voxel_size_A, replace=redo or overwrite)
    given = checked_expectation(
        expected_particles, classes, labels_are=labels_are, settings=settings
    )
    listed = tomograms if isinstance(tomograms, MicrographList) else list_tomograms(tomograms)
    start = volume_start(settings, diameters_A, voxel_size_A=voxel_size_A)
    _check_crop(settings, start.network, max(diameters_A.values()) / start.voxel_size_A)
    images = ImageCatalogue.of_tomograms(
        listed, stored_voxel_size_A, override=override_voxel_size, axis_order=axis_order
    )
    labels = _as_picks(labels, labels_format, images, facts)
    are_complete, inverted = labels_are == "complete", contrast != start.contrast
    with torch_threads(threads), VolumeScratch(output.absolute().parent) as scratch:
        on_device = choose_device(device)
        precision = training_precision(on_device)
        fabric = open_fabric(on_device, precision=precision, process_count=processes)
        usable = sorted_labels(labels, listed, images, diameters_A, are_complete=are_complete)
        refuse_tiny_particles(diameters_A, usable, images)
        n_given = len({one.name for one in listed} - {one.image for one in usable.failures})
        settings = settings.for_labels(labels_are, with_unlabelled=n_given > len(usable.tomograms))
        known = known_without_labels(start, are_complete=are_complete)
        source = str(labels.source or "the labels")
        doubts = unlabelled_findings(usable, source=source, known=known)
        doubts += idle_findings(settings, labels_are, given=n_given, usable=usable)
        if given is not None:
            sizes_A = list(diameters_A.values())
            doubts += check_possible(given, usable, images, sizes_A, tomograms=n_given)
        usable = replace(usable, findings=(*usable.findings, *doubts))
        if on_labels is not None and fabric.is_global_zero:
            on_labels(usable)
        data = gather_volumes(
            listed,
            usable.tomograms,
            VolumeReading(
                working_voxel_size_A=start.voxel_size_A,
                voxel_size_A=stored_voxel_size_A,
                override_voxel_size=override_voxel_size,
                axis_order=axis_order,
                inverted=inverted,
                scratch=scratch,
            ),
            are_complete=are_complete,
            with_unlabelled=learns_unlabelled(settings),
            validation_share=settings.validation_share,
            validation=validation_tomograms,
            seed=settings.seed,
            classes=usable.classes,
            failures=usable.failures,
        )
        radius_px = [size_A / 2 / start.voxel_size_A for size_A in diameters_A.values()]
        read = (*data.training, *data.validation)
        odd = contrast_finding(read, radius_px, stored=contrast, shown=start.contrast)
        if odd is not None:
            usable = replace(usable, findings=(*usable.findings, odd))
            if fabric.is_global_zero:
                _log.warning("%s", odd)
        run = VolumeTrainingRun(
            start,
            data,
            settings,
            fabric,
            diameters_A=diameters_A,
            labels_are=labels_are,
            given=given,
            precision=precision,
            inverted=inverted,
        )
        folder = training_folder(output)
        fitted = run.fit(folder, output=output.absolute(), redo=redo, on_progress=on_progress)
        figures: dict[str, ClassFigures] = {}
        examples: list[tuple[WorkingVolume, VolumeCandidates]] = []
        if fabric.is_global_zero:
            model, figures = run.model(fitted, name=output.stem)
            save_volume_model(model, output)
            examples = [(_in_memory(volume), found) for volume, found in run.examples(model)]
        fabric.barrier()
    metrics = tuple(read_metrics(folder / METRICS))
    return VolumeTrainingResult(
        model=load_volume_model(output),
        output=output,
        folder=folder,
        training=tuple(volume.name for volume in data.training),
        validation=tuple(volume.name for volume in data.validation),
        figures=figures,
        best_step=fitted.step,
        last_step=fitted.last_step,
        validation_score=fitted.validation,
        metrics=metrics,
        seconds=metrics[-1].seconds if metrics else 0.0,
        first_lesson=settings.first_lesson if settings.teacher else None,
        findings=usable.findings,
        failures=data.failures,
        examples=tuple(examples),
    )


def _as_picks(
    labels: PickSet | str | PathLike[str],
    labels_format: str | None,
    images: ImageCatalogue,
    facts: TomogramFacts | None,
) -> PickSet:
    if isinstance(labels, PickSet):
        return labels
    # Labels are believed: those of a person and a program's picks must not become one set.
    of_one = replace(facts or TomogramFacts(), joins_copick_owners=False)
    return read_picks(labels, labels_format, images=images, tomograms=of_one)


def _in_memory(volume: WorkingVolume) -> WorkingVolume:
    """Return a volume that outlasts the scratch file."""
    return replace(volume, voxels=volume.voxels[:])


def _check_options(
    output: Path,
    diameters_A: Mapping[str, float],
    voxel_size_A: float | None,
    *,
    replace: bool,
) -> None:
    """Refuse now what could not be done in the end."""
    check_output(output, replace=replace)
    wrong = [name for name, size_A in diameters_A.items() if not 0 < size_A < float("inf")]
    if wrong or not diameters_A:
        raise UsageError(
            f"Diameters {dict(diameters_A)}: give that of each class by its name, in Å, positive."
        )
    reserved = [name for name in diameters_A if name.casefold().strip() in NEGATIVE_CLASSES]
    if reserved:
        raise UsageError(
            f"Diameter of {reserved[0]}: a class of this name marks places that are no particle. "
            "Leave its diameter out, or give the class another name."
        )
    if voxel_size_A is not None and not 0 < voxel_size_A < float("inf"):
        raise UsageError(f"A voxel size must be positive, but is {voxel_size_A} Å.")


def _check_crop(
    settings: VolumeLearningSettings, network: DetectorNetwork, largest_px: float
) -> None:
    """Refuse crops that the network cannot take, or that no particle fits into."""
    if settings.crop_px % network.size_multiple:
        raise UsageError(
            f"crop_px: {settings.crop_px} is no multiple of {network.size_multiple}, which this "
            "network's levels ask for. Take one that is."
        )
    if settings.crop_px < LEAST_COARSE_VOXELS * network.size_multiple:
        raise UsageError(
            f"crop_px: {settings.crop_px} leaves fewer than {LEAST_COARSE_VOXELS} voxels to this "
            f"network's coarsest level. Take {LEAST_COARSE_VOXELS * network.size_multiple} or more."
        )
    if largest_px > settings.crop_px:
        raise UsageError(
            f"crop_px: the largest particle spans {largest_px:.0f} voxels at the working voxel "
            f"size and does not fit into crops of {settings.crop_px}. Check the diameters (Å), or "
            "take larger crops or a larger voxel size."
        )
