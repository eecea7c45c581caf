"""``nunatak report``: a page to look at what was picked."""

from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import console, options

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
    highest, the borderline and the rejected ones.
    """
    from nunatak.images.inputs import list_micrographs
    from nunatak.picks.formats import read_picks
    from nunatak.reports.destination import check_destination
    from nunatak.reports.from_file import report_on_file

    check_destination(output, redo=redo)
    files = [str(entry.path) for entry in list_micrographs(micrographs)] if micrographs else []
    report_on_file(
        read_picks(picks, images=files),
        picks,
        output,
        micrographs=files,
        threshold=threshold,
        diameter_A=diameter_A,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
        redo=redo,
    )
    console.say(f"{output} shows the picks.")
