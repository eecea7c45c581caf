"""Which server holds a project: one at a time, told by the database, which locks rightly anywhere.

A file that one server makes and another finds would not do: after a server was killed, two that
start at once could each take the other's new file for the old one and remove it.
"""

import sqlite3
from collections.abc import Callable

from nunatak.workspace.base import Model
from nunatak.workspace.connection import Workspace


class Holder(Model):
    """A server that holds a project.

    Attributes
    ----------
    claim : str
        Random: tells it from all others.
    user : str
        To whom its edits are ascribed.
    machine : str
        Where it runs.
    pid : int
    started : str
        Tells the process from others of its number: see `nunatak.workspace.processes`.
    since : str
        ISO 8601, UTC.
    """

    claim: str
    user: str
    machine: str
    pid: int
    started: str
    since: str


_COLUMNS = ", ".join(Holder.model_fields)


def hold(workspace: Workspace, mine: Holder, has_gone: Callable[[Holder], bool]) -> Holder | None:
    """Take a project, unless another server holds it.

    Parameters
    ----------
    workspace
        The project.
    mine
        The server that takes it.
    has_gone
        Tells of a server that holds the project whether it is there no more.

    Returns
    -------
    Holder or None
        Who holds it instead; None where it is ``mine`` now.
    """
    with workspace.writing() as connection:
        other = _read(connection)
        if other is not None and not has_gone(other):
            return other
        values = mine.model_dump()
        connection.execute(
            f"INSERT OR REPLACE INTO server (row, {_COLUMNS}) "  # noqa: S608
            "VALUES (1, ?, ?, ?, ?, ?, ?)",
            tuple(values.values()),
        )
    return None


def holder_of(workspace: Workspace) -> Holder | None:
    """Return the server that holds a project, be it gone; None where none does."""
    with workspace.reading() as connection:
        return _read(connection)


def release(workspace: Workspace, claim: str) -> None:
    """Give a project back, unless another server has taken it meanwhile."""
    with workspace.writing() as connection:
        connection.execute("DELETE FROM server WHERE claim = ?", (claim,))


def _read(connection: sqlite3.Connection) -> Holder | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM server").fetchone()  # noqa: S608
    return None if row is None else Holder(**dict(zip(Holder.model_fields, row, strict=True)))
