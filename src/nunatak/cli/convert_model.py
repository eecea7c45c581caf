"""``nunatak convert-model``: a model of Topaz as a model of nunatak."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import console, options

PANEL = "Learn"
EXAMPLE = "nunatak convert-model topaz.sav -o topaz.safetensors --diameter 180 --pixel-size 6.2"


class StrideChoice(StrEnum):
    """Places at which a network scores."""

    EVERY = "1"
    SECOND = "2"
    FOURTH = "4"


def convert_model(
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL", help="Model of Topaz, a .sav file.", show_default=False),
    ],
    *,
    output: options.ModelOutput,
    diameter_A: options.Diameter = None,
    pixel_size_A: Annotated[
        float | None,
        typer.Option(
            "--pixel-size",
            metavar="Å",
            min=0.01,
            max=1000.0,
            help="Pixel size of the images that the model was trained on, after downsampling, Å "
            "per pixel. Needs --diameter.",
            show_default=False,
            rich_help_panel=options.PARTICLE,
        ),
    ] = None,
    diameter_px: Annotated[
        float | None,
        typer.Option(
            "--diameter-px",
            metavar="PX",
            min=1.0,
            help="Instead of --pixel-size: diameter of a particle in those images, pixels.",
            show_default=False,
            rich_help_panel=options.PARTICLE,
        ),
    ] = None,
    output_stride: Annotated[
        StrideChoice,
        typer.Option(
            "--output-stride",
            help="Score every so many pixels: 1 as Topaz does; 2 and 4 give the same scores at "
            "fewer places in a fraction of the time.",
            rich_help_panel=options.COMPUTING,
        ),
    ] = StrideChoice.EVERY,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="TEXT",
            help="What to call the model. Default: the file's name.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    redo: Annotated[
        bool,
        typer.Option(
            "--redo", help="Replace an output that exists.", rich_help_panel=options.OUTPUT
        ),
    ] = False,
) -> None:
    """Convert a picking model of Topaz, to pick with it here.

    The file is a pickle, which could run any code when it is opened. It is not opened that way:
    its instructions are read one by one, the numbers of its tensors are taken, and whatever else
    it asks for is left undone. The scores are those of Topaz; how large the particles were in the
    images it was trained on must be said, because the file does not.
    """
    from nunatak.detection.topaz.conversion import convert_topaz_model, diameter_in_pixels, in_words

    converted = convert_topaz_model(
        model,
        output,
        diameter_px=diameter_in_pixels(
            diameter_A=diameter_A, diameter_px=diameter_px, pixel_size_A=pixel_size_A
        ),
        diameter_A=diameter_A,
        output_stride=int(output_stride.value),
        name=name,
        redo=redo,
    )
    console.say(in_words(converted))
