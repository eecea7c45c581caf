"""Who called an image finished, or chose a name or a threshold, and when."""

import sqlite3

from nunatak.workspace.base import Model, now
from nunatak.workspace.connection import Workspace


class Entry(Model):
    """A change that a person made, besides edits, decisions and settings, which have their own.

    Attributes
    ----------
    about : str
        ``image`` or ``pick_set``.
    id : int
        Of the image or the set.
    what : str
        In words: what it is now.
    by, at : str
        Who and when (ISO 8601, UTC).
    """

    about: str
    id: int
    what: str
    by: str
    at: str


def write_entry(
    connection: sqlite3.Connection, about: str, item: int, what: str, user: str
) -> None:
    """Note a change, in the transaction that makes it."""
    connection.execute(
        "INSERT INTO journal (about, item, what, made_by, made_at) VALUES (?, ?, ?, ?, ?)",
        (about, item, what, user, now()),
    )


def journal(workspace: Workspace) -> list[Entry]:
    """Return all entries, the first one first."""
    with workspace.reading() as connection:
        rows = connection.execute(
            "SELECT about, item, what, made_by, made_at FROM journal ORDER BY number"
        ).fetchall()
    return [
        Entry(about=about, id=item, what=what, by=by, at=at) for about, item, what, by, at in rows
    ]
