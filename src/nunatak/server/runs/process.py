"""The process of a run: begun by this server, or found again after an earlier one."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nunatak.errors import ResourceError
from nunatak.server.runs.progress_file import seconds_silent
from nunatak.workspace.connection import Workspace
from nunatak.workspace.processes import is_hidden, is_of_this_machine, process_start
from nunatak.workspace.runs import RunRecord

LOG = "log.txt"
"""File in a run's folder: what its process said."""

SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Environment of a run's process, unless the user sets it. By default, threads that wait for each
other keep a core busy: beside a browser and a server, a training then took several times longer."""

INTERRUPTED = 130
"""Code with which a run's process ends that was asked to end."""

GOES_ON = "Press Continue to go on from where it was."

SILENT_FOR_S = 30.0
"""A process on another machine, or hidden on this one, that was silent so long counts as gone."""

_WHY = {
    signal.SIGKILL: ", often for lack of memory",
    signal.SIGBUS: ": an image was cut short while it was read, or its disk went away",
}
"""What is likely to be behind the signal that ended a process."""


def worker_command(project: Path, run: int) -> list[str]:
    """Return what begins the process of a run."""
    # Without -P, a file random.py in the user's folder would be taken for Python's own.
    program = [sys.executable, "-P", "-m", "nunatak.server.runs.worker"]
    return [*program, str(project), str(run), str(os.getpid())]


@dataclass(frozen=True)
class RunProcess:
    """A process that carries out a run, and leads a group of its own.

    Attributes
    ----------
    run : int
    folder : Path
        Of the run.
    pid : int
    started : str
        See `nunatak.workspace.processes.process_start`.
    child : Popen or None
        None where an earlier server began it.
    """

    run: int
    folder: Path
    pid: int
    started: str
    child: "subprocess.Popen[bytes] | None"

    @classmethod
    def begun(cls, workspace: Workspace, run: int) -> "RunProcess":
        """Begin the process of a run.

        Raises
        ------
        ResourceError
            If its folder cannot be written, or the machine allows no more processes.
        """
        folder = workspace.run_folder(run)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / LOG).open("ab") as log:
                child = subprocess.Popen(  # noqa: S603 - this program itself
                    worker_command(workspace.folder, run),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env={**SHARING, **os.environ},
                )
        except OSError as error:
            raise ResourceError(
                f"{folder}: the run cannot begin here ({error.strerror or error}). Check the "
                "folder's permissions and the free disk space, and start it again."
            ) from error
        # Not collected yet, so that the number is its own; it may have ended all the same.
        return cls(run, folder, child.pid, process_start(child.pid) or "", child)

    @classmethod
    def found(cls, workspace: Workspace, record: RunRecord) -> "RunProcess | None":
        """Find the process that an earlier server began; None where it is gone."""
        if record.pid is None or record.process_started is None:
            return None
        folder = workspace.run_folder(record.id)
        process = cls(record.id, folder, record.pid, record.process_started, None)
        return process if process.is_running() else None

    def is_running(self) -> bool:
        """Whether it has not ended."""
        if self.child is not None:
            return self.child.poll() is None
        if not is_of_this_machine(self.started) or is_hidden(self.pid):
            silent_s = seconds_silent(self.folder)
            return silent_s is not None and silent_s < SILENT_FOR_S
        return process_start(self.pid) == self.started

    def ask_to_end(self) -> None:
        """Send SIGTERM to the whole group, where it runs on this machine."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to the whole group, where it runs on this machine."""
        self._signal(signal.SIGKILL)

    @property
    def was_interrupted(self) -> bool:
        """Whether it ended because it was asked to."""
        return self.child is not None and self.child.returncode == INTERRUPTED

    def end(self) -> str | None:
        """Say how the process ended; None where an earlier server began it, and nobody knows."""
        code = None if self.child is None else self.child.returncode
        if code is None:
            return None
        if code >= 0:
            return f"its process ended with code {code}"
        number = signal.Signals(-code)
        return f"its process was ended by {number.name}{_WHY.get(number, '')}"

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running() and is_of_this_machine(self.started):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
