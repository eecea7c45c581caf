"""What people say of an image: points, regions, and edits of them."""

from nunatak.server.bodies.base import Body
from nunatak.workspace.import_counts import ImportCounts
from nunatak.workspace.marks import (
    Edit,
    Labels,
    Operation,
    Point,
    PutPoint,
    PutRegion,
    Region,
    Remove,
)

__all__ = [
    "Conflict",
    "Edit",
    "ImportCounts",
    "Labels",
    "Operation",
    "Point",
    "PutPoint",
    "PutRegion",
    "Region",
    "Remove",
    "Saved",
]


class Saved(Body):
    """An edit is on disk.

    Attributes
    ----------
    version : int
        That the image's labels got by this edit.
    """

    version: int


class Conflict(Body):
    """The answer 409: somebody changed the image since; nothing of the edit was saved.

    Attributes
    ----------
    message : str
    labels : Labels
        As they are now, to merge by the points' ids.
    """

    message: str
    labels: Labels
