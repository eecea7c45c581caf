"""The queue of images."""

from typing import Annotated

from fastapi import APIRouter, Query

from nunatak.server.bodies.base import Id
from nunatak.server.bodies.events import Event
from nunatak.server.bodies.images import ImageSummary, PickCounts, Queue, StateChange
from nunatak.server.queue_reader import queue_of, summary_of
from nunatak.server.services import Parts
from nunatak.workspace.images import image_of, set_state

router = APIRouter(tags=["images"])


@router.get("/images")
def read_queue(parts: Parts) -> Queue:
    """Return all images."""
    return queue_of(parts.workspace)


@router.get("/images/{image}")
def read_image(image: Id, parts: Parts) -> ImageSummary:
    """Return one image."""
    return summary_of(parts.workspace, image)


@router.patch("/images/{image}")
def change_state(image: Id, change: StateChange, parts: Parts) -> ImageSummary:
    """Call an image new, labelled, reviewed or skipped."""
    before = image_of(parts.workspace, image).state
    set_state(parts.workspace, image, change.state, parts.user)
    if (before == "skipped") != (change.state == "skipped"):
        # Its picks count no more, or again.
        parts.events.publish(Event(about="picks", image=image))
    if before == "skipped" and change.state != "skipped":
        # Picking leaves out what is skipped.
        parts.runs.picks_may_be_due()
    return summary_of(parts.workspace, image)


@router.post("/images/{image}/wanted", status_code=204)
def want_image(image: Id, parts: Parts) -> None:
    """Say that the user looks at this image: it is picked next."""
    parts.runs.want(image)


@router.get("/pick-sets/{pick_set}/counts")
def read_counts(
    pick_set: Id,
    parts: Parts,
    images: Annotated[str | None, Query(pattern=r"^[0-9]{1,9}(,[0-9]{1,9}){0,99}$")] = None,
) -> PickCounts:
    """Return how many picks of a set each image shows, or those of some images alone."""
    asked = None if images is None else [int(one) for one in images.split(",")]
    return parts.pick_counter.counts(pick_set, asked)
