"""``nunatak convert``: picks from one program's format to another's."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import console, options, tomogram_facts
from nunatak.cli.pick_tomograms import AxisOrder

PANEL = "Convert and compare"
EXAMPLE = "nunatak convert topaz.txt -o picks.star --micrographs 'mics/*.mrc' --input-binning 8"

UNIT = "Unit and orientation"
SELECTION = "Selection"
CHECKS = "Checks"


class OrientationChoice(StrEnum):
    """How a file's axes relate to the stored image."""

    IDENTITY = "identity"
    FLIP_Y = "flip-y"
    FLIP_X = "flip-x"
    ROTATE_180 = "rotate-180"
    TRANSPOSE = "transpose"


class RuleChoice(StrEnum):
    """How a binned image was made."""

    FOURIER = "fourier"
    MEAN = "mean"


class UnitChoice(StrEnum):
    """What coordinates count."""

    PIXELS = "px"
    ANGSTROM = "angstrom"


def convert(
    picks: Annotated[
        list[Path],
        typer.Argument(
            metavar="PICKS...",
            help="Files of picks, folders of such files, AutoPick jobs, or copick projects (the "
            "folder or the configuration).",
            show_default=False,
        ),
    ],
    *,
    output: options.Output,
    from_format: options.FromFormat = None,
    to_format: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="Format of the output. Of picks on micrographs: relion-star, relion-autopick, "
            "topaz, eman-box, eman2-json, cryolo-cbox, cryosparc, csv, cryoppp or parquet. Of "
            "picks in tomograms: relion5-tomo, relion4-tomo, warp, copick, cz-ndjson, czii-csv, "
            "coords, dynamo, em-motl, imod, eman2-3d, cryolo-3d, csv or parquet. Default: by "
            "suffix.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    micrographs: options.Micrographs = None,
    image: Annotated[
        str | None,
        typer.Option(
            "--image",
            metavar="PATH",
            help="The image of a single file that belongs to one image and does not name it.",
            show_default=False,
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    pixel_size_A: options.PixelSize = None,
    override_pixel_size: options.OverridePixelSize = False,
    refined: Annotated[
        bool,
        typer.Option(
            "--refined",
            help="Subtract RELION's refined origins from the coordinates. Particles of RELION 3.0 "
            "and before need --pixel-size or --micrographs: their images may have been rescaled.",
            rich_help_panel=options.INPUT,
        ),
    ] = False,
    input_binning: Annotated[
        float | None,
        typer.Option(
            "--input-binning",
            metavar="N",
            help="Pixels of the stored image per pixel of PICKS. Must be stated for Topaz tables. "
            "A pixel size in PICKS is then that of its own, binned pixels, unless the micrographs "
            "have it themselves. Default: 1.",
            show_default=False,
            rich_help_panel=UNIT,
        ),
    ] = None,
    input_image_size: Annotated[
        str | None,
        typer.Option(
            "--input-image-size",
            metavar="NXxNY",
            help="Size of the micrographs that PICKS count on, pixels, instead of "
            "--input-binning: exact where sizes do not divide. Of picks in tomograms, give "
            "--input-binning.",
            show_default=False,
            rich_help_panel=UNIT,
        ),
    ] = None,
    input_unit: Annotated[
        UnitChoice,
        typer.Option("--input-unit", help="Unit of PICKS.", rich_help_panel=UNIT),
    ] = UnitChoice.PIXELS,
    output_binning: Annotated[
        float | None,
        typer.Option(
            "--output-binning",
            metavar="N",
            help="Pixels of the stored image per pixel of the output; a pixel size in the output "
            "is that of its pixels. Default: 1.",
            show_default=False,
            rich_help_panel=UNIT,
        ),
    ] = None,
    output_image_size: Annotated[
        str | None,
        typer.Option(
            "--output-image-size",
            metavar="NXxNY",
            help="Size of the micrographs that the output shall count on, pixels, instead of "
            "--output-binning.",
            show_default=False,
            rich_help_panel=UNIT,
        ),
    ] = None,
    binning_rule: Annotated[
        RuleChoice,
        typer.Option(
            "--binning-rule",
            help="How binned images were made: 'fourier' (also strided; Topaz, RELION) keeps the "
            "first pixel's centre, 'mean' (averaged; IMOD, crYOLO) keeps its edge.",
            rich_help_panel=UNIT,
        ),
    ] = RuleChoice.FOURIER,
    input_orientation: Annotated[
        OrientationChoice | None,
        typer.Option(
            "--input-orientation",
            help="How the axes of PICKS relate to the images; 'nunatak orientation' finds out. "
            "Default: the format's convention (flip-y for cryosparc and cryoppp).",
            show_default=False,
            rich_help_panel=UNIT,
        ),
    ] = None,
    output_orientation: Annotated[
        OrientationChoice | None,
        typer.Option(
            "--output-orientation",
            help="The same for the output.",
            show_default=False,
            rich_help_panel=UNIT,
        ),
    ] = None,
    tomograms: tomogram_facts.Tomograms = None,
    axis_order: AxisOrder = None,
    tomograms_star: tomogram_facts.TomogramsStar = None,
    tomogram_binning: tomogram_facts.TomogramBinning = None,
    relion5_centre: tomogram_facts.Centre = tomogram_facts.CentreChoice.HALF,
    tomogram_numbers: tomogram_facts.Numbers = None,
    dynamo_index: tomogram_facts.DynamoIndex = 0,
    copick_user: tomogram_facts.CopickOwner = None,
    copick_session: tomogram_facts.CopickOwnSession = None,
    box_px: options.Box = None,
    round_coordinates: Annotated[
        bool | None,
        typer.Option(
            "--round/--exact",
            help="Write whole pixels: RELION's extraction cuts decimals off. Default: exact, but "
            "whole pixels in AutoPick jobs.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Do everything but leave files.", rich_help_panel=options.OUTPUT
        ),
    ] = False,
    selected_only: Annotated[
        bool,
        typer.Option(
            "--selected-only",
            help="Leave out candidates that are not marked as selected. Default: all are written.",
            rich_help_panel=SELECTION,
        ),
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            "-t",
            metavar="SCORE",
            help="Leave out candidates with a lower score, and mark the others as selected if "
            "PICKS has such marks. Default: all are written.",
            show_default=False,
            rich_help_panel=SELECTION,
        ),
    ] = None,
    drop_outside: Annotated[
        bool,
        typer.Option(
            "--drop-outside",
            help="Leave out picks beyond the edge of their image. Default: keep and count them.",
            rich_help_panel=CHECKS,
        ),
    ] = False,
    duplicate_radius_px: Annotated[
        float,
        typer.Option(
            "--duplicate-radius",
            metavar="PX",
            min=0.0,
            help="Count picks at most this far apart as duplicates, pixels of the stored image.",
            rich_help_panel=CHECKS,
        ),
    ] = 1.0,
) -> None:
    """Convert picks between the formats of RELION, Topaz, EMAN, crYOLO, CryoSPARC and others.

    Picks in tomograms, too, with their orientations: of RELION 4 and 5, Warp, copick, the CZ
    portal, Dynamo, TOM, IMOD, EMAN2 and crYOLO.

    Says how many picks went in, came out, lie outside their image or on its border, and came
    twice, and suspects a wrong unit. Nothing is clipped, merged or dropped unasked. Unknown
    columns survive where the format has room for them.

    Exits with 3 if images of the picks are not among --micrographs or --tomograms.
    """
    from nunatak.geometry import Orientation
    from nunatak.picks.convert import convert as convert_picks
    from nunatak.picks.file_grid import GridRule
    from nunatak.picks.stated_grid import stated_grid

    listed, images = tomogram_facts.catalogue(
        micrographs, tomograms, pixel_size_A, axis_order, override_pixel_size=override_pixel_size
    )
    rule = GridRule(binning_rule.value)
    report = convert_picks(
        picks,
        output,
        from_format=from_format,
        to_format=to_format,
        images=images,
        image=image,
        input_grid=stated_grid(
            binning=input_binning,
            image_size=input_image_size,
            in_angstrom=input_unit is UnitChoice.ANGSTROM,
            rule=rule,
            images=images,
        ),
        output_grid=stated_grid(
            binning=output_binning, image_size=output_image_size, rule=rule, images=images
        ),
        input_orientation=Orientation(input_orientation.value) if input_orientation else None,
        output_orientation=Orientation(output_orientation.value) if output_orientation else None,
        box_px=box_px,
        round_coordinates=round_coordinates,
        refined=refined,
        tomograms=tomogram_facts.facts(
            images,
            tomograms_star=tomograms_star,
            binning=tomogram_binning,
            centre=relion5_centre,
            numbers=tomogram_numbers,
            dynamo_index=dynamo_index,
            copick_user=copick_user,
            copick_session=copick_session,
            as_copick_user=copick_user,
            as_copick_session=copick_session,
        ),
        selected_only=selected_only,
        threshold=threshold,
        drop_outside=drop_outside,
        duplicate_radius_px=duplicate_radius_px,
        overwrite=overwrite,
        dry_run=dry_run,
    )
    # In a dry run, the account is all that was asked for.
    if dry_run or not console.is_quiet():
        typer.echo(report)
    if micrographs or tomograms:
        missing = [(one.name, one.reason) for one in listed.missing]
        console.report_failures(
            [*missing, *report.unplaced.items()], total=report.n_images, unit="images"
        )
