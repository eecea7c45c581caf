"""What a review of picks needs: histograms, galleries, decisions, comparisons."""

from typing import Literal

from nunatak.server.bodies.base import Body, Problem
from nunatak.server.bodies.picks import SaidOfPick
from nunatak.workspace.decisions import Decision, PickDecision, Review

__all__ = [
    "Comparison",
    "Decision",
    "Gallery",
    "GalleryItem",
    "Histogram",
    "ImageComparison",
    "OperatingPoint",
    "Order",
    "PickDecision",
    "Review",
    "ReviewConflict",
    "Share",
]

Order = Literal["score", "doubt", "class"]


class Share(Body):
    """An estimated share of right ones.

    Attributes
    ----------
    value : float
    low, high : float or None
        Interval of 95 %; None where it is not known.
    """

    value: float
    low: float | None
    high: float | None


class OperatingPoint(Body):
    """What a threshold gives.

    Attributes
    ----------
    threshold : float
    selected : int
        Candidates of at least this score, whatever was decided about them.
    precision : Share or None
        Of the selected; None where nothing is known.
    kept : int
        The selected without those rejected by people or rejected or left out by a pruning, with
        those that people keep whatever their score.
    kept_precision : Share or None
        Of the kept.
    """

    threshold: float
    selected: int
    precision: Share | None
    kept: int
    kept_precision: Share | None


class Histogram(Body):
    """Scores of a set's candidates.

    Attributes
    ----------
    edges : list of float
        One more than there are counts.
    counts : list of int
        Of all candidates.
    rejected : list of int
        Of these, those that people or a pruning rejected, or a pruning left out.
    points : list of OperatingPoint
        By rising threshold, for the slider.
    precision_from, kept_precision_from : str or None
        What each estimate rests on, in words; None without one.
    """

    edges: list[float]
    counts: list[int]
    rejected: list[int]
    points: list[OperatingPoint]
    precision_from: str | None
    kept_precision_from: str | None


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
        Picks, over all images that both have.
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


class ReviewConflict(Problem):
    """Why decisions were not saved.

    Attributes
    ----------
    present : list of SaidOfPick
        What somebody said meanwhile of candidates that the review decides otherwise.
    """

    present: list[SaidOfPick]
