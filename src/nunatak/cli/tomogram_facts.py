"""Options that say what files of picks in tomograms leave unsaid."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nunatak.errors import UsageError

if TYPE_CHECKING:
    from nunatak.cli.pick_tomograms import AxisOrderChoice
    from nunatak.images.micrograph_list import MicrographList
    from nunatak.picks.image_catalogue import ImageCatalogue
    from nunatak.picks.tomogram_facts import TomogramFacts

PANEL = "Tomograms"


class CentreChoice(StrEnum):
    """What RELION 5 counts from."""

    HALF = "half"
    HALF_MINUS_ONE = "half-minus-one"


Tomograms = Annotated[
    list[str] | None,
    typer.Option(
        "--tomograms",
        metavar="PATH",
        help="The tomograms of the picks: MRC file, OME-Zarr folder, folder of these, quoted "
        "glob, list or copick project; may be given several times. For names, sizes and voxel "
        "sizes, and to check positions.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

TomogramsStar = Annotated[
    Path | None,
    typer.Option(
        "--tomograms-star",
        metavar="STAR",
        help="RELION's tomograms.star: the unbinned sizes that its coordinates count in.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

TomogramBinning = Annotated[
    float | None,
    typer.Option(
        "--tomogram-binning",
        metavar="N",
        help="Side of a voxel in pixels of the tilt series, where tomograms.star does not say it "
        "(RELION 4). Default: by the voxel size of the tomograms, if given.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

Centre = Annotated[
    CentreChoice,
    typer.Option(
        "--relion5-centre",
        help="From which voxel n/2 of n, or n/2 - 1, RELION 5's coordinates count: its programs "
        "differ by that one unbinned voxel.",
        rich_help_panel=PANEL,
    ),
]

Numbers = Annotated[
    list[str] | None,
    typer.Option(
        "--tomogram-number",
        metavar="N=PATH",
        help="Which tomogram a number means in files of Dynamo and TOM; may be given several "
        "times.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

DynamoIndex = Annotated[
    int,
    typer.Option(
        "--dynamo-index",
        metavar="0|1",
        min=0,
        max=1,
        help="Number of the first voxel in Dynamo's tables, about which programs disagree.",
        rich_help_panel=PANEL,
    ),
]


CopickUser = Annotated[
    str | None,
    typer.Option(
        "--copick-user",
        metavar="NAME",
        help="Read only this user's picks from a copick project. Default: those of all users, "
        "and say where several picked one object.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

CopickSession = Annotated[
    str | None,
    typer.Option(
        "--copick-session",
        metavar="NAME",
        help="Read only the picks of this session; that of programs is 0.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

LabelsCopickUser = Annotated[
    str | None,
    typer.Option(
        "--copick-user",
        metavar="NAME",
        help="Take only this user's picks in a copick project for labels. Needed where several "
        "users or sessions picked one object in a tomogram.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

LabelsCopickSession = Annotated[
    str | None,
    typer.Option(
        "--copick-session",
        metavar="NAME",
        help="The same for the session of the picks; that of programs is 0.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

CopickOwner = Annotated[
    str | None,
    typer.Option(
        "--copick-user",
        metavar="NAME",
        help="Whose the picks are in a copick project: only this user's are read, and what is "
        "written becomes this user's. Default: all are read, and those of nunatak written.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

CopickOwnSession = Annotated[
    str | None,
    typer.Option(
        "--copick-session",
        metavar="NAME",
        help="The same for the session of the picks. Default: all are read, and session 0, that "
        "of programs, is written.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

AsCopickUser = Annotated[
    str | None,
    typer.Option(
        "--copick-user",
        metavar="NAME",
        help="Whose the picks become that are written to a copick project, so that those of two "
        "models can lie side by side. Default: nunatak.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]

AsCopickSession = Annotated[
    str | None,
    typer.Option(
        "--copick-session",
        metavar="NAME",
        help="The session that they are written to. Default: 0, that of programs.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]


def catalogue(
    micrographs: list[str] | None,
    tomograms: list[str] | None,
    pixel_size_A: float | None,
    axis_order: "AxisOrderChoice | None" = None,
    *,
    override_pixel_size: bool = False,
) -> tuple["MicrographList", "ImageCatalogue"]:
    """List the images of picks, whichever kind they are, and catalogue them.

    Raises
    ------
    UsageError
        If both kinds are given, or an axis order without tomograms.
    """
    from nunatak.images.axis_order import AxisOrder
    from nunatak.images.inputs import list_micrographs
    from nunatak.images.micrograph_list import MicrographList
    from nunatak.images.tomogram_inputs import list_tomograms
    from nunatak.picks.image_catalogue import ImageCatalogue

    if micrographs and tomograms:
        raise UsageError("Picks are on --micrographs or in --tomograms. Give one of the two.")
    if tomograms:
        listed = list_tomograms(tomograms)
        order = None if axis_order is None else AxisOrder(axis_order.value)
        return listed, ImageCatalogue.of_tomograms(
            listed, pixel_size_A, override=override_pixel_size, axis_order=order
        )
    if axis_order is not None:
        raise UsageError("--axis-order belongs to --tomograms, which is not given.")
    listed = list_micrographs(micrographs) if micrographs else MicrographList(())
    return listed, ImageCatalogue.listed(listed, pixel_size_A)


def facts(
    images: "ImageCatalogue",
    *,
    tomograms_star: Path | None,
    binning: float | None,
    centre: CentreChoice,
    numbers: list[str] | None,
    dynamo_index: int,
    copick_user: str | None = None,
    copick_session: str | None = None,
    joins_copick_owners: bool = True,
    as_copick_user: str | None = None,
    as_copick_session: str | None = None,
    any_of_run: bool = False,
) -> "TomogramFacts":
    """Put the options together; ``any_of_run`` is for commands that look at positions alone.

    Raises
    ------
    UsageError
        If a number is not given as ``3=TS_03.mrc``, or twice.
    FormatError
        If tomograms.star cannot be read.
    """
    from nunatak.picks.formats.tomograms.tomograms_star import read_tomograms_star
    from nunatak.picks.tilt_series import TomogramCentre
    from nunatak.picks.tomogram_facts import TomogramFacts

    if binning is not None and tomograms_star is None:
        raise UsageError("--tomogram-binning belongs to --tomograms-star, which is not given.")
    series = (
        {}
        if tomograms_star is None
        else read_tomograms_star(tomograms_star, binning=binning, images=images)
    )
    return TomogramFacts(
        tilt_series=series,
        centre=TomogramCentre(centre.value),
        numbers=_parsed(numbers or []),
        index_base=dynamo_index,
        copick_user=copick_user,
        copick_session=copick_session,
        joins_copick_owners=joins_copick_owners,
        as_copick_user=as_copick_user,
        as_copick_session=as_copick_session,
        any_of_run=any_of_run,
    )


def _parsed(numbers: list[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for text in numbers:
        number, equals, image = text.partition("=")
        if not (number.strip().isdecimal() and equals and image):
            raise UsageError(f"--tomogram-number {text}: give it as 3=TS_03.mrc.")
        if int(number) in found:
            raise UsageError(f"--tomogram-number {text}: {int(number)} was given before.")
        found[int(number)] = image
    return found
