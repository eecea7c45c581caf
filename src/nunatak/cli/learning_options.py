"""Options of ``nunatak train`` about how to learn."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

LEARNING = "Learning"


class ObjectiveChoice(StrEnum):
    """What the unlabelled places count for; see ``--list-objectives``."""

    PN = "pn"
    PU = "pu"
    GE_KL = "ge-kl"
    GE_BINOMIAL = "ge-binomial"
    FOCAL = "focal"


FOR_TOMOGRAMS = tuple(one for one in ObjectiveChoice if one is not ObjectiveChoice.PN)
"""Objectives of tomograms."""


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


def _list_objectives(wanted: bool) -> None:
    if not wanted:
        return
    from nunatak.objectives.registry import OBJECTIVES

    width = max(map(len, OBJECTIVES))
    for one in OBJECTIVES.values():
        needs = "needs the expected number of particles" if one.needs_prior else "needs no prior"
        typer.echo(f"{one.name:{width}}  {one.description}.")
        typer.echo(f"{'':{width}}  {needs}; {one.source}")
    names = ", ".join(FOR_TOMOGRAMS)
    typer.echo(
        f"Of tomograms there are {names}. The focal loss learns from what is known alone: from "
        "complete labels, and from what a teacher is sure of."
    )
    raise typer.Exit


Start = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="MODEL|none",
        help="Model to go on from: a file or a shipped model's name; 'none' learns from "
        "scratch. Default: general-2d; on tomograms general-3d.",
        show_default=False,
        rich_help_panel=LEARNING,
    ),
]

Objective = Annotated[
    ObjectiveChoice | None,
    typer.Option(
        "--objective",
        help="What unlabelled places count for. Default: pu; on tomograms focal, or pu with "
        "sparse labels and no teacher.",
        show_default=False,
        rich_help_panel=LEARNING,
    ),
]

ListObjectives = Annotated[
    bool,
    typer.Option(
        "--list-objectives",
        callback=_list_objectives,
        is_eager=True,
        help="Explain the objectives and exit.",
        rich_help_panel=LEARNING,
    ),
]

Teacher = Annotated[
    bool | None,
    typer.Option(
        "--teacher/--no-teacher",
        help="Whether the averaged network labels what it is sure of for its student. Default: no; "
        "on tomograms yes, where not all of them are completely labelled.",
        show_default=False,
        rich_help_panel=LEARNING,
    ),
]

Recipe = Annotated[
    RecipeChoice | None,
    typer.Option(
        "--recipe",
        help="'topaz': the published configuration of Topaz, from scratch, for micrographs. The "
        "other options change it. Default: nunatak's own.",
        show_default=False,
        rich_help_panel=LEARNING,
    ),
]

Network = Annotated[
    NetworkChoice | None,
    typer.Option(
        "--network",
        case_sensitive=False,
        help="Network for micrographs to train from scratch (--start none). Default: UNet.",
        show_default=False,
        rich_help_panel=LEARNING,
    ),
]

Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        min=1,
        help="Optimiser steps at most; training ends earlier where validation no longer "
        "rises. Default: 100 to 400, by the number of labels, or 600 with --start none; on "
        "tomograms 2000.",
        show_default=False,
        rich_help_panel=LEARNING,
    ),
]

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="TOML",
        help="File with any fields of nunatak.learning.settings.LearningSettings, or of "
        "nunatak.VolumeLearningSettings for tomograms. Options go before it, and it goes before "
        "the defaults.",
        show_default=False,
        rich_help_panel=LEARNING,
    ),
]
