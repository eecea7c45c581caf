"""Looks after runs: begins them one at a time, watches them, stops them, finds them again."""

import logging
import threading
import time
from typing import Protocol

from nunatak.errors import NunatakError, ResourceError
from nunatak.server.bodies.events import Event
from nunatak.server.bodies.runs import Run, RunAsked
from nunatak.server.runs.process import LOG, RunProcess
from nunatak.server.runs.progress_file import last_sign_of_life
from nunatak.server.runs.requests import asked_run, first_picks
from nunatak.server.runs.run_body import run_body
from nunatak.server.runs.schedule import gives_way, next_run
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import want_image
from nunatak.workspace.runs import RunRecord, add_run, change_run, run_of, runs_of

LOOK_EVERY_S = 0.25
PATIENCE_S = 30.0
"""After so long, a process that was asked to end is killed."""

LOG_BYTES = 64 * 1024

_log = logging.getLogger(__name__)


class Publisher(Protocol):
    """Tells the page what changes."""

    def publish(self, event: Event) -> None:
        """Tell everybody."""


class RunManager:
    """Looks after the runs of a project, in a thread of its own. Any thread may call it.

    One run computes at a time. A training survives the server and is found again; picking ends
    with the server and goes on at its next start.

    Parameters
    ----------
    workspace
        The project.
    events
        Is told of progress, which is in no database.
    user
        To whom runs are ascribed that nobody asked for.
    """

    def __init__(self, workspace: Workspace, events: Publisher, *, user: str = "nunatak") -> None:
        self._workspace = workspace
        self._events = events
        self._user = user
        self._lock = threading.Lock()
        self._process: RunProcess | None = None
        self._asked_to_end_at: float | None = None
        self._told: float | None = None
        self._look = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._watch, name="runs", daemon=True)

    @property
    def is_busy(self) -> bool:
        """Whether a run's process is under way."""
        process = self._process
        return process is not None and process.is_running()

    def start(self) -> None:
        """Find the runs that an earlier server left, and begin to watch."""
        with self._lock:
            self._recover()
        self.project_changed()
        self._thread.start()

    def close(self) -> None:
        """Put picking back for the next start, and leave a training or pruning alone."""
        self._closing = True
        self._look.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            process = self._process
            if process is None:
                return
            if run_of(self._workspace, process.run).kind != "pick":
                return
            change_run(self._workspace, process.run, only_if={"running"}, state="waiting")
            process.ask_to_end()
            ends = time.monotonic() + PATIENCE_S
            while process.is_running() and time.monotonic() < ends:
                time.sleep(0.02)
            process.kill()
            self._settle(process)

    def add(self, asked: RunAsked, *, user: str | None = None) -> Run:
        """Add a run, which begins as soon as its turn comes.

        Raises
        ------
        Mismatch
            If labels or a diameter are missing, or one trains already; says what to do.
        NotFound
            If there is no such set of picks.
        """
        with self._lock:
            order = asked_run(self._workspace, asked)
            record = add_run(
                self._workspace,
                kind=order.kind,
                name=order.name,
                asked=order.asked,
                user=user or self._user,
            )
        self._look.set()
        return self._body(record)

    def stop(self, run: int) -> Run:
        """Ask a run to stop.

        Raises
        ------
        NotFound
            If there is no such run.
        """
        with self._lock:
            if not change_run(
                self._workspace,
                run,
                only_if={"waiting"},
                state="stopped",
                message="Stopped before it began.",
            ):
                change_run(self._workspace, run, only_if={"running"}, state="stopping")
                if self._process is not None and self._process.run == run:
                    self._end_soon(self._process)
        self._look.set()
        return self._body(run_of(self._workspace, run))

    def runs(self) -> list[Run]:
        """Return all runs, the newest first."""
        return [self._body(record) for record in runs_of(self._workspace)]

    def run(self, run: int) -> Run:
        """Return one run.

        Raises
        ------
        NotFound
            If there is none of that number.
        """
        return self._body(run_of(self._workspace, run))

    def log(self, run: int) -> str:
        """Return the end of what a run's process said.

        Raises
        ------
        NotFound
            If there is none of that number.
        """
        run_of(self._workspace, run)
        try:
            with (self._workspace.run_folder(run) / LOG).open("rb") as stream:
                stream.seek(0, 2)
                stream.seek(max(0, stream.tell() - LOG_BYTES))
                return stream.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def want(self, image: int) -> None:
        """Say that the user looks at an image: it is picked next.

        Raises
        ------
        NotFound
            If there is no such image.
        """
        want_image(self._workspace, image)

    def project_changed(self) -> None:
        """Pick with the general model as soon as the particle's diameter is known."""
        with self._lock:
            order = first_picks(self._workspace)
            if order is not None:
                add_run(
                    self._workspace,
                    kind=order.kind,
                    name=order.name,
                    asked=order.asked,
                    user=self._user,
                )
        self._look.set()

    def _body(self, record: RunRecord) -> Run:
        return run_body(record, self._workspace.run_folder(record.id))

    def _recover(self) -> None:
        """Find processes of an earlier server, and say of runs without one what became of them."""
        for record in runs_of(self._workspace):
            if record.state not in {"running", "stopping"}:
                continue
            process = RunProcess.found(self._workspace, record)
            if process is None:
                self._conclude(record, "its process is gone")
            elif self._process is None:
                self._process = process

    def _watch(self) -> None:
        was_well = True
        while not self._closing:
            self._look.wait(LOOK_EVERY_S)
            self._look.clear()
            try:
                with self._lock:
                    self._step()
                was_well = True
            except NunatakError as error:
                # The disk may be away for a while.
                if was_well:
                    _log.warning("Cannot look after the runs: %s", error)
                was_well = False

    def _step(self) -> None:
        process = self._process
        if process is not None and not process.is_running():
            self._settle(process)
            process = None
        runs = [run for run in runs_of(self._workspace) if not run.has_ended]
        if process is None:
            following = next_run(runs)
            if following is not None and not self._closing:
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
        self._process, self._asked_to_end_at = None, None
        self._conclude(run_of(self._workspace, process.run), process.end())
        self._events.publish(Event(about="run", id=process.run))

    def _conclude(self, record: RunRecord, how: str) -> None:
        """Record the end of a run whose process did not."""
        if record.state == "stopping":
            change_run(self._workspace, record.id, state="stopped", message="Stopped by a user.")
        elif record.state == "running" and record.kind == "pick" and how == "its process is gone":
            change_run(self._workspace, record.id, state="waiting")
        elif record.state == "running":
            change_run(
                self._workspace,
                record.id,
                state="failed",
                message=f"This run did not come to its end: {how}. Start it again; its log may say "
                "more.",
            )

    def _tell_progress(self, process: RunProcess) -> None:
        seen = last_sign_of_life(process.folder)
        if seen != self._told:
            self._told = seen
            self._events.publish(Event(about="run", id=process.run))
