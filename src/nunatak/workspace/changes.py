"""What changed, in order: for whoever shows the project while others work on it."""

import sqlite3
from typing import Literal

from nunatak.workspace.base import Model
from nunatak.workspace.connection import Workspace

KEPT = 20_000
"""Changes; whoever missed more has to read everything again."""

About = Literal["project", "queue", "labels", "picks", "run"]


class Change(Model):
    """Something changed.

    Attributes
    ----------
    number : int
        Rises by one with every change.
    about : str
        ``project`` (its settings), ``queue`` (state or facts of the image ``id``), ``labels`` (of
        the image ``id``), ``picks`` (of the set ``id``, on ``image`` or throughout) or ``run``.
    id, image, version : int or None
        As far as they apply; ``version`` is the new one of settings or labels.
    """

    number: int
    about: About
    id: int | None = None
    image: int | None = None
    version: int | None = None


def note(
    connection: sqlite3.Connection,
    about: About,
    number: int | None = None,
    *,
    image: int | None = None,
    version: int | None = None,
) -> None:
    """Record a change within the transaction that makes it."""
    connection.execute(
        "INSERT INTO change (about, id, image, version) VALUES (?, ?, ?, ?)",
        (about, number, image, version),
    )
    connection.execute("DELETE FROM change WHERE number <= last_insert_rowid() - ?", (KEPT,))


def last_number(workspace: Workspace) -> int:
    """Return the number of the latest change; 0 before the first."""
    with workspace.reading() as connection:
        (number,) = connection.execute("SELECT coalesce(max(number), 0) FROM change").fetchone()
    return int(number)


def changes_since(workspace: Workspace, number: int, limit: int = 1000) -> list[Change]:
    """Return changes after one, in order, also those that other processes made."""
    with workspace.reading() as connection:
        rows = connection.execute(
            "SELECT number, about, id, image, version FROM change "
            "WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        ).fetchall()
    keys = ("number", "about", "id", "image", "version")
    return [Change.model_validate(dict(zip(keys, row, strict=True))) for row in rows]
