"""What ``nunatak pick`` does with a model for tomograms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nunatak.cli import console, tomogram_facts
from nunatak.errors import UsageError


class AxisOrderChoice(StrEnum):
    """What columns, rows and sections of a stored tomogram are."""

    XYZ = "xyz"
    XZY = "xzy"


class ViewsChoice(StrEnum):
    """How many mirror images to look at."""

    ONE = "1"
    ALL = "8"


AxisOrder = Annotated[
    AxisOrderChoice | None,
    typer.Option(
        "--axis-order",
        help="Axes of MRC tomograms as stored: 'xyz', or 'xzy' as IMOD leaves them before they are "
        "rotated. Default: 'xyz', and ask where the shape leaves a doubt.",
        show_default=False,
        rich_help_panel=tomogram_facts.PANEL,
    ),
]

Views = Annotated[
    ViewsChoice,
    typer.Option(
        "--views",
        help="Average over so many mirror images of a tomogram: 8 takes eight times as long and "
        "is a little surer.",
        rich_help_panel=tomogram_facts.PANEL,
    ),
]


@dataclass(frozen=True, kw_only=True)
class TomogramOptions:
    """The options of ``nunatak pick`` that only tomograms have, as they were given.

    Attributes
    ----------
    axis_order : AxisOrderChoice or None
    views : ViewsChoice
    tomograms_star : Path or None
    binning : float or None
    centre : tomogram_facts.CentreChoice
    numbers : list of str or None
    dynamo_index : int
        See the options' help.
    """

    axis_order: AxisOrderChoice | None
    views: ViewsChoice
    tomograms_star: Path | None
    binning: float | None
    centre: tomogram_facts.CentreChoice
    numbers: list[str] | None
    dynamo_index: int

    def refuse_for_micrographs(self) -> None:
        """Refuse them where micrographs are picked.

        Raises
        ------
        UsageError
            If one was given.
        """
        refuse(
            {
                "--axis-order": self.axis_order is not None,
                "--views": self.views is not ViewsChoice.ONE,
                "--tomograms-star": self.tomograms_star is not None,
                "--tomogram-binning": self.binning is not None,
                "--relion5-centre": self.centre is not tomogram_facts.CentreChoice.HALF,
                "--tomogram-number": bool(self.numbers),
                "--dynamo-index": self.dynamo_index != 0,
            },
            "the model is for micrographs, and this is about tomograms. Give --model with a model "
            "for tomograms, or leave it out",
        )


def refuse(given: Mapping[str, bool], reason: str) -> None:
    """Refuse options that do not apply.

    Parameters
    ----------
    given
        Whether each was given.
    reason
        Why they do not apply, and what to do.

    Raises
    ------
    UsageError
        If one was given; the message names them all.
    """
    named = [name for name, is_given in given.items() if is_given]
    if named:
        raise UsageError(f"{', '.join(named)}: {reason}.")


def pick_tomograms(
    tomograms: Sequence[str],
    chosen: TomogramOptions,
    *,
    voxel_size_A: float | None,
    **options: Any,
) -> None:
    """Pick tomograms and say what was found.

    Parameters
    ----------
    tomograms
        As the user typed them.
    chosen
        Options of tomograms.
    voxel_size_A
        Of all tomograms, Å.
    options
        Of `nunatak.detection.volumes.pick_tomograms.pick_tomograms`.

    Raises
    ------
    typer.Exit
        With code 3, if some tomograms could not be picked.
    """
    from nunatak.detection.volumes.pick_tomograms import pick_tomograms as find_particles
    from nunatak.detection.volumes.volume_execution import NOUN
    from nunatak.detection.volumes.volume_summary import in_words
    from nunatak.images.axis_order import AxisOrder as StoredOrder
    from nunatak.images.tomogram_inputs import list_tomograms
    from nunatak.picks.context import ImageCatalogue

    listed = list_tomograms(tomograms)
    for note in listed.notes:
        console.say(f"{note}.")
    order = chosen.axis_order
    facts = tomogram_facts.facts(
        ImageCatalogue.listed(listed, voxel_size_A),
        tomograms_star=chosen.tomograms_star,
        binning=chosen.binning,
        centre=chosen.centre,
        numbers=chosen.numbers,
        dynamo_index=chosen.dynamo_index,
    )
    with console.progress("Picking", len(listed), unit=f"{NOUN}s") as advance:
        result = find_particles(
            listed,
            voxel_size_A=voxel_size_A,
            axis_order=None if order is None else StoredOrder(order.value),
            views=1 if chosen.views is ViewsChoice.ONE else 8,
            facts=facts,
            on_progress=advance,
            **options,
        )
    console.say(in_words(result))
    console.report_failures(
        [(failure.image, failure.reason) for failure in result.failures],
        total=len(listed) + len(listed.missing),
        unit=f"{NOUN}s",
    )
