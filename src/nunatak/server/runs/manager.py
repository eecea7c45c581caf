"""Looks after runs: begins them one at a time, watches them, stops them, finds them again."""

import logging
import threading
import time

from nunatak.errors import Mismatch, NunatakError
from nunatak.server.bodies.runs import Run, RunAsked
from nunatak.server.runs.continuing import can_go_on
from nunatak.server.runs.process import LOG
from nunatak.server.runs.renewal import overtaken
from nunatak.server.runs.requests import (
    NewRun,
    asked_run,
    first_picks,
    picks_are_under_way,
    refuse_second_training,
)
from nunatak.server.runs.run_body import run_body
from nunatak.server.runs.supervisor import Publisher, Supervisor
from nunatak.workspace.connection import Workspace
from nunatak.workspace.image_problems import forget_problems
from nunatak.workspace.images import want_image
from nunatak.workspace.project import settings_of
from nunatak.workspace.runs import RunRecord, add_run, change_run, reopen_run, run_of, runs_of

LOOK_EVERY_S = 0.25
LOG_BYTES = 64 * 1024

SETTLING_S = 1.0
"""How long it is waited for more images that become usable, as when a whole folder comes back."""

_log = logging.getLogger(__name__)


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
        self._user = user
        self._lock = threading.Lock()
        self._supervisor = Supervisor(workspace, events)
        self._look = threading.Event()
        self._closing = False
        self._due_at: float | None = None
        self._thread = threading.Thread(target=self._watch, name="runs", daemon=True)

    @property
    def is_busy(self) -> bool:
        """Whether a run's process is under way."""
        return self._supervisor.is_busy

    def start(self) -> None:
        """Find the runs that an earlier server left, and begin to watch."""
        with self._lock:
            self._supervisor.recover()
        self.project_changed()
        self._thread.start()

    def close(self) -> None:
        """Put picking back for the next start, and leave a training or pruning alone."""
        self._closing = True
        self._look.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._supervisor.put_back()

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
            record = self._added(asked_run(self._workspace, asked), user or self._user)
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
            self._end(run)
        self._look.set()
        return self._body(run_of(self._workspace, run))

    def go_on(self, run: int) -> Run:
        """Let a training that failed or was stopped go on from where it was.

        Raises
        ------
        NotFound
            If there is no such run.
        Mismatch
            If it cannot go on, or another one trains.
        """
        with self._lock:
            refuse_second_training(self._workspace)
            record = run_of(self._workspace, run)
            folder = self._workspace.run_folder(run)
            if not (can_go_on(record, folder) and reopen_run(self._workspace, run)):
                raise Mismatch(f"{record.name} has nothing to go on with. Start a new run.")
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
        """Pick with the general model as soon as the particle's diameter is known.

        Where it was corrected, what is under way for the old one is stopped.
        """
        with self._lock:
            for run in overtaken(self._workspace, settings_of(self._workspace)):
                self._end(run.id)
            order = first_picks(self._workspace)
            if order is not None:
                if order.asked["pick_set"] is None:
                    # Another diameter may suit an image for which the old one made no sense.
                    forget_problems(self._workspace)
                self._added(order, self._user)
        self._look.set()

    def picks_may_be_due(self) -> None:
        """Pick images soon that became usable: their file was mended, or they are skipped no more.

        One run serves all that become so within a moment, or while others are being picked.
        """
        self._due_at = time.monotonic() + SETTLING_S

    def _order_what_is_due(self) -> None:
        due_at = self._due_at
        if due_at is None or time.monotonic() < due_at or picks_are_under_way(self._workspace):
            return
        order = first_picks(self._workspace)
        if order is not None:
            self._added(order, self._user)
        if self._due_at == due_at:  # no further image became usable meanwhile
            self._due_at = None

    def _end(self, run: int) -> None:
        if not change_run(
            self._workspace,
            run,
            only_if={"waiting"},
            state="stopped",
            message="Stopped before it began.",
        ):
            change_run(self._workspace, run, only_if={"running"}, state="stopping")
            self._supervisor.end(run)

    def _added(self, order: NewRun, user: str) -> RunRecord:
        return add_run(
            self._workspace, kind=order.kind, name=order.name, asked=order.asked, user=user
        )

    def _body(self, record: RunRecord) -> Run:
        return run_body(record, self._workspace.run_folder(record.id))

    def _watch(self) -> None:
        was_well = True
        while not self._closing:
            self._look.wait(LOOK_EVERY_S)
            self._look.clear()
            try:
                with self._lock:
                    if not self._closing:
                        self._order_what_is_due()
                        self._supervisor.look()
                was_well = True
            except NunatakError as error:
                # The disk may be away for a while.
                if was_well:
                    _log.warning("Cannot look after the runs: %s", error)
                was_well = False
            except Exception:
                # Without this thread no run would ever begin or end again.
                if was_well:
                    _log.exception("Cannot look after the runs")
                was_well = False
