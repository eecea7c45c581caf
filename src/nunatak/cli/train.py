"""``nunatak train``: a detector for a user's own particle, from a few labels."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nunatak.cli import console, options
from nunatak.cli.convert import OrientationChoice, UnitChoice
from nunatak.cli.training_progress import hush_other_processes, training_progress
from nunatak.errors import UsageError

if TYPE_CHECKING:
    from nunatak.detection.contrast import Side
    from nunatak.images.micrograph_list import MicrographList
    from nunatak.learning.labels.reading import LabelReading
    from nunatak.learning.result import TrainingResult

PANEL = "Learn"
EXAMPLE = "nunatak train micrographs/*.mrc --labels labels.star --diameter 180 -o model.safetensors"

LABELS = "Labels"
LEARNING = "Learning"


class ObjectiveChoice(StrEnum):
    """What the unlabelled places count for; see ``--list-objectives``."""

    PN = "pn"
    PU = "pu"
    GE_KL = "ge-kl"
    GE_BINOMIAL = "ge-binomial"


class NetworkChoice(StrEnum):
    """Networks to train from scratch."""

    UNET = "UNet"
    RESNET8 = "ResNet8"
    RESNET16 = "ResNet16"
    CONV31 = "Conv31"
    CONV63 = "Conv63"
    CONV127 = "Conv127"


class RecipeChoice(StrEnum):
    """Configurations with a name."""

    TOPAZ = "topaz"


_SIDES: dict[options.ContrastChoice, "Side"] = {
    options.ContrastChoice.DARK: "dark",
    options.ContrastChoice.LIGHT: "light",
}


def _list_objectives(wanted: bool) -> None:
    if not wanted:
        return
    from nunatak.objectives.registry import OBJECTIVES

    width = max(map(len, OBJECTIVES))
    for one in OBJECTIVES.values():
        needs = "needs the expected number of particles" if one.needs_prior else "needs no prior"
        typer.echo(f"{one.name:{width}}  {one.description}.")
        typer.echo(f"{'':{width}}  {needs}; {one.source}")
    raise typer.Exit


def train(
    micrographs: options.Images,
    *,
    labels: Annotated[
        list[Path],
        typer.Option(
            "--labels",
            "-l",
            metavar="FILE",
            help="Labelled particles: files or folders in any format of 'convert'; may be given "
            "several times. Not all particles need a label; ten will do to begin with.",
            show_default=False,
            rich_help_panel=LABELS,
        ),
    ],
    diameter_A: Annotated[
        float,
        typer.Option(
            "--diameter",
            "-d",
            metavar="Å",
            min=1.0,
            help="Particle diameter (longest extent), Å.",
            show_default=False,
            rich_help_panel=options.PARTICLE,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Model to write, .safetensors. The checkpoints and the course of the training "
            "lie beside it, in a folder that ends in .training.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ],
    labels_format: Annotated[
        str | None,
        typer.Option(
            "--labels-format",
            metavar="FORMAT",
            help="Format of the labels. Default: told by name and content.",
            show_default=False,
            rich_help_panel=LABELS,
        ),
    ] = None,
    labels_binning: Annotated[
        float | None,
        typer.Option(
            "--labels-binning",
            metavar="N",
            help="Pixels of the micrographs per pixel of the labels. Default: 1.",
            show_default=False,
            rich_help_panel=LABELS,
        ),
    ] = None,
    labels_image_size: Annotated[
        str | None,
        typer.Option(
            "--labels-image-size",
            metavar="NXxNY",
            help="Size of the images that the labels count on, pixels, instead of "
            "--labels-binning: exact where sizes do not divide.",
            show_default=False,
            rich_help_panel=LABELS,
        ),
    ] = None,
    labels_unit: Annotated[
        UnitChoice,
        typer.Option("--labels-unit", help="Unit of the labels.", rich_help_panel=LABELS),
    ] = UnitChoice.PIXELS,
    labels_orientation: Annotated[
        OrientationChoice | None,
        typer.Option(
            "--labels-orientation",
            help="How the axes of the labels relate to the micrographs. Default: the format's "
            "convention (flip-y for cryosparc and cryoppp).",
            show_default=False,
            rich_help_panel=LABELS,
        ),
    ] = None,
    expected_particles: Annotated[
        float | None,
        typer.Option(
            "--expected-particles",
            metavar="N",
            min=0.1,
            help="Particles in a micrograph, labelled or not, roughly. Default: estimated from "
            "the labels and the general model.",
            show_default=False,
            rich_help_panel=options.PARTICLE,
        ),
    ] = None,
    pixel_size_A: options.PixelSize = None,
    override_pixel_size: options.OverridePixelSize = False,
    contrast: options.Contrast = options.ContrastChoice.AUTO,
    validation: Annotated[
        list[str] | None,
        typer.Option(
            "--validation",
            metavar="PATH",
            help="Micrographs, of those given, to keep aside for validation: file, folder, "
            "quoted glob or list; may be given several times. Default: some with a quarter of "
            "the labels.",
            show_default=False,
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--start",
            metavar="MODEL|none",
            help="Model to go on from: a file or a shipped model's name; 'none' learns from "
            "scratch. Default: general-2d.",
            show_default=False,
            rich_help_panel=LEARNING,
        ),
    ] = None,
    objective: Annotated[
        ObjectiveChoice | None,
        typer.Option(
            "--objective",
            help="What unlabelled places count for. Default: pu.",
            show_default=False,
            rich_help_panel=LEARNING,
        ),
    ] = None,
    _list: Annotated[
        bool,
        typer.Option(
            "--list-objectives",
            callback=_list_objectives,
            is_eager=True,
            help="Explain the objectives and exit.",
            rich_help_panel=LEARNING,
        ),
    ] = False,
    teacher: Annotated[
        bool | None,
        typer.Option(
            "--teacher/--no-teacher",
            help="Whether the averaged network labels what it is sure of for its student. "
            "Default: no.",
            show_default=False,
            rich_help_panel=LEARNING,
        ),
    ] = None,
    recipe: Annotated[
        RecipeChoice | None,
        typer.Option(
            "--recipe",
            help="'topaz': the published configuration of Topaz, from scratch. The other options "
            "change it. Default: nunatak's own.",
            show_default=False,
            rich_help_panel=LEARNING,
        ),
    ] = None,
    network: Annotated[
        NetworkChoice | None,
        typer.Option(
            "--network",
            case_sensitive=False,
            help="Network to train from scratch (--start none). Default: UNet.",
            show_default=False,
            rich_help_panel=LEARNING,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            metavar="N",
            min=1,
            help="Optimiser steps at most; training ends earlier where validation no longer "
            "rises. Default: 100 to 400, by the number of labels, or 600 with --start none.",
            show_default=False,
            rich_help_panel=LEARNING,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="TOML",
            help="File with any fields of nunatak.learning.settings.LearningSettings. Options go "
            "before it, and it goes before the defaults.",
            show_default=False,
            rich_help_panel=LEARNING,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="HTML",
            help="The report to look at in a browser. Default: beside the model.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with a training that was stopped. This is what happens anyway, without "
            "--redo.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    redo: options.Redo = False,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            metavar="N",
            min=0,
            help="Seed of every random choice; one seed, one result. Default: 0.",
            show_default=False,
            rich_help_panel=options.COMPUTING,
        ),
    ] = None,
    device: options.Device = "auto",
    devices: Annotated[
        int,
        typer.Option(
            "--devices",
            metavar="N",
            min=1,
            help="Train on so many GPUs, or in so many processes on the CPU.",
            rich_help_panel=options.COMPUTING,
        ),
    ] = 1,
    threads: options.Threads = None,
) -> None:
    """Train a detector from labelled particles, from ten clicks upwards.

    Places without a label are not taken for empty. Whole micrographs are kept aside to judge the
    training by, and to give the thresholds a meaning ('pick --precision'); where they do not
    show that training has helped, the start is kept.

    When the same command is given again, a training that was stopped goes on where it ended.

    Exits with 3 if some micrographs or labels could not be used, with 130 when interrupted.
    """
    from nunatak.images.inputs import list_micrographs
    from nunatak.learning.settings import LearningSettings
    from nunatak.learning.settings_file import resolved
    from nunatak.learning.summary import data_in_words, in_words
    from nunatak.learning.train import train as train_detector
    from nunatak.recipes.topaz import PUBLISHED
    from nunatak.reports.destination import check_destination
    from nunatak.reports.training import build_training_report

    if resume and redo:
        raise UsageError("--resume goes on with a training, --redo starts over. Give one of them.")
    page = report or output.with_suffix(".html")
    replace = redo and report is not None  # what was not named is not replaced unseen
    check_destination(page, redo=replace)
    settings = resolved(
        LearningSettings() if recipe is None else PUBLISHED,
        path=config,
        options={
            "start": start,
            "objective": None if objective is None else objective.value,
            "teacher": teacher,
            "network": None if network is None else network.value,
            "steps": steps,
            "seed": seed,
        },
    )
    is_first = hush_other_processes(devices)
    listed = list_micrographs(micrographs)
    for note in listed.notes:
        console.say(f"{note}.")
    reading = _reading(
        listed,
        pixel_size_A,
        format=labels_format,
        binning=labels_binning,
        image_size=labels_image_size,
        unit=labels_unit,
        orientation=labels_orientation,
    )
    console.say("Reading micrographs and labels.")
    with training_progress() as show:
        result = train_detector(
            listed,
            labels,
            output=output,
            diameter_A=diameter_A,
            reading=reading,
            pixel_size_A=pixel_size_A,
            override_pixel_size=override_pixel_size,
            expected_particles=expected_particles,
            validation_micrographs=[one.path for one in list_micrographs(validation)]
            if validation
            else None,
            contrast=_SIDES.get(contrast),
            settings=settings,
            device=device,
            processes=devices,
            threads=threads,
            redo=redo,
            on_data=lambda data: console.say(data_in_words(data)),
            on_progress=show,
        )
    if not is_first:
        return
    build_training_report(result, page, redo=replace)
    console.say(in_words(result))
    console.say(f"{page} shows the training.")
    _report_problems(result, listed)


def _reading(
    listed: "MicrographList",
    pixel_size_A: float | None,
    *,
    format: str | None,
    binning: float | None,
    image_size: str | None,
    unit: UnitChoice,
    orientation: OrientationChoice | None,
) -> "LabelReading":
    from nunatak.geometry import Orientation
    from nunatak.learning.labels.reading import LabelReading
    from nunatak.picks.context import ImageCatalogue
    from nunatak.picks.stated_grid import stated_grid

    return LabelReading(
        format=format,
        grid=stated_grid(
            binning=binning,
            image_size=image_size,
            in_angstrom=unit is UnitChoice.ANGSTROM,
            images=ImageCatalogue.listed(listed, pixel_size_A),
        ),
        orientation=None if orientation is None else Orientation(orientation.value),
    )


def _report_problems(result: "TrainingResult", listed: "MicrographList") -> None:
    failures = [(failure.image, failure.reason) for failure in result.failures]
    failures += result.labels.unusable
    known = [one.name for one in (*listed, *listed.missing)]
    total = len({*known, *(name for name, _ in failures)})
    console.report_failures(failures, total=total, unit="micrographs")
    if result.labels.exit_code:
        raise typer.Exit(result.labels.exit_code)
