"""Whether a command is about micrographs or tomograms: as stated, as its model is, or as told."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import options
from nunatak.errors import UsageError


class ImagesAreChoice(StrEnum):
    """What IMAGES are."""

    MICROGRAPHS = "micrographs"
    TOMOGRAMS = "tomograms"


Images = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGES...",
        help="Micrographs: files, folders, quoted globs, text lists of paths, or a RELION "
        "micrographs STAR file. Tomograms: MRC files, OME-Zarr folders, folders or quoted globs of "
        "these, text lists, or a copick project's JSON file.",
        show_default=False,
    ),
]

ImagesAre = Annotated[
    ImagesAreChoice | None,
    typer.Option(
        "--images-are",
        help="Whether IMAGES are micrographs or tomograms. Default: told by the files, and asked "
        "about where they leave a doubt.",
        show_default=False,
        rich_help_panel=options.INPUT,
    ),
]


def are_tomograms(images: Sequence[str], stated: ImagesAreChoice | None) -> bool:
    """Tell what IMAGES are, as stated or else by the files.

    Raises
    ------
    BadInput
        If there is nothing, a mixture, or a file that may be either.
    """
    if stated is not None:
        return stated is ImagesAreChoice.TOMOGRAMS
    from nunatak.images.image_kind import are_tomograms as told_by_files

    return told_by_files(images)


def picks_tomograms(
    images: Sequence[str], model: Path | None, stated: ImagesAreChoice | None
) -> bool:
    """Tell whether to pick tomograms: as the model does, or else as IMAGES are.

    Parameters
    ----------
    images
        As the user typed them.
    model
        None takes the general one.
    stated
        What ``--images-are`` says.

    Raises
    ------
    UsageError
        If the model is for the other kind of images than stated.
    BadInput
        If there is nothing, a mixture, or a file that may be either; or if there is no such model.
    """
    from nunatak.detection.volumes.volume_model import is_volume_model

    if model is None:
        return are_tomograms(images, stated)
    is_for_tomograms = is_volume_model(model)
    if stated is not None and is_for_tomograms != are_tomograms(images, stated):
        kind = ImagesAreChoice.TOMOGRAMS if is_for_tomograms else ImagesAreChoice.MICROGRAPHS
        raise UsageError(
            f"--images-are {stated}: the model {model} is for {kind}. Give another --model, or "
            "leave one of the two out."
        )
    return is_for_tomograms
