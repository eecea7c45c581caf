"""Who changed what and when: every edit, as it was saved."""

from pydantic import TypeAdapter

from nunatak.workspace.base import Model
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import read_image
from nunatak.workspace.marks import Operation

_OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])


class PastEdit(Model):
    """An edit that was saved.

    Attributes
    ----------
    id : str
    version : int
        Of the image's labels, that it led to.
    by, at : str
        Who made it and when (ISO 8601, UTC).
    operations : list
        In order.
    """

    id: str
    version: int
    by: str
    at: str
    operations: list[Operation]


def history_of(workspace: Workspace, image: int) -> list[PastEdit]:
    """Return all edits of an image, the first one first.

    Raises
    ------
    NotFound
        If there is no such image.
    """
    with workspace.reading() as connection:
        read_image(connection, image)
        rows = connection.execute(
            "SELECT id, version, made_by, made_at, operations FROM edit "
            "WHERE image = ? ORDER BY version",
            (image,),
        ).fetchall()
    return [
        PastEdit(
            id=name, version=version, by=by, at=at, operations=_OPERATIONS.validate_json(operations)
        )
        for name, version, by, at, operations in rows
    ]
