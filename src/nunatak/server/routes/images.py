"""The queue of images."""

from fastapi import APIRouter

from nunatak.server.bodies.base import Id
from nunatak.server.bodies.images import ImageSummary, Queue, StateChange
from nunatak.server.services import Parts
from nunatak.workspace.images import set_state

router = APIRouter(tags=["images"])


@router.get("/images")
def read_queue(parts: Parts) -> Queue:
    """Return all images."""
    return parts.queue.queue()


@router.get("/images/{image}")
def read_image(image: Id, parts: Parts) -> ImageSummary:
    """Return one image."""
    return parts.queue.summary(image)


@router.patch("/images/{image}")
def change_state(image: Id, change: StateChange, parts: Parts) -> ImageSummary:
    """Call an image new, labelled, reviewed or skipped."""
    set_state(parts.workspace, image, change.state, parts.user)
    return parts.queue.summary(image)


@router.post("/images/{image}/wanted", status_code=204)
def want_image(image: Id, parts: Parts) -> None:
    """Say that the user looks at this image: it is picked next."""
    parts.runs.want(image)
