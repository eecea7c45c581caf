"""Sets of picks."""

from typing import Annotated

from fastapi import APIRouter, Query

from nunatak.server.bodies.base import Id, Problem, Responses
from nunatak.server.bodies.pick_sets import PickSetChange, PickSets, PickSetSummary
from nunatak.server.bodies.picks import ImagePicks
from nunatak.server.bodies.reviews import Comparison, Histogram
from nunatak.server.review import summaries
from nunatak.server.review.on_image import picks_on
from nunatak.server.services import Parts
from nunatak.workspace import pick_sets

router = APIRouter(tags=["picks"])

REFUSED: Responses = {409: {"model": Problem}}


@router.get("/pick-sets")
def read_pick_sets(parts: Parts) -> PickSets:
    """Return all sets."""
    return PickSets(pick_sets=summaries.summaries(parts.workspace))


@router.get("/pick-sets/compare", responses=REFUSED)
def compare(
    first: Annotated[Id, Query()],
    second: Annotated[Id, Query()],
    parts: Parts,
    *,
    first_kept: bool = False,
    second_kept: bool = False,
) -> Comparison:
    """Match two sets, or one with itself.

    Of each, the candidates above its threshold are matched; with ``first_kept`` or ``second_kept``
    without those rejected by people or a pruning.
    """
    # It brings scipy, which the server does not wait for when it starts.
    from nunatak.server.review.reading import Side, comparison_of  # noqa: PLC0415

    return comparison_of(
        parts.workspace, parts.sets, Side(first, first_kept), Side(second, second_kept)
    )


@router.patch("/pick-sets/{pick_set}")
def change_pick_set(pick_set: Id, change: PickSetChange, parts: Parts) -> PickSetSummary:
    """Change its name or its threshold."""
    pick_sets.change_pick_set(
        parts.workspace,
        pick_set,
        name=change.name,
        threshold=change.threshold,
        user=parts.user,
    )
    return summaries.summary(parts.workspace, pick_set)


@router.get("/pick-sets/{pick_set}/images/{image}")
def read_picks(pick_set: Id, image: Id, parts: Parts) -> ImagePicks:
    """Return the candidates of one image; those in excluded regions are left out."""
    return picks_on(parts.workspace, pick_set, image)


@router.get("/pick-sets/{pick_set}/histogram")
def read_histogram(
    pick_set: Id, parts: Parts, class_name: Annotated[str | None, Query(max_length=80)] = None
) -> Histogram:
    """Return the scores of all candidates, or of one class."""
    from nunatak.server.review.reading import histogram_of  # noqa: PLC0415

    return histogram_of(parts.workspace, parts.sets, pick_set, class_name)
