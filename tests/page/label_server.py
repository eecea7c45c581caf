"""`nunatak label` as a user starts it: a process, and the address that it prints."""

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ENTRY = (sys.executable, "-c", "from nunatak.cli.main import main; main()", "label")
START_S = 60.0
END_S = 30.0


class LabelServer:
    """A server of one project, which can be ended, killed and started again.

    Parameters
    ----------
    project
        Folder of the project.
    words
        Further words of the command: images, options.
    """

    def __init__(self, project: Path, *words: str) -> None:
        self.project = project
        self.log = project.with_suffix(".log")
        self.words = words
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self) -> str:
        """Start it and return the address that it prints alone on standard output."""
        with self.log.open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                [*ENTRY, *self.words, "--project", str(self.project)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self._process = process
        if process.stdout is None:
            raise RuntimeError("standard output is not a pipe")
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            is_ready = bool(selector.select(START_S))
        line = process.stdout.readline().strip() if is_ready else ""
        if not line.startswith("http://"):
            self.kill()
            raise RuntimeError(f"nunatak label printed no address:\n{self.log.read_text()}")
        self.address = line
        return line

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self.address.split("/?", 1)[0].rstrip("/")

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        return self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it without any warning."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        process.send_signal(number)
        try:
            code = process.wait(END_S)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
            self._process = None
        return code


def processes_of(project: Path) -> list[int]:
    """Return the ids of all processes whose command names a project's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended while we looked
            continue
        if os.fsencode(project) in words:
            found.append(int(entry.name))
    return found


Serve = Callable[..., LabelServer]
"""Starts a server with further words of the command."""
