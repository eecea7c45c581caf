"""What people say of an image: points, regions, and edits of them."""

from nunatak.server.bodies.base import Body
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


class ImportCounts(Body):
    """What came of reading labels from a file.

    Attributes
    ----------
    added : int
        Points.
    already_there : int
        Places with the same label within a tenth of a diameter.
    notes : list of str
        What was left out, with numbers and reasons.
    """

    added: int
    already_there: int
    notes: list[str]
