"""Options of ``nunatak prune``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import options
from nunatak.cli.label_options import LABELS

DECISION = "Decision"
LEARNING = "Learning"


class LossChoice(StrEnum):
    """Terms of the loss that the classifier is fine-tuned with."""

    CE = "ce"
    TWO_BRANCH = "two-branch"
    FULL = "full"


class FineTuneChoice(StrEnum):
    """When the classifier itself is trained on the labels."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


class OnlyChoice(StrEnum):
    """Which picks are written."""

    KEEP = "keep"


Picks = Annotated[
    list[Path],
    typer.Argument(
        metavar="PICKS...",
        help="Picks on micrographs or in tomograms, in any format of 'convert': files, folders, "
        "AutoPick jobs, copick projects.",
        show_default=False,
    ),
]

Micrographs = Annotated[
    list[str] | None,
    typer.Option(
        "--micrographs",
        "--images",
        metavar="PATH",
        help="Where the micrographs are: a folder, a file, a quoted glob, a list or a STAR file; "
        "may be given several times. Default: the paths in PICKS, from here or from a folder "
        "above PICKS.",
        show_default=False,
        rich_help_panel=options.INPUT,
    ),
]

Diameter = Annotated[
    list[str] | None,
    typer.Option(
        "--diameter",
        "-d",
        metavar="[CLASS=]Å",
        help="Particle diameter (longest extent), Å. In tomograms with several classes of picks "
        "(class_name) give each its own, as --diameter ribosome=300 --diameter apoferritin=120, "
        "unless PICKS state it, as copick projects do.",
        show_default=False,
        rich_help_panel=options.PARTICLE,
    ),
]

Labels = Annotated[
    list[Path] | None,
    typer.Option(
        "--labels",
        "-l",
        metavar="FILE",
        help="Labelled picks in any format of 'convert', with a column that says particle or "
        "good, junk or bad, or the kind of junk: ice, carbon, gold, aggregate, empty, off_centre, "
        "duplicate, other. From one particle upwards; may be given several times. Default: none, "
        "the shipped classifier judges alone.",
        show_default=False,
        rich_help_panel=LABELS,
    ),
]

LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="NAME",
        help="Column that holds the labels: of --labels, or of PICKS themselves without it. "
        "Default: label, nunatakLabel, class_name (not in tomograms, where it says the kind of "
        "particle) or rlnLabel of --labels.",
        show_default=False,
        rich_help_panel=LABELS,
    ),
]

Good = Annotated[
    list[Path] | None,
    typer.Option(
        "--good",
        metavar="FILE",
        help="Picks that are particles, all of them; may be given several times.",
        show_default=False,
        rich_help_panel=LABELS,
    ),
]

Bad = Annotated[
    list[Path] | None,
    typer.Option(
        "--bad",
        metavar="FILE",
        help="Picks that are junk, all of them; may be given several times.",
        show_default=False,
        rich_help_panel=LABELS,
    ),
]

KeepFdr = Annotated[
    float | None,
    typer.Option(
        "--keep-fdr",
        metavar="SHARE",
        min=0.0,
        max=1.0,
        help="Keep as many picks as possible with at most this share of junk among them, as it is "
        "estimated, such as 0.05. Default: keep what is more likely a particle than not.",
        show_default=False,
        rich_help_panel=DECISION,
    ),
]

Only = Annotated[
    OnlyChoice | None,
    typer.Option(
        "--only",
        help="'keep' writes the kept picks alone. Default: all picks, each with its decision.",
        show_default=False,
        rich_help_panel=DECISION,
    ),
]

Loss = Annotated[
    LossChoice,
    typer.Option(
        "--loss",
        help="Terms of the loss in fine-tuning: cross-entropy; of two branches; and in full, also "
        "consistency of the branches and a supervised contrast.",
        rich_help_panel=LEARNING,
    ),
]

LossWeight = Annotated[
    list[str] | None,
    typer.Option(
        "--loss-weight",
        metavar="TERM=NUMBER",
        help="What a term of that loss weighs: second, consistency, contrastive; or its "
        "temperature or label_smoothing. May be repeated.",
        show_default="second=1, consistency=0.5, contrastive=0.2, temperature=0.1, "
        "label_smoothing=0.05",
        rich_help_panel=LEARNING,
    ),
]

FineTune = Annotated[
    FineTuneChoice,
    typer.Option(
        "--fine-tune",
        help="Whether to train the whole classifier on the labels. 'auto' does so where "
        "cross-validation within the labels says that it wins over what takes seconds; never in "
        "tomograms.",
        rich_help_panel=LEARNING,
    ),
]

Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="HTML",
        help="Also write a report to look at in a browser.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]

Seen = Annotated[
    Path | None,
    typer.Option(
        "--seen",
        metavar="FILE",
        help="Keep here what is seen of the picks (.safetensors, about 1 kB a pick): called again "
        "with other labels or another --keep-fdr, no image is read again and the answer takes a "
        "few seconds.",
        show_default=False,
        rich_help_panel=options.COMPUTING,
    ),
]
