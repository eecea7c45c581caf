"""Who worked on an image last, and when."""

from nunatak.workspace.base import Model
from nunatak.workspace.connection import Workspace


class LastChange(Model):
    """The last thing that a person did to an image: an edit, or a new state.

    Attributes
    ----------
    by, at : str
        Who and when (ISO 8601, UTC).
    """

    by: str
    at: str


def last_changes(workspace: Workspace, image: int | None = None) -> dict[int, LastChange]:
    """Return who worked on each image last.

    Parameters
    ----------
    workspace
        The project.
    image
        None for all.

    Returns
    -------
    dict of int to LastChange
        Images that nobody has worked on are left out.
    """
    edits = """
        SELECT edit.image, edit.made_by, edit.made_at FROM image
        JOIN edit ON edit.image = image.id AND edit.version = image.version
    """
    # Of the columns that are not grouped, SQLite takes those of the row with the maximum.
    states = """
        SELECT item, made_by, made_at, max(number) FROM journal WHERE about = 'image'
    """
    values: tuple[int, ...] = ()
    if image is not None:
        edits, states, values = f"{edits} WHERE image.id = ?", f"{states} AND item = ?", (image,)
    found: dict[int, LastChange] = {}
    with workspace.reading() as connection:
        rows = connection.execute(edits, values).fetchall()
        rows += [row[:3] for row in connection.execute(f"{states} GROUP BY item", values)]
    for number, by, at in rows:
        before = found.get(number)
        # Times of one form and zone are in the order of their letters.
        if before is None or before.at < at:
            found[number] = LastChange(by=by, at=at)
    return found
