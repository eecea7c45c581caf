"""What ``nunatak pick`` does with tomograms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nunatak.cli import console, tomogram_facts
from nunatak.cli.picked import conclude
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
    copick_user, copick_session : str or None
        See the options' help.
    """

    axis_order: AxisOrderChoice | None
    views: ViewsChoice
    tomograms_star: Path | None
    binning: float | None
    centre: tomogram_facts.CentreChoice
    numbers: list[str] | None
    dynamo_index: int
    copick_user: str | None
    copick_session: str | None

    def refuse_for_micrographs(self, why: str) -> None:
        """Refuse them where micrographs are picked.

        Parameters
        ----------
        why
            Micrographs are picked: that the model or IMAGES are such.

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
                "--copick-user": self.copick_user is not None,
                "--copick-session": self.copick_session is not None,
            },
            f"{why}, and this is about tomograms. Leave it out, or give tomograms with a model "
            "for these or none",
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
    model: Path | None,
    voxel_size_A: float | None,
    override_voxel_size: bool,
    report: Path | None,
    redo: bool,
    **wanted: Any,
) -> None:
    """Pick tomograms and say what was found.

    Parameters
    ----------
    tomograms
        As the user typed them.
    chosen
        Options of tomograms.
    model
        None takes the general one.
    voxel_size_A, override_voxel_size
        Of all tomograms, Å, and whether it wins over a header that contradicts it.
    report
        HTML file to write as well; None for none.
    redo
        Start over, and replace what exists.
    wanted
        Other options of `nunatak.detection.volumes.pick_tomograms.pick_tomograms`.

    Raises
    ------
    typer.Exit
        With code 3, if some tomograms could not be picked.
    """
    from nunatak.detection.volumes.pick_tomograms import GENERAL_MODEL
    from nunatak.detection.volumes.pick_tomograms import pick_tomograms as find_particles
    from nunatak.detection.volumes.volume_execution import NOUN
    from nunatak.detection.volumes.volume_summary import in_words, origin
    from nunatak.images.axis_order import AxisOrder as StoredOrder
    from nunatak.images.tomogram_inputs import list_tomograms
    from nunatak.picks.image_catalogue import ImageCatalogue
    from nunatak.reports.destination import check_destination

    if report is not None:
        check_destination(report, redo=redo)
    listed = list_tomograms(tomograms)
    for note in listed.notes:
        console.say(f"{note}.")
    order = None if chosen.axis_order is None else StoredOrder(chosen.axis_order.value)
    facts = tomogram_facts.facts(
        ImageCatalogue.of_tomograms(
            listed, voxel_size_A, override=override_voxel_size, axis_order=order
        ),
        tomograms_star=chosen.tomograms_star,
        binning=chosen.binning,
        centre=chosen.centre,
        numbers=chosen.numbers,
        dynamo_index=chosen.dynamo_index,
        as_copick_user=chosen.copick_user,
        as_copick_session=chosen.copick_session,
    )
    with console.progress("Picking", len(listed), unit=f"{NOUN}s") as advance:
        result = find_particles(
            listed,
            model=model or GENERAL_MODEL,
            voxel_size_A=voxel_size_A,
            override_voxel_size=override_voxel_size,
            axis_order=order,
            views=1 if chosen.views is ViewsChoice.ONE else 8,
            facts=facts,
            redo=redo,
            on_progress=advance,
            **wanted,
        )
    conclude(
        result,
        listed,
        in_words=in_words(result),
        origin=origin(result),
        report=report,
        redo=redo,
        unit=f"{NOUN}s",
        pixel_size_A=voxel_size_A,
        override_pixel_size=override_voxel_size,
        axis_order=order,
    )
