"""Sets of picks: what models found."""

from typing import Annotated

from pydantic import Field

from nunatak.server.bodies.base import Body, Name


class PickSetSummary(Body):
    """A set of picks.

    Attributes
    ----------
    id : int
    name : str
        For people: the model that made it, or the file that it came from.
    run : int or None
        That made it.
    made_at : str
        ISO 8601, UTC.
    is_complete : bool
        Whether every image was picked.
    images, candidates : int
        So far.
    threshold : float
        Score from which on a candidate is selected.
    classes : list of str
    is_pruned : bool
        Whether a pruning gave its picks probabilities, classes and decisions.
    predicted_classes : list of str
        What the pruning takes picks for; none without one.
    kept, rejected : int
        Decisions of people.
    stamp : int
        Rises whenever anything of the set changes.
    made_for : str or None
        For what it was made, in words, where the project's settings say otherwise now.
    """

    id: int
    name: str
    run: int | None
    made_at: str
    is_complete: bool
    images: int
    candidates: int
    threshold: float
    classes: list[str]
    is_pruned: bool
    predicted_classes: list[str]
    kept: int
    rejected: int
    stamp: int
    made_for: str | None


class PickSets(Body):
    """All sets, the newest first."""

    pick_sets: list[PickSetSummary]


class PickSetChange(Body):
    """A new name or threshold; what is None stays."""

    name: Name | None = None
    threshold: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
