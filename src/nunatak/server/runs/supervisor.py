"""Carries out runs one at a time, each in a process of its own, and says how they ended."""

import time
from typing import Protocol

from nunatak.errors import ResourceError
from nunatak.server.bodies.events import Event
from nunatak.server.runs.continuing import can_go_on
from nunatak.server.runs.process import GOES_ON, RunProcess
from nunatak.server.runs.progress_file import last_sign_of_life
from nunatak.server.runs.schedule import gives_way, next_run
from nunatak.workspace.connection import Workspace
from nunatak.workspace.runs import RunRecord, RunState, change_run, run_of, runs_of

PATIENCE_S = 30.0
"""After so long, a process that was asked to end is killed."""


class Publisher(Protocol):
    """Tells the page what changes."""

    def publish(self, event: Event) -> None:
        """Tell everybody."""


class Supervisor:
    """Begins the process of a run, watches it, and ends it. For one thread at a time.

    Parameters
    ----------
    workspace
        The project.
    events
        Is told of progress, which is in no database.
    """

    def __init__(self, workspace: Workspace, events: Publisher) -> None:
        self._workspace = workspace
        self._events = events
        self._process: RunProcess | None = None
        self._asked_to_end_at: float | None = None
        self._told: float | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a run's process is under way."""
        process = self._process
        return process is not None and process.is_running()

    def recover(self) -> None:
        """Find processes of an earlier server, and say of runs without one what became of them."""
        for record in runs_of(self._workspace):
            if record.state not in {"running", "stopping"}:
                continue
            process = RunProcess.found(self._workspace, record)
            if process is None and record.state == "running" and record.kind != "prune":
                # Whatever ended it, such as a loss of power, is over: it goes on.
                change_run(self._workspace, record.id, state="waiting")
            elif process is None:
                self._conclude(record, None)
            elif self._process is None:
                self._process = process

    def look(self) -> None:
        """Take one look, and do what is to be done."""
        process = self._process
        if process is not None and not process.is_running():
            self._settle(process)
            process = None
        runs = [run for run in runs_of(self._workspace) if not run.has_ended]
        if process is None:
            following = next_run(runs)
            if following is not None:
                self._begin(following)
            return
        self._tell_progress(process)
        record = next((run for run in runs if run.id == process.run), None)
        if record is not None and gives_way(record, runs):
            change_run(self._workspace, record.id, only_if={"running"}, state="waiting")
            self._end_soon(process)
        elif record is not None and record.state == "stopping":
            self._end_soon(process)
        if (
            self._asked_to_end_at is not None
            and time.monotonic() - self._asked_to_end_at > PATIENCE_S
        ):
            process.kill()

    def end(self, run: int) -> None:
        """Ask the process of a run to end, if that is the one under way."""
        if self._process is not None and self._process.run == run:
            self._end_soon(self._process)

    def put_back(self) -> None:
        """End a process that picks, so that it goes on at the next start; leave any other."""
        process = self._process
        if process is None or run_of(self._workspace, process.run).kind != "pick":
            return
        change_run(self._workspace, process.run, only_if={"running"}, state="waiting")
        process.ask_to_end()
        ends = time.monotonic() + PATIENCE_S
        while process.is_running() and time.monotonic() < ends:
            time.sleep(0.02)
        process.kill()
        self._settle(process)

    def _begin(self, record: RunRecord) -> None:
        if not change_run(self._workspace, record.id, only_if={"waiting"}, state="running"):
            return
        try:
            process = RunProcess.begun(self._workspace, record.id)
        except ResourceError as error:
            change_run(self._workspace, record.id, state="failed", message=str(error))
            return
        self._process, self._told = process, None
        change_run(self._workspace, record.id, pid=process.pid, process_started=process.started)

    def _end_soon(self, process: RunProcess) -> None:
        """Ask once."""
        if self._asked_to_end_at is None:
            self._asked_to_end_at = time.monotonic()
            process.ask_to_end()

    def _settle(self, process: RunProcess) -> None:
        """Take note that a process has ended."""
        # Recorded before it is forgotten: where that fails, as on a full disk, it is tried again.
        self._conclude(run_of(self._workspace, process.run), process)
        self._process, self._asked_to_end_at = None, None
        self._events.publish(Event(about="run", id=process.run))

    def _conclude(self, record: RunRecord, process: RunProcess | None) -> None:
        """Record the end of a run whose process did not; how it ended may not be known."""
        how = None if process is None else process.end()
        if record.state == "stopping":
            self._end(record, "stopped", "Stopped by a user.")
        elif record.state == "running" and record.kind == "pick" and how is None:
            change_run(self._workspace, record.id, state="waiting")
        elif record.state == "running" and process is not None and process.was_interrupted:
            self._end(record, "stopped", "Stopped from outside nunatak.")
        elif record.state == "running":
            end = f"This run did not come to its end: {how or 'its process is gone'}."
            self._end(record, "failed", f"{end} Its log may say more.")

    def _end(self, record: RunRecord, state: RunState, message: str) -> None:
        """Record an end, and what can be done about it."""
        advice = "Start it again."
        if can_go_on(record, self._workspace.run_folder(record.id)):
            advice = GOES_ON
        if state == "stopped" and advice != GOES_ON:
            advice = ""
        change_run(self._workspace, record.id, state=state, message=f"{message} {advice}".rstrip())

    def _tell_progress(self, process: RunProcess) -> None:
        seen = last_sign_of_life(process.folder)
        if seen != self._told:
            self._told = seen
            self._events.publish(Event(about="run", id=process.run))
