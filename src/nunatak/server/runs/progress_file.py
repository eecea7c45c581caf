"""How far a run has come, in a file that its process writes and the server reads."""

import json
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from nunatak.files import write_text
from nunatak.server.bodies.runs import Progress

NAME = "progress.json"

SAVED_EVERY_S = 0.5
SIGN_OF_LIFE_EVERY_S = 5.0


def read_progress(folder: Path) -> Progress | None:
    """Return what a run said last; None where it said nothing yet."""
    try:
        return Progress.model_validate(json.loads((folder / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        return None


def last_sign_of_life(folder: Path) -> float | None:
    """Return when a run's process last wrote its progress, seconds since the epoch."""
    try:
        return (folder / NAME).stat().st_mtime
    except OSError:
        return None


def seconds_silent(folder: Path) -> float | None:
    """Return for how long a run's process has not written its progress; None where it never did.

    By the clock of the disk, which all machines share; their own clocks may differ.
    """
    seen = last_sign_of_life(folder)
    if seen is None:
        return None
    try:
        with tempfile.NamedTemporaryFile(prefix=".clock-", dir=folder) as stream:
            now = Path(stream.name).stat().st_mtime
    except OSError:
        now = time.time()
    return now - seen


class ProgressFile:
    """Write progress from a thread of its own, so that work never waits for a disk.

    Use as a context manager. Where nothing changes, the file is still written every few seconds:
    on another machine that is all that tells that the process lives.

    Parameters
    ----------
    folder
        Of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._now = Progress(phase="starting", done=0, total=0, seconds_left=None)
        self._began = time.monotonic()
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._save_often, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._save()
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._changed.set()
        self._thread.join()
        self._save()

    @property
    def phase(self) -> str:
        """The phase under way."""
        return self._now.phase

    def begin(self, phase: str, total: int = 0) -> None:
        """Begin a phase, in words; ``total`` 0 where its length is unknown."""
        self._began = time.monotonic()
        self._tell(Progress(phase=phase, done=0, total=total, seconds_left=None))

    def advance(self, done: int, seconds_left: float | None = None) -> None:
        """Say how much of the phase is done; the time left follows from its pace if not given."""
        total = self._now.total
        if seconds_left is None and 0 < done <= total:
            seconds_left = (time.monotonic() - self._began) / done * (total - done)
        self._tell(self._now.model_copy(update={"done": done, "seconds_left": seconds_left}))

    def _tell(self, progress: Progress) -> None:
        self._now = progress
        self._changed.set()

    def _save_often(self) -> None:
        while not self._ended.is_set():
            self._changed.wait(SIGN_OF_LIFE_EVERY_S)
            self._changed.clear()
            self._save()
            self._ended.wait(SAVED_EVERY_S)

    def _save(self) -> None:
        write_text(self._folder / NAME, self._now.model_dump_json())
