"""``nunatak report``: a page to look at what was picked."""

from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import console, options, tomogram_facts
from nunatak.cli.pick_tomograms import AxisOrder
from nunatak.errors import UsageError

PANEL = "Look"
EXAMPLE = "nunatak report picks.star --diameter 122 -o report.html"


def report(
    picks: Annotated[
        Path,
        typer.Argument(
            metavar="PICKS",
            help="The picks, all of them with their scores; any format of 'convert'.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="HTML",
            help="The page to write: one file that holds its pictures.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ],
    micrographs: Annotated[
        list[str] | None,
        typer.Option(
            "--micrographs",
            metavar="PATH",
            help="Where the micrographs are: a folder, a file or a quoted glob; may be given "
            "several times. Default: the paths in PICKS, from here or from a folder above PICKS.",
            show_default=False,
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    pixel_size_A: options.PixelSize = None,
    override_pixel_size: options.OverridePixelSize = False,
    diameter_A: options.Diameter = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            "-t",
            metavar="SCORE",
            help="Show picks with at least this score as selected. Default: the selection in "
            "PICKS, or every pick where it has none.",
            show_default=False,
            rich_help_panel=options.PARTICLE,
        ),
    ] = None,
    tomograms: tomogram_facts.Tomograms = None,
    axis_order: AxisOrder = None,
    tomograms_star: tomogram_facts.TomogramsStar = None,
    tomogram_binning: tomogram_facts.TomogramBinning = None,
    relion5_centre: tomogram_facts.Centre = tomogram_facts.CentreChoice.HALF,
    tomogram_numbers: tomogram_facts.Numbers = None,
    dynamo_index: tomogram_facts.DynamoIndex = 0,
    redo: Annotated[
        bool,
        typer.Option(
            "--redo",
            help="Replace HTML even if it is not a report of nunatak.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
) -> None:
    """Write a page with counts, scores, micrographs and galleries of the picks.

    The page is one HTML file without scripts that opens in any browser, offline. It shows the
    best, the median and the worst micrograph with circles around the picks, and crops of the
    highest, the borderline and the rejected ones. Of tomograms it shows slabs of a few planes
    where most picks are, and the middles of picks, class by class.
    """
    from nunatak.images.axis_order import AxisOrder as StoredOrder
    from nunatak.picks.formats import read_picks
    from nunatak.reports.destination import check_destination
    from nunatak.reports.from_file import report_on_file

    check_destination(output, redo=redo)
    listed, images = tomogram_facts.catalogue(
        micrographs, tomograms, pixel_size_A, override_pixel_size=override_pixel_size
    )
    files = [str(entry.path) for entry in listed]
    facts = tomogram_facts.facts(
        images,
        tomograms_star=tomograms_star,
        binning=tomogram_binning,
        centre=relion5_centre,
        numbers=tomogram_numbers,
        dynamo_index=dynamo_index,
    )
    found = read_picks(picks, images=images if tomograms else files, tomograms=facts)
    _refuse_other_kind(found.ndim, picks, micrographs, tomograms)
    report_on_file(
        found,
        picks,
        output,
        images=files,
        threshold=threshold,
        diameter_A=diameter_A,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
        axis_order=None if axis_order is None else StoredOrder(axis_order.value),
        redo=redo,
    )
    console.say(f"{output} shows the picks.")


def _refuse_other_kind(
    ndim: int, picks: Path, micrographs: list[str] | None, tomograms: list[str] | None
) -> None:
    """Refuse images of the kind that the picks are not on."""
    if ndim == 3 and micrographs:
        raise UsageError(f"{picks}: picks in tomograms. Give --tomograms instead of --micrographs.")
    if ndim == 2 and tomograms:
        raise UsageError(
            f"{picks}: picks on micrographs, without z. Give --micrographs instead of --tomograms."
        )
