"""Measure whole processes: how long they take and how much memory they need."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

GB = 1e9
_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class Run:
    """One finished process.

    Attributes
    ----------
    seconds : float
        From start to exit, interpreter and imports included.
    peak_bytes : int
        Largest resident memory of the process, or of the largest one it started.
    """

    seconds: float
    peak_bytes: int


def run_measured(command: Sequence[str | Path], *, cores: int | None = None) -> Run:
    """Run a command in a process of its own and measure it.

    Parameters
    ----------
    command
        Program and arguments.
    cores
        Let it use so many processor cores; None for all.

    Raises
    ------
    SystemExit
        If it fails; the end of its output is shown.
    """
    arguments = [str(part) for part in command]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        finished = subprocess.run(
            [sys.executable, "-I", "-S", _LAUNCHER, report, str(cores or 0), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if finished.returncode:
            raise SystemExit(
                f"{' '.join(arguments)[:200]} ended with {finished.returncode}:\n"
                f"{finished.stdout[-3000:]}"
            )
        return Run(**json.loads(report.read_text(encoding="utf-8")))


def nunatak_command() -> Path:
    """Path of the installed command of the Python that runs this."""
    command = Path(sys.executable).with_name("nunatak")
    if not command.exists():
        raise SystemExit(f"{command} does not exist: install nunatak for {sys.executable}.")
    return command
