"""The labels and the candidates of a training that are worth a look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nunatak.reports.page import Tile, Wall

TILES_SHOWN = 24

_SOME_WRONG = (
    "Particles here are ones that nobody has labelled, which is no harm. If they are not "
    "particles, the model has learned something wrong."
)
_ALL_WRONG = (
    "What the model takes for particles although the labels, which are complete, say otherwise. "
    "If these are particles, labels are missing."
)


@dataclass(frozen=True)
class Place:
    """A label or a candidate.

    Attributes
    ----------
    score : float
        Probability; 0 where the model finds nothing.
    is_selected : bool
        Whether it reaches the threshold.
    where : str
        Image and position.
    draw : callable
        Returns its surroundings as a data URI; called only for places that are shown.
    """

    score: float
    is_selected: bool
    where: str
    draw: Callable[[], str]


def walls(
    unlabelled: Sequence[Place], labels: Sequence[Place], *, are_complete: bool = False
) -> tuple[Wall, ...]:
    """Show the highest unlabelled candidates and the lowest labels.

    Parameters
    ----------
    unlabelled
        Candidates that stand for no label.
    labels
        The labels, with the scores of the candidates that stand for them.
    are_complete
        Whether all particles are labelled, so that every unlabelled candidate is wrong.
    """
    made = (
        _wall(
            "Highest candidates without a label",
            _ALL_WRONG if are_complete else _SOME_WRONG,
            sorted(unlabelled, key=lambda place: -place.score),
        ),
        _wall(
            "Lowest labels",
            "The labelled particles that the model is least sure of; a dash is one that it does "
            "not find at all. They may be hard ones, or labels in the wrong place.",
            sorted(labels, key=lambda place: place.score),
        ),
    )
    return tuple(wall for wall in made if wall.tiles)


def known_score(value: float) -> str:
    """Write a score; nothing for 0, which stands for no candidate."""
    return f"{value:.3f}" if value > 0 else ""


def _wall(title: str, note: str, places: Sequence[Place]) -> Wall:
    tiles = tuple(
        Tile(
            picture=place.draw(),
            score=known_score(place.score) or "–",
            where=place.where,
            is_selected=place.is_selected,
        )
        for place in places[:TILES_SHOWN]
    )
    return Wall(title, note, tiles, n_missing=0)
