"""Records of runs: what was asked, which process does it, and what came of it."""

import json
import sqlite3
from collections.abc import Collection, Mapping
from typing import Any, Literal

from nunatak.workspace.base import Model, now
from nunatak.workspace.changes import note
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import NotFound
from nunatak.workspace.processes import is_alive

RunKind = Literal["pick", "train", "prune"]
RunState = Literal["waiting", "running", "stopping", "done", "failed", "stopped"]

ENDED: frozenset[RunState] = frozenset({"done", "failed", "stopped"})
"""A run in one of these states stays in it, but for `reopen_run`."""

_KEYS = (
    *("id", "kind", "state", "name", "asked", "asked_by", "asked_at", "started_at", "ended_at"),
    *("pid", "process_started", "message", "pick_set", "labels", "negatives"),
)
_SELECT = (
    "SELECT id, kind, state, name, asked, asked_by, asked_at, started_at, ended_at, pid, "
    "process_started, message, pick_set, labels, negatives FROM run"
)


class RunRecord(Model):
    """A run.

    Attributes
    ----------
    id : int
    kind, state : str
    name : str
        For people.
    asked : dict
        JSON values: what to do.
    asked_by, asked_at : str
        Who asked and when (ISO 8601, UTC).
    started_at, ended_at : str or None
    pid : int or None
        Of its process.
    process_started : str or None
        When that process began (see `nunatak.workspace.processes`), by which another process that
        got its number later is not mistaken for it.
    message : str or None
        What came of it, or why it failed and what to do.
    pick_set : int or None
        That it makes.
    labels, negatives : int
        That a training learned from.
    """

    id: int
    kind: RunKind
    state: RunState
    name: str
    asked: dict[str, Any]
    asked_by: str
    asked_at: str
    started_at: str | None
    ended_at: str | None
    pid: int | None
    process_started: str | None
    message: str | None
    pick_set: int | None
    labels: int
    negatives: int

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ENDED

    @property
    def has_process(self) -> bool:
        """Whether its process runs on this machine."""
        return (
            self.pid is not None
            and self.process_started is not None
            and is_alive(self.pid, self.process_started)
        )


def add_run(
    workspace: Workspace, *, kind: RunKind, name: str, asked: Mapping[str, Any], user: str
) -> RunRecord:
    """Add a run that waits."""
    with workspace.writing() as connection:
        cursor = connection.execute(
            "INSERT INTO run (kind, state, name, asked, asked_by, asked_at) "
            "VALUES (?, 'waiting', ?, ?, ?, ?)",
            (kind, name, json.dumps(dict(asked), ensure_ascii=False), user, now()),
        )
        number = int(cursor.lastrowid or 0)
        note(connection, "run", number)
        return _read_run(connection, number)


def runs_of(workspace: Workspace) -> list[RunRecord]:
    """Return all runs, the newest first."""
    with workspace.reading() as connection:
        rows = connection.execute(f"{_SELECT} ORDER BY id DESC").fetchall()
    return [_record(row) for row in rows]


def run_of(workspace: Workspace, run: int) -> RunRecord:
    """Return one run.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.reading() as connection:
        return _read_run(connection, run)


def change_run(
    workspace: Workspace,
    run: int,
    *,
    only_if: Collection[RunState] | None = None,
    state: RunState | None = None,
    message: str | None = None,
    pid: int | None = None,
    process_started: str | None = None,
    labels: int | None = None,
    negatives: int | None = None,
) -> bool:
    """Change what is not None; the times of start and end are set with the state.

    A run that is put back to wait has no process any more.

    Parameters
    ----------
    workspace, run
        Which.
    only_if
        States from which on the change is made; None for all but the last ones. Two servers
        cannot both begin a run that waits.
    state, message, pid, process_started, labels, negatives
        See `RunRecord`.

    Returns
    -------
    bool
        Whether the run was changed; False where its state is another or a last one.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.writing() as connection:
        before = _read_run(connection, run)
        if before.has_ended or (only_if is not None and before.state not in only_if):
            return False
        if before.state == "waiting" and state == "running":
            # The process that did a first part of it has no more to do with it.
            connection.execute(
                "UPDATE run SET pid = NULL, process_started = NULL WHERE id = ?", (run,)
            )
        connection.execute(
            "UPDATE run SET state = coalesce(?, state), message = coalesce(?, message), "
            "pid = coalesce(?, pid), process_started = coalesce(?, process_started), "
            "labels = coalesce(?, labels), negatives = coalesce(?, negatives), "
            "started_at = coalesce(started_at, ?), ended_at = ? WHERE id = ?",
            (
                *(state, message, pid, process_started, labels, negatives),
                now() if state == "running" else None,
                now() if state in ENDED else None,
                run,
            ),
        )
        note(connection, "run", run)
    return True


def take_run(workspace: Workspace, run: int, *, pid: int, process_started: str) -> bool:
    """Take a run for the process that is to carry it out.

    Parameters
    ----------
    workspace, run
        Which.
    pid, process_started
        Of that process: see `RunRecord`.

    Returns
    -------
    bool
        Whether the process may begin; False where another process has the run, or it was taken
        back meanwhile, as after the server's end.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.writing() as connection:
        before = _read_run(connection, run)
        if before.state != "running":
            return False
        if before.pid is not None:
            return (before.pid, before.process_started) == (pid, process_started)
        connection.execute(
            "UPDATE run SET pid = ?, process_started = ? WHERE id = ?", (pid, process_started, run)
        )
        note(connection, "run", run)
    return True


def reopen_run(workspace: Workspace, run: int) -> bool:
    """Let a run that failed or was stopped wait for its turn again.

    Returns
    -------
    bool
        Whether it waits; False where its state is another.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.writing() as connection:
        if _read_run(connection, run).state not in {"failed", "stopped"}:
            return False
        connection.execute(
            "UPDATE run SET state = 'waiting', message = NULL, started_at = NULL, ended_at = NULL "
            "WHERE id = ?",
            (run,),
        )
        note(connection, "run", run)
    return True


def _read_run(connection: sqlite3.Connection, run: int) -> RunRecord:
    row = connection.execute(f"{_SELECT} WHERE id = ?", (run,)).fetchone()
    if row is None:
        raise NotFound("run", run)
    return _record(row)


def _record(row: tuple[object, ...]) -> RunRecord:
    values = dict(zip(_KEYS, row, strict=True))
    values["asked"] = json.loads(str(values["asked"]))
    return RunRecord.model_validate(values)
