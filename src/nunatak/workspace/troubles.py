"""What SQLite's errors mean for the user."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nunatak.errors import NunatakError, ResourceError
from nunatak.workspace.errors import DamagedProject
from nunatak.workspace.holders import holders_of

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_SPACE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_NO_ACCESS = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_PRIMARY = 0xFF
"""Of an extended error code, the bits that name its kind."""


@contextmanager
def translated(database: Path) -> Iterator[None]:
    """Raise errors of the disk, of locks and of damage as errors that say what to do.

    Raises
    ------
    ResourceError
        If the database is locked, or the disk is full or not writable.
    DamagedProject
        If the file is damaged.
    """
    try:
        yield
    except sqlite3.Error as error:
        meaning = _meaning(error, database)
        if meaning is None:
            raise
        raise meaning from error


def _meaning(error: sqlite3.Error, database: Path) -> NunatakError | None:
    kind = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if kind in _LOCKED:
        return ResourceError(
            f"{database}: locked by {holders_of(database)}; nothing was saved. Try again, and end "
            "that program if it does not answer any more."
        )
    if kind in _DAMAGED:
        return DamagedProject(
            database,
            f"damaged, or no database ({error})",
            hint="Restore it from a backup, or give another folder with --project",
        )
    if kind in _NO_SPACE:
        return ResourceError(
            f"{database}: cannot write ({error}); nothing was saved. Check the free disk space and "
            "your quota, then try again."
        )
    if kind in _NO_ACCESS:
        return ResourceError(
            f"{database}: cannot write ({error}); nothing was saved. Check that you may write in "
            f"{database.parent} and that it is not mounted read-only, or give another folder with "
            "--project."
        )
    return None
