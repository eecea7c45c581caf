"""``nunatak pick``: find particles in micrographs and tomograms."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import by_class, console, images_are, options, pick_tomograms, tomogram_facts
from nunatak.cli.picked import conclude

PANEL = "Pick"
EXAMPLE = "nunatak pick micrographs/*.mrc --diameter 122 -o picks.star"

SELECTION = "Selection"


class ArithmeticChoice(StrEnum):
    """Number formats of the network."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


def pick(
    micrographs: images_are.Images,
    *,
    output: options.Output,
    diameter_A: options.Diameter = None,
    min_distance_A: Annotated[
        float | None,
        typer.Option(
            "--min-distance",
            metavar="Å",
            min=0.0,
            help="Of two candidates in a micrograph closer than this, Å, only the better one is "
            "kept. Default: 0.4 diameters. In tomograms the distance is fixed: the particle's "
            "radius, half its diameter.",
            show_default=False,
            rich_help_panel=options.PARTICLE,
        ),
    ] = None,
    pixel_size_A: options.PixelSize = None,
    override_pixel_size: options.OverridePixelSize = False,
    contrast: options.Contrast = options.ContrastChoice.AUTO,
    model: options.Model = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            "-t",
            metavar="[CLASS=]SCORE",
            help="Candidates with at least this score, from 0 to 1, are selected. In tomograms "
            "also for one class, as ribosome=0.4; may be given several times. Default: the "
            "model's own.",
            show_default=False,
            rich_help_panel=SELECTION,
        ),
    ] = None,
    wanted_precision: Annotated[
        float | None,
        typer.Option(
            "--precision",
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="Instead of a threshold, the share of the selected candidates that shall be "
            "right, such as 0.9: takes the lowest threshold that promises it, in tomograms one a "
            "class.",
            show_default=False,
            rich_help_panel=SELECTION,
        ),
    ] = None,
    max_per_micrograph: Annotated[
        int | None,
        typer.Option(
            "--max-per-micrograph",
            "--max-per-tomogram",
            metavar="N",
            min=1,
            help="Select at most so many candidates in each image, the best ones. "
            "Default: no limit.",
            show_default=False,
            rich_help_panel=SELECTION,
        ),
    ] = None,
    border_A: Annotated[
        float,
        typer.Option(
            "--border",
            metavar="Å",
            min=0.0,
            help="Select no candidate whose centre is closer to the edge than this, Å. A particle "
            "that the edge cuts scores less anyway.",
            rich_help_panel=SELECTION,
        ),
    ] = 0.0,
    selected_only: Annotated[
        bool,
        typer.Option(
            "--selected-only",
            help="Write the selected candidates only. Default: all, with their scores.",
            rich_help_panel=SELECTION,
        ),
    ] = False,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="Format of the output, as in 'convert', where its suffix does not say it.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="HTML",
            help="Also write a report to look at in a browser.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    kind: images_are.ImagesAre = None,
    axis_order: pick_tomograms.AxisOrder = None,
    views: pick_tomograms.Views = pick_tomograms.ViewsChoice.ONE,
    tomograms_star: tomogram_facts.TomogramsStar = None,
    tomogram_binning: tomogram_facts.TomogramBinning = None,
    relion5_centre: tomogram_facts.Centre = tomogram_facts.CentreChoice.HALF,
    tomogram_numbers: tomogram_facts.Numbers = None,
    dynamo_index: tomogram_facts.DynamoIndex = 0,
    copick_user: tomogram_facts.AsCopickUser = None,
    copick_session: tomogram_facts.AsCopickSession = None,
    redo: options.Redo = False,
    device: options.Device = "auto",
    arithmetic: Annotated[
        ArithmeticChoice,
        typer.Option(
            help="Number format of the network. 'auto' takes the fastest that the device has "
            "units for.",
            rich_help_panel=options.COMPUTING,
        ),
    ] = ArithmeticChoice.AUTO,
    threads: options.Threads = None,
) -> None:
    """Find particles in micrographs or tomograms, from their diameter alone or with a model.

    IMAGES say which: MRC volumes, OME-Zarr folders and copick projects are tomograms, of which
    'auto' contrast means that of the model. A model for tomograms may know several classes with
    their diameters, each with a threshold of its own.

    Every candidate is written with its score; the threshold, the border and the limit only mark
    the selected ones. When the same command is given again, a run that was stopped goes on where
    it ended, and a finished one picks only images that are new or have changed. Beside the
    output lie a record of the run (.run.json) and the journal of what is finished (.journal).

    Exits with 3 if some micrographs or tomograms could not be picked.
    """
    from nunatak.detection.pick import GENERAL_MODEL
    from nunatak.detection.pick import pick as find_particles
    from nunatak.detection.summary import in_words, origin
    from nunatak.images.inputs import list_micrographs
    from nunatak.reports.destination import check_destination

    about_tomograms = pick_tomograms.TomogramOptions(
        axis_order=axis_order,
        views=views,
        tomograms_star=tomograms_star,
        binning=tomogram_binning,
        centre=relion5_centre,
        numbers=tomogram_numbers,
        dynamo_index=dynamo_index,
        copick_user=copick_user,
        copick_session=copick_session,
    )
    thresholds = by_class.parsed("--threshold", threshold or [], least=0, most=1, example="0.4")
    if images_are.picks_tomograms(micrographs, model, kind):
        pick_tomograms.refuse(
            {"--min-distance": min_distance_A is not None},
            "for micrographs, and IMAGES are tomograms. There it is the radius of each class of "
            "particles. Leave it out",
        )
        pick_tomograms.pick_tomograms(
            micrographs,
            about_tomograms,
            diameter_A=diameter_A,
            model=model,
            voxel_size_A=pixel_size_A,
            override_voxel_size=override_pixel_size,
            report=report,
            output=output,
            file_format=file_format,
            selected_only=selected_only,
            threshold=by_class.of_any_class(thresholds),
            wanted_precision=wanted_precision,
            border_A=border_A,
            max_per_tomogram=max_per_micrograph,
            contrast=None if contrast is options.ContrastChoice.AUTO else contrast.value,
            device=device,
            arithmetic=arithmetic.value,
            threads=threads,
            redo=redo,
        )
        return
    about_tomograms.refuse_for_micrographs(
        "IMAGES are micrographs" if model is None else "the model is for micrographs"
    )
    one_threshold = None
    if thresholds:
        one_threshold = by_class.of_one_kind("--threshold", thresholds, what_happens="picked")
    if report is not None:
        check_destination(report, redo=redo)
    listed = list_micrographs(micrographs)
    for note in listed.notes:
        console.say(f"{note}.")
    with console.progress("Picking", len(listed), unit="micrographs") as advance:
        result = find_particles(
            listed,
            diameter_A=diameter_A,
            model=model or GENERAL_MODEL,
            pixel_size_A=pixel_size_A,
            override_pixel_size=override_pixel_size,
            output=output,
            file_format=file_format,
            selected_only=selected_only,
            threshold=one_threshold,
            wanted_precision=wanted_precision,
            min_distance_A=min_distance_A,
            border_A=border_A,
            max_per_micrograph=max_per_micrograph,
            contrast=contrast.value,
            device=device,
            arithmetic=arithmetic.value,
            threads=threads,
            redo=redo,
            on_progress=advance,
        )
    conclude(
        result,
        listed,
        in_words=in_words(result),
        origin=origin(result),
        report=report,
        redo=redo,
        unit="micrographs",
        threshold=result.options.threshold,
        diameter_A=result.options.diameter_A,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
    )
