"""Pick particles from tomograms."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Literal

from nunatak.detection.foreseen import Foreseen
from nunatak.detection.job import by_identity, torch_threads
from nunatak.detection.journal import Journal
from nunatak.detection.output import Output
from nunatak.detection.precision import Precision
from nunatak.detection.volumes.by_diameter import for_diameter
from nunatak.detection.volumes.volume_execution import carry_out_volumes
from nunatak.detection.volumes.volume_job import VolumeJob
from nunatak.detection.volumes.volume_model import VolumeModel, load_volume_model
from nunatak.detection.volumes.volume_options import Threshold, resolved_volume_options
from nunatak.detection.volumes.volume_precision import choose_thresholds
from nunatak.detection.volumes.volume_result import VolumePickResult
from nunatak.detection.volumes.volume_scoring import VolumeScorer
from nunatak.detection.volumes.volume_views import FLIP_VIEWS, ONE_VIEW
from nunatak.errors import BadInput, UsageError
from nunatak.images.axis_order import AxisOrder
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.shapes import VolumeShape
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.picks.formats.tomograms.copick_json import FORMAT as COPICK
from nunatak.picks.formats.tomograms.relion5_star import FORMAT as RELION_5
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.tomogram_facts import TomogramFacts

GENERAL_MODEL = "general-3d"


def pick_tomograms(
    tomograms: MicrographList | Iterable[str | PathLike[str]],
    *,
    diameter_A: float | None = None,
    model: str | PathLike[str] = GENERAL_MODEL,
    voxel_size_A: float | None = None,
    override_voxel_size: bool = False,
    axis_order: AxisOrder | None = None,
    output: str | PathLike[str] | None = None,
    file_format: str | None = None,
    selected_only: bool = False,
    threshold: Threshold = None,
    wanted_precision: float | None = None,
    border_A: float = 0.0,
    max_per_tomogram: int | None = None,
    contrast: Literal["dark", "light"] | None = None,
    views: Literal[1, 8] = 1,
    device: str = "auto",
    arithmetic: Precision = "auto",
    threads: int | None = None,
    redo: bool = False,
    facts: TomogramFacts | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> VolumePickResult:
    """Find particles in tomograms: of the classes of a model, or of any kind by their diameter.

    Every candidate above the model's low floor is returned, and written, with its score; the
    thresholds, the border and the limit only mark which of them are ``selected``. A run that was
    stopped is continued as in `nunatak.detection.pick.pick`.

    Parameters
    ----------
    tomograms
        Files, OME-Zarr folders, folders, globs, text lists or copick projects (see
        `nunatak.images.tomogram_inputs.list_tomograms`), or a list made before.
    diameter_A
        Of the particles (longest extent), Å, for a model of sizes such as the default, which then
        finds them as the one class ``"particle"``. A model of kinds knows its diameters.
    model
        A model file for tomograms, or the name of one that ships with the package.
    voxel_size_A
        Å per voxel of all tomograms. Default: from their headers.
    override_voxel_size
        Let ``voxel_size_A`` win over a header that contradicts it.
    axis_order
        What the stored axes are; None asks where a shape leaves a doubt.
    output
        File or folder to write to; the suffix chooses the format. Nothing is written without.
    file_format
        Name of the output's format, where the suffix does not say it.
    selected_only
        Write the selected candidates only. The result holds all of them all the same.
    threshold
        Score from which on a candidate is selected, for all classes, or for each of some classes
        by name. Default: the model's, which are a class each.
    wanted_precision
        Instead of a threshold, the share of the selected candidates of each class that shall be
        right: takes the lowest thresholds that promise so much on the candidates found (see
        `nunatak.detection.volumes.volume_precision`). What was chosen is the result's
        ``threshold_choices``.
    border_A
        Candidates whose centre is closer to a face of the tomogram are not selected, Å.
    max_per_tomogram
        At most so many are selected in each tomogram, the best ones of all classes.
    contrast
        Particles against ice in the tomograms, ``"dark"`` or ``"light"``. Default: as in the
        model's training.
    views
        1, or 8 to average over all mirror images: slower by as much, and a little surer.
    device, arithmetic, threads
        As in `nunatak.detection.pick.pick`.
    redo
        Start over, and replace an output that exists.
    facts
        What the output's format needs to know, such as RELION's tilt series.
    on_progress
        Called with the number of tomograms finished since the last call.

    Returns
    -------
    VolumePickResult
        Candidates and failures. A tomogram that cannot be read is a failure, not an error.

    Raises
    ------
    UsageError
        If an option is impossible, a diameter is missing or one too many, the model promises no
        such precision, or the output exists and is not this program's, or was
        written with other settings.
    BadInput
        If there is no tomogram, none of them can be picked, or the model cannot be read; or if the
        output's format takes no class of such a name.
    Mismatch
        If the journal of a run with other settings lies beside the output, or the output's format
        is not told what it needs to know of each tomogram.
    ResourceError
        If the device, the memory or the disk does not suffice.
    Interrupted
        If the process is asked to stop; what was finished is kept.

    Examples
    --------
    >>> result = pick_tomograms(["TS_*.zarr"], diameter_A=250)  # doctest: +SKIP
    >>> result = pick_tomograms(["TS_*.zarr"], model="czii.safetensors")  # doctest: +SKIP
    >>> result.picks.table[["image", "x_px", "y_px", "z_px", "class_name"]]  # doctest: +SKIP
    """
    detector = _detector(model, diameter_A)
    options = resolved_volume_options(
        detector.header,
        diameter_A=diameter_A,
        threshold=threshold,
        wanted_precision=wanted_precision,
        border_A=border_A,
        max_per_tomogram=max_per_tomogram,
        contrast=contrast,
        voxel_size_A=voxel_size_A,
        override_voxel_size=override_voxel_size,
        axis_order=axis_order,
        views=views,
        device=device,
        arithmetic=arithmetic,
        threads=threads,
    )
    listed = tomograms if isinstance(tomograms, MicrographList) else list_tomograms(tomograms)
    scorer = VolumeScorer(
        detector.network,
        device=options.device,
        precision=options.arithmetic,
        views=ONE_VIEW if options.views == 1 else FLIP_VIEWS,
    )
    job = VolumeJob(detector, options, by_identity(listed), scorer)
    target = None
    if output is not None:
        target = Output.named(Path(output), file_format, selected_only=selected_only, ndim=3)
        _refuse_unknown_tilt_series(target, facts)
        _refuse_idle_owner(target, facts)
        target.check(
            job.settings,
            images=list(job.entries),
            foreseen=_foreseen(job),
            redo=redo,
            facts=facts,
        )
    with (
        torch_threads(options.threads),
        Journal(target.journal, job.settings, redo=redo) if target else nullcontext() as journal,
    ):
        result = carry_out_volumes(job, journal, missing=listed.missing, on_progress=on_progress)
        if wanted_precision is not None:
            found = result.picks.table
            result = result.with_choices(
                choose_thresholds(detector.header, wanted_precision, found)
            )
        if target is not None:
            target.write_all(
                result.picks,
                {**result.provenance, "settings": job.settings},
                shapes=result.shapes,
                pixel_sizes_A=result.voxel_sizes_A,
                diameter_A=max(kind.diameter_A for kind in detector.header.classes),
                facts=facts,
            )
            result = replace(result, output=target.path, is_output_selected=target.selected_only)
    return result


def _detector(model: str | PathLike[str], diameter_A: float | None) -> VolumeModel:
    detector = load_volume_model(model)
    if diameter_A is not None:
        return for_diameter(detector, diameter_A)
    if detector.header.classes_are == "sizes":
        raise UsageError(
            f"The model '{detector.header.name}' works for particles of any kind, by their size: "
            "say the particle's diameter in Å with --diameter."
        )
    return detector


def _foreseen(job: VolumeJob) -> Foreseen:
    """Foresee picks in the tomograms whose headers say what is needed: the others will fail."""
    options = job.options
    catalogue = ImageCatalogue.of_tomograms(
        MicrographList(tuple(replace(one, name=name) for name, one in job.entries.items())),
        options.voxel_size_A,
        override=options.override_voxel_size,
        axis_order=options.axis_order,
    )
    sizes_A: dict[str, float] = {}
    shapes: dict[str, VolumeShape] = {}
    for name in job.entries:
        with suppress(BadInput):
            size_A, shape = catalogue.pixel_size_A(name), catalogue.volume_shape(name)
            if size_A is not None:
                sizes_A[name], shapes[name] = size_A, shape
    classes = [kind.name for kind in job.model.header.classes]
    return Foreseen(sizes_A, classes, ndim=3, shapes=shapes)


def _refuse_idle_owner(target: Output, facts: TomogramFacts | None) -> None:
    """Refuse to name whose picks are written, where the format does not say it."""
    owner = (facts.as_copick_user, facts.as_copick_session) if facts else (None, None)
    if owner != (None, None) and target.format is not COPICK:
        raise UsageError(
            "--copick-user and --copick-session name whose picks are written to a copick project, "
            f"and the format of {target.path} is {target.format.title}. Leave them out, or give "
            "--to copick."
        )


def _refuse_unknown_tilt_series(target: Output, facts: TomogramFacts | None) -> None:
    """Say before the work, not after it, what RELION 5 needs to know."""
    if target.format is RELION_5 and not (facts and facts.tilt_series):
        raise UsageError(
            f"{target.path}: {target.format.title} counts from the centres of the unbinned "
            "tomograms. Give RELION's tomograms.star that lists them (--tomograms-star), or "
            "another format (--to)."
        )
