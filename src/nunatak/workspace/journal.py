"""Who called an image finished, or chose a name or a threshold, and when."""

import sqlite3

from nunatak.workspace.base import now


def write_entry(
    connection: sqlite3.Connection, about: str, item: int, what: str, user: str
) -> None:
    """Note a change, in the transaction that makes it.

    Edits, decisions and settings are no part of it: tables of their own hold who made them.

    Parameters
    ----------
    connection
        Within a transaction.
    about, item
        ``image`` or ``pick_set``, and its number.
    what
        In words: what it is now.
    user
        Who made it.
    """
    connection.execute(
        "INSERT INTO journal (about, item, what, made_by, made_at) VALUES (?, ?, ?, ?, ?)",
        (about, item, what, user, now()),
    )
