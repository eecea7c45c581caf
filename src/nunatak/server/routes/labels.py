"""Labels of an image, and edits of them."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from nunatak.server.bodies.base import Id
from nunatak.server.bodies.events import Event
from nunatak.server.bodies.labels import Conflict, Edit, Labels, PutRegion, Remove, Saved
from nunatak.server.services import Parts, Services
from nunatak.workspace import labels
from nunatak.workspace.errors import StaleEdit

router = APIRouter(tags=["labels"])


@router.get("/images/{image}/labels")
def read_labels(image: Id, parts: Parts) -> Labels:
    """Return what is saved of an image."""
    return labels.labels_of(parts.workspace, image)


@router.post("/images/{image}/edits", response_model=Saved, responses={409: {"model": Conflict}})
def save_edit(image: Id, edit: Edit, parts: Parts) -> Saved | JSONResponse:
    """Save an edit whole; it is on disk when the answer comes."""
    excludes = _changes_exclusion(parts, image, edit)
    try:
        version = labels.save_edit(parts.workspace, image, edit, parts.user)
    except StaleEdit as stale:
        conflict = Conflict(message=str(stale), labels=stale.labels)
        return JSONResponse(conflict.model_dump(), 409)
    if excludes:
        # Picks there count no more, or again.
        parts.events.publish(Event(about="picks", image=image))
    return Saved(version=version)


def _changes_exclusion(parts: Services, image: int, edit: Edit) -> bool:
    """Whether an edit puts or removes a region where nothing is picked."""
    put = {one.region.id for one in edit.operations if isinstance(one, PutRegion)}
    removed = {number for one in edit.operations if isinstance(one, Remove) for number in one.ids}
    if not put | removed:
        return False
    new = [one.region.kind for one in edit.operations if isinstance(one, PutRegion)]
    before = labels.labels_of(parts.workspace, image).regions
    old = [region.kind for region in before if region.id in put | removed]
    return "exclude" in (*new, *old)
