"""``nunatak orientation``: find out how the axes of a pick file relate to the images."""

from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import options

PANEL = "Convert and compare"
EXAMPLE = "nunatak orientation picks.cs 'micrographs/*.mrc' --diameter 180"


def orientation(
    picks: Annotated[
        Path,
        typer.Argument(metavar="PICKS", help="The picks; any format.", show_default=False),
    ],
    micrographs: options.Images,
    *,
    diameter_A: options.Diameter = None,
    diameter_px: Annotated[
        float | None,
        typer.Option(
            "--diameter-px",
            metavar="PX",
            help="The same in pixels of the stored image, instead of --diameter.",
            show_default=False,
            rich_help_panel=options.PARTICLE,
        ),
    ] = None,
    pixel_size_A: options.PixelSize = None,
    from_format: options.FromFormat = None,
    input_binning: Annotated[
        float | None,
        typer.Option(
            "--input-binning",
            metavar="N",
            help="Pixels of the stored image per pixel of PICKS. Default: 1.",
            show_default=False,
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    max_images: Annotated[
        int,
        typer.Option(
            "--max-images",
            metavar="N",
            min=1,
            help="Look at so many micrographs with picks, spread evenly over all.",
            rich_help_panel=options.COMPUTING,
        ),
    ] = 20,
    json_wanted: options.Json = False,
) -> None:
    """Score identity, flips, half turn and transposition of picks against the micrographs.

    Where picks lie on particles, the local mean at the particle's scale differs from that at
    random positions. The orientation with the greatest difference is named, if it stands out
    by three standard errors; the others should be near 0.
    """
    import json

    from nunatak.images.inputs import list_micrographs
    from nunatak.picks.formats import read_picks
    from nunatak.picks.formats.doors import files_of
    from nunatak.picks.image_catalogue import ImageCatalogue
    from nunatak.picks.orientation import score_orientations
    from nunatak.picks.orientation_images import AS_STORED, micrographs_with_picks
    from nunatak.picks.stated_grid import stated_grid

    listed = list_micrographs(micrographs)
    found = read_picks(
        picks,
        from_format,
        images=ImageCatalogue.listed(listed, pixel_size_A),
        grid=stated_grid(binning=input_binning),
        orientation=AS_STORED,
    )
    report = score_orientations(
        found,
        micrographs_with_picks(found, listed, limit=max_images, pixel_size_A=pixel_size_A),
        diameter_A=diameter_A,
        diameter_px=diameter_px,
        by_default=files_of(picks, from_format)[0][1].capabilities.orientation,
    )
    typer.echo(json.dumps(report.to_dict(), indent=2) if json_wanted else report)
