"""Sets of picks: which there are, their names and thresholds."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from nunatak.errors import BadInput
from nunatak.workspace.base import LONGEST_NAME, Model, now
from nunatak.workspace.changes import note
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import NotFound
from nunatak.workspace.journal import write_entry

_KEYS = (
    *("id", "name", "run", "made_at", "is_complete", "threshold", "classes", "judged_classes"),
    *("candidates", "provenance", "stamp", "images", "is_pruned"),
)
_SELECT = """
SELECT id, name, run, made_at, is_complete, threshold, classes, judged_classes, candidates,
    provenance, stamp,
    (SELECT count(*) FROM candidates WHERE pick_set = pick_set.id),
    EXISTS (SELECT 1 FROM judgement WHERE pick_set = pick_set.id)
FROM pick_set
"""


class PickSetRecord(Model):
    """A set of picks.

    Attributes
    ----------
    id : int
    name : str
        For people; no other set of the project has it.
    run : int or None
        That made it.
    made_at : str
        ISO 8601, UTC.
    is_complete : bool
        Whether every image was picked.
    threshold : float
        Score from which on a candidate is selected.
    classes : tuple of str
        At least one.
    judged_classes : tuple of str
        What a pruning took candidates for; none before one.
    candidates, images : int
        So far.
    provenance : dict
        JSON values: what made it.
    stamp : int
        Rises whenever anything of the set changes: candidates, judgements, decisions, threshold.
    is_pruned : bool
        Whether a pruning judged any image's candidates.
    """

    id: int
    name: str
    run: int | None
    made_at: str
    is_complete: bool
    threshold: float
    classes: tuple[str, ...]
    judged_classes: tuple[str, ...]
    candidates: int
    provenance: dict[str, Any]
    stamp: int
    images: int
    is_pruned: bool


def add_pick_set(
    workspace: Workspace,
    *,
    name: str,
    threshold: float,
    classes: Sequence[str],
    run: int | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> int:
    """Add an empty set and return its number; a name that another set has gets a number.

    Raises
    ------
    BadInput
        If there is no class.
    """
    if not classes:
        raise BadInput(f"The pick set {name} has no class. Give at least one.")
    with workspace.writing() as connection:
        cursor = connection.execute(
            "INSERT INTO pick_set (name, run, made_at, threshold, classes, provenance) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(_unused(connection, name), run, now(), threshold),
                *(_json(list(classes)), _json(dict(provenance or {}))),
            ),
        )
        number = int(cursor.lastrowid or 0)
        if run is not None:
            connection.execute("UPDATE run SET pick_set = ? WHERE id = ?", (number, run))
        note(connection, "picks", number)
    return number


def pick_sets_of(workspace: Workspace) -> list[PickSetRecord]:
    """Return all sets, the newest first."""
    with workspace.reading() as connection:
        rows = connection.execute(f"{_SELECT} ORDER BY id DESC").fetchall()
    return [_record(row) for row in rows]


def pick_set_of(workspace: Workspace, pick_set: int) -> PickSetRecord:
    """Return one set.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.reading() as connection:
        return read_pick_set(connection, pick_set)


def read_pick_set(connection: sqlite3.Connection, pick_set: int) -> PickSetRecord:
    """Return one set within a transaction; raises as `pick_set_of` does."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (pick_set,)).fetchone()
    if row is None:
        raise NotFound("pick set", pick_set)
    return _record(row)


def change_pick_set(
    workspace: Workspace,
    pick_set: int,
    *,
    name: str | None = None,
    threshold: float | None = None,
    is_complete: bool | None = None,
    user: str | None = None,
) -> PickSetRecord:
    """Change what is not None.

    Parameters
    ----------
    workspace, pick_set
        Which.
    name, threshold, is_complete
        See `PickSetRecord`; a name that another set has gets a number.
    user
        Who changes it; None for a run.

    Raises
    ------
    NotFound
        If there is no such set.
    """
    with workspace.writing() as connection:
        read_pick_set(connection, pick_set)
        if name is not None:
            name = _unused(connection, name, by=pick_set)
        connection.execute(
            "UPDATE pick_set SET name = coalesce(?, name), threshold = coalesce(?, threshold), "
            "is_complete = coalesce(?, is_complete) WHERE id = ?",
            (name, threshold, is_complete, pick_set),
        )
        if user is not None:
            said = {"named": name, "threshold": threshold}
            what = ", ".join(f"{key} {value}" for key, value in said.items() if value is not None)
            write_entry(connection, "pick_set", pick_set, what, user)
        touch(connection, pick_set)
        return read_pick_set(connection, pick_set)


def touch(connection: sqlite3.Connection, pick_set: int, *, image: int | None = None) -> None:
    """Record within a transaction that a set changed, on one image or throughout."""
    connection.execute("UPDATE pick_set SET stamp = stamp + 1 WHERE id = ?", (pick_set,))
    note(connection, "picks", pick_set, image=image)


def _unused(connection: sqlite3.Connection, name: str, by: int | None = None) -> str:
    """Return a name that no set has but perhaps the one, with a number where it is needed."""
    rows = connection.execute("SELECT name FROM pick_set WHERE id IS NOT ?", (by,))
    taken = {one.casefold() for (one,) in rows}
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        ending = f" ({number})"
        free = f"{name[: LONGEST_NAME - len(ending)]}{ending}"
    return free


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _record(row: tuple[object, ...]) -> PickSetRecord:
    values = dict(zip(_KEYS, row, strict=True))
    for key in ("classes", "judged_classes", "provenance"):
        values[key] = json.loads(str(values[key]))
    return PickSetRecord.model_validate(values)
