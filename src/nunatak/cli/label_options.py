"""Options of ``nunatak train`` about the labels."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli.convert import OrientationChoice, UnitChoice

LABELS = "Labels"


class LabelsAreChoice(StrEnum):
    """What a place without a label is."""

    COMPLETE = "complete"
    SPARSE = "sparse"


Labels = Annotated[
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
]

LabelsFormat = Annotated[
    str | None,
    typer.Option(
        "--labels-format",
        metavar="FORMAT",
        help="Format of the labels. Default: told by name and content.",
        show_default=False,
        rich_help_panel=LABELS,
    ),
]

LabelsBinning = Annotated[
    float | None,
    typer.Option(
        "--labels-binning",
        metavar="N",
        help="Pixels of the images per pixel of the labels. Default: 1.",
        show_default=False,
        rich_help_panel=LABELS,
    ),
]

LabelsImageSize = Annotated[
    str | None,
    typer.Option(
        "--labels-image-size",
        metavar="NXxNY",
        help="Size of the micrographs that the labels count on, pixels, instead of "
        "--labels-binning: exact where sizes do not divide.",
        show_default=False,
        rich_help_panel=LABELS,
    ),
]

LabelsUnit = Annotated[
    UnitChoice,
    typer.Option("--labels-unit", help="Unit of the labels.", rich_help_panel=LABELS),
]

LabelsOrientation = Annotated[
    OrientationChoice | None,
    typer.Option(
        "--labels-orientation",
        help="How the axes of the labels relate to the micrographs. Default: the format's "
        "convention (flip-y for cryosparc and cryoppp).",
        show_default=False,
        rich_help_panel=LABELS,
    ),
]

LabelsAre = Annotated[
    LabelsAreChoice | None,
    typer.Option(
        "--labels-are",
        help="'sparse': particles may be without a label anywhere; needs --expected-particles. "
        "'complete': in a labelled tomogram every particle is labelled, and all else is learned "
        "as empty. Default: sparse.",
        show_default=False,
        rich_help_panel=LABELS,
    ),
]
