"""One definition of each option that several commands share.

A command writes ``diameter_A: options.Diameter = None`` and gets the same name, help, unit
and range as every other command. Nothing heavy is imported here.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

INPUT = "Input"
PARTICLE = "Particle"
OUTPUT = "Output"
COMPUTING = "Computing"


class ContrastChoice(StrEnum):
    """Particles against ice."""

    AUTO = "auto"
    DARK = "dark"
    LIGHT = "light"


Images = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGES...",
        help="Micrographs: files, folders, quoted globs, text lists of paths, or a RELION "
        "micrographs STAR file.",
        show_default=False,
    ),
]

Micrographs = Annotated[
    list[str] | None,
    typer.Option(
        "--micrographs",
        metavar="PATH",
        help="The images of the picks: file, folder, quoted glob, list or STAR file; may be "
        "given several times. Needed for formats of stems, fractions or mirrored axes, and to "
        "check positions.",
        show_default=False,
        rich_help_panel=INPUT,
    ),
]

FromFormat = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FORMAT",
        help="Format of PICKS. Default: told by name and content.",
        show_default=False,
        rich_help_panel=INPUT,
    ),
]

Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="Where to write; the suffix chooses the format.",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]

ModelOutput = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Model file to write, .safetensors.",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]

Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Print JSON on standard output instead of text.", rich_help_panel=OUTPUT
    ),
]

JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write all figures, also those of each micrograph, as JSON.",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]

Box = Annotated[
    int | None,
    typer.Option(
        "--box",
        metavar="PX",
        min=1,
        help="Side of the boxes, pixels of the output, for formats that hold boxes.",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]

Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace files that exist.", rich_help_panel=OUTPUT),
]

Redo = Annotated[
    bool,
    typer.Option(
        "--redo",
        help="Start over instead of keeping what an earlier run finished.",
        rich_help_panel=OUTPUT,
    ),
]

Contrast = Annotated[
    ContrastChoice,
    typer.Option(
        "--contrast",
        help="Whether particles are darker or lighter than ice. 'auto' finds out from a few "
        "micrographs.",
        rich_help_panel=INPUT,
    ),
]

PixelSize = Annotated[
    float | None,
    typer.Option(
        "--pixel-size",
        metavar="Å",
        min=0.01,
        max=1000.0,
        help="Pixel size, Å per pixel. Default: from the image's header or the STAR file.",
        show_default=False,
        rich_help_panel=INPUT,
    ),
]

OverridePixelSize = Annotated[
    bool,
    typer.Option(
        "--override-pixel-size",
        help="Believe --pixel-size where a header or a list contradicts it.",
        rich_help_panel=INPUT,
    ),
]

Diameter = Annotated[
    float | None,
    typer.Option(
        "--diameter",
        "-d",
        metavar="Å",
        min=1.0,
        help="Particle diameter (longest extent), Å.",
        show_default=False,
        rich_help_panel=PARTICLE,
    ),
]

Model = Annotated[
    Path | None,
    typer.Option(
        "--model",
        "-m",
        metavar="FILE",
        help="Model file (.safetensors). Default: the general model that ships with nunatak.",
        show_default=False,
        rich_help_panel=INPUT,
    ),
]

Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="auto|cpu|cuda[:N]",
        help="Where the network runs. 'auto' takes CUDA where there is a device.",
        rich_help_panel=COMPUTING,
    ),
]

Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        "-j",
        metavar="N",
        min=1,
        help="Processor threads. Default: every core this process may use.",
        show_default=False,
        rich_help_panel=COMPUTING,
    ),
]

Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        metavar="N",
        min=0,
        help="Seed of every random choice; one seed, one result.",
        rich_help_panel=COMPUTING,
    ),
]

SeedIfGiven = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="N",
        min=0,
        help="Seed of every random choice; one seed, one result. Default: 0.",
        show_default=False,
        rich_help_panel=COMPUTING,
    ),
]
"""As `Seed`, of commands whose file of settings may hold one."""
