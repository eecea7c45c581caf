"""Galleries of candidates, and decisions about them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from nunatak.server.bodies.base import Id
from nunatak.server.bodies.picks import SaidOfPick
from nunatak.server.bodies.reviews import Decision, Gallery, Order, Review, ReviewConflict
from nunatak.server.review.gallery import Asked, gallery
from nunatak.server.review.sheet import sheet_places
from nunatak.server.routes.pictures import JPEG
from nunatak.server.services import Parts
from nunatak.workspace import decisions
from nunatak.workspace.errors import StaleReview

router = APIRouter(tags=["review"])

Offset = Annotated[int, Query(ge=0, le=100_000_000)]
Limit = Annotated[int, Query(ge=1, le=400)]
Text = Annotated[str | None, Query(max_length=80)]


@router.get("/pick-sets/{pick_set}/gallery")
def read_gallery(
    pick_set: Id,
    parts: Parts,
    order: Order = "score",
    *,
    descending: bool = True,
    selected_only: bool = True,
    undecided_only: bool = False,
    image: Annotated[Id | None, Query()] = None,
    class_name: Text = None,
    predicted_class: Text = None,
    decision: Decision | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> Gallery:
    """Return a part of the gallery of a set's candidates.

    ``doubt`` puts those nearest to the threshold first; ``class`` sorts by what a pruning takes
    them for. ``class_name`` is the picker's, ``predicted_class`` the pruning's.
    """
    record, columns = parts.sets.get(pick_set)
    asked = Asked(
        order,
        descending,
        selected_only,
        undecided_only,
        image,
        class_name,
        predicted_class,
        decision,
    )
    return gallery(columns, asked, threshold=record.threshold, offset=offset, limit=limit)


@router.get("/pick-sets/{pick_set}/pictures", response_class=Response, responses=JPEG)
def read_sheet(
    pick_set: Id,
    parts: Parts,
    numbers: Annotated[str, Query(pattern=r"^[0-9]{1,9}(,[0-9]{1,9}){0,399}$")],
    columns: Annotated[int, Query(ge=1, le=50)] = 10,
    tile_px: Annotated[int, Query(ge=16, le=256)] = 96,
) -> Response:
    """Return pictures of candidates, in the order asked for, as one sheet."""
    record, found = parts.sets.get(pick_set)
    asked = [int(number) for number in numbers.split(",")]
    places = sheet_places(parts.workspace, record, found, asked)
    picture = parts.pictures.sheet(places, tile_px=tile_px, columns=columns)
    return Response(picture, media_type="image/jpeg")


@router.post(
    "/pick-sets/{pick_set}/reviews",
    status_code=204,
    response_model=None,
    responses={409: {"model": ReviewConflict}},
)
def save_review(pick_set: Id, review: Review, parts: Parts) -> JSONResponse | None:
    """Save decisions whole; they are on disk when the answer comes."""
    try:
        decisions.save_review(parts.workspace, pick_set, review, parts.user)
    except StaleReview as stale:
        present = [
            SaidOfPick(number=number, **said._asdict()) for number, said in stale.present.items()
        ]
        conflict = ReviewConflict(message=str(stale), present=present)
        return JSONResponse(conflict.model_dump(), 409)
    return None
