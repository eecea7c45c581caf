"""Sets of picks: what models found, and what people decided about it."""

from typing import Annotated, Literal

from pydantic import Field

from nunatak.server.bodies.base import Body, Name
from nunatak.workspace.decisions import Decision, PickDecision, Review

__all__ = [
    "Comparison",
    "Decision",
    "Gallery",
    "GalleryItem",
    "Histogram",
    "ImageComparison",
    "ImagePicks",
    "OperatingPoint",
    "Order",
    "PickDecision",
    "PickSetChange",
    "PickSetSummary",
    "PickSets",
    "Review",
]

Order = Literal["score", "doubt", "class"]


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


class PickSets(Body):
    """All sets, the newest first."""

    pick_sets: list[PickSetSummary]


class PickSetChange(Body):
    """A new name or threshold; what is None stays."""

    name: Name | None = None
    threshold: Annotated[float, Field(ge=0.0, le=1.0)] | None = None


class ImagePicks(Body):
    """The candidates of one image, as columns of equal length, the best first.

    Those in excluded regions are left out.

    Attributes
    ----------
    is_picked : bool
        False where this set has not come to the image yet.
    number : list of int
        Of the candidate in its set; never changes.
    x, y : list of float
        Pixels of the stored image.
    z : list of float or None
        None on micrographs.
    score : list of float
    class_name : list of str or None
        None where there is one class.
    probability : list of float or None, or None
        From a pruning, with ``predicted_class``; None without.
    predicted_class : list of str or None
    decision : list of str or None
        Of a person (``keep`` or ``reject``), None for those undecided; None without any.
    """

    is_picked: bool
    number: list[int]
    x: list[float]
    y: list[float]
    z: list[float] | None
    score: list[float]
    class_name: list[str] | None
    probability: list[float | None] | None
    predicted_class: list[str | None] | None
    decision: list[Decision | None] | None


class OperatingPoint(Body):
    """What a threshold gives.

    Attributes
    ----------
    threshold : float
    selected : int
        Candidates of at least this score.
    precision, precision_low, precision_high : float or None
        Estimated share of the selected that are right, with an interval of 95 %; None where
        nothing is known.
    """

    threshold: float
    selected: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None


class Histogram(Body):
    """Scores of a set's candidates.

    Attributes
    ----------
    edges : list of float
        One more than there are counts.
    counts : list of int
    points : list of OperatingPoint
        By rising threshold, for the slider.
    precision_from : str or None
        What the estimate rests on, in words; None without one.
    """

    edges: list[float]
    counts: list[int]
    points: list[OperatingPoint]
    precision_from: str | None


class GalleryItem(Body):
    """A candidate in a gallery.

    Attributes
    ----------
    number, image : int
    x, y : float
    z : float or None
    score : float
    class_name : str
    probability : float or None
    predicted_class : str or None
    decision : str or None
        Of a person.
    reason : str or None
        Of a rejection: what it is instead.
    """

    number: int
    image: int
    x: float
    y: float
    z: float | None
    score: float
    class_name: str
    probability: float | None
    predicted_class: str | None
    decision: Decision | None
    reason: str | None


class Gallery(Body):
    """A part of a gallery.

    Attributes
    ----------
    total : int
        Candidates in the whole gallery.
    offset : int
        Of the first item.
    items : list of GalleryItem
    """

    total: int
    offset: int
    items: list[GalleryItem]


class Comparison(Body):
    """Two sets matched one to one within half a particle's radius.

    Attributes
    ----------
    both, only_first, only_second : int
        Selected picks, over all images that both have.
    images : list of ImageComparison
    """

    both: int
    only_first: int
    only_second: int
    images: list["ImageComparison"]


class ImageComparison(Body):
    """The same on one image."""

    image: int
    both: int
    only_first: int
    only_second: int
