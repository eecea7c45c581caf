"""The durable memory of a run: a line for every finished micrograph or tomogram.

A journal grows by appending, so that a run may be killed at any moment and loses at most the
micrographs in flight; a line that was cut is recognised and dropped. It stays beside the picks,
so that the same command picks only micrographs that are new or have changed.
"""

import importlib
import json
import logging
import os
import time
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Self

from nunatak.detection.finished import Finished, from_json, to_json
from nunatak.detection.settings import changes
from nunatak.errors import Mismatch, ResourceError

VERSION = 1
SECONDS_BETWEEN_SYNCS = 1.0
"""A killed process loses nothing that was appended; a power cut loses so much at most."""

_FIRST_WORD = b'{"journal": '

_log = logging.getLogger(__name__)


class Journal:
    """Appends finished micrographs to a file, from any thread; use as a context manager.

    Parameters
    ----------
    path
        The journal; created with its folder where it is missing.
    settings
        Everything that decides which candidates there are. A journal of other settings is not
        continued.
    redo
        Start over, whatever the journal holds.

    Attributes
    ----------
    path : Path
    finished : dict of str to Finished
        What this run and earlier ones finished, by image.
    memory : dict
        What the earlier run noted with `remember`; JSON values.

    Raises
    ------
    Mismatch
        If the journal belongs to a run with other settings.
    ResourceError
        If it cannot be written, or another process is writing it.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], *, redo: bool = False) -> None:
        self.path = path
        self.finished: dict[str, Finished] = {}
        self.memory: dict[str, Any] = {}
        self._lock = Lock()
        self._synced = time.monotonic()
        self._stream = self._open()
        try:
            _lock(self._stream, path)
            if redo:
                self._stream.truncate(0)
            self._load(dict(settings))
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stream.close()
        if not self.finished:
            self.remove()  # nothing to go on from

    def append(self, micrograph: Finished) -> None:
        """Add a finished micrograph.

        Raises
        ------
        ResourceError
            If the disk is full or gone.
        """
        line = _line({"finished": to_json(micrograph)})
        with self._lock:
            self._write(line)
            self.finished[micrograph.image] = micrograph

    def remember(self, **values: Any) -> None:
        """Note JSON values for a continuation of this run."""
        with self._lock:
            self._write(_line({"memory": values}))
            self.memory.update(values)

    def remove(self) -> None:
        """Delete the journal."""
        self.path.unlink(missing_ok=True)

    def _open(self) -> FileIO:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Not "a": appending would ignore where the good lines end. Not buffered: what is
            # still in a buffer is lost with the process, and fails again when it is closed.
            return FileIO(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), "r+")
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _load(self, settings: dict[str, Any]) -> None:
        end = 0
        with self.path.open("rb") as lines:
            for line in lines:
                entry = _parsed(line)
                if end == 0:
                    _require_same(self.path, line, entry, settings)
                if entry is None:
                    _log.warning("%s: the last line is cut; its image is repeated", self.path)
                    break
                self._take(entry)
                end += len(line)
        self._stream.seek(end)
        self._stream.truncate()
        if end == 0:
            self._write(_line({"journal": VERSION, "settings": settings}))

    def _take(self, entry: dict[str, Any]) -> None:
        if "finished" in entry:
            micrograph = from_json(entry["finished"])
            self.finished[micrograph.image] = micrograph
        self.memory.update(entry.get("memory", {}))

    def _write(self, line: bytes) -> None:
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._stream.write(rest) :]
            if time.monotonic() - self._synced > SECONDS_BETWEEN_SYNCS:
                os.fsync(self._stream.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, allow_nan=False).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return the entry on a line, or None for a line that was not written to its end."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        # A power cut may leave zeros where data had been promised.
        return None
    return entry if isinstance(entry, dict) else None


def _require_same(
    path: Path, line: bytes, entry: dict[str, Any] | None, settings: dict[str, Any]
) -> None:
    """Refuse to continue, or to overwrite, what is not the journal of this run."""
    start_over = "Give --redo to start over, or another output"
    if entry is None and _FIRST_WORD.startswith(line[: len(_FIRST_WORD)]):
        return  # killed while it wrote its first line
    if entry is None or entry.get("journal") != VERSION:
        raise Mismatch(f"{path}: not a journal of this version of nunatak. {start_over}.")
    changed = changes(entry.get("settings", {}), settings)
    if changed:
        raise Mismatch(
            f"{path}: holds a run with other settings ({changed}). Repeat its options to go on "
            f"from it. {start_over}."
        )


def _lock(stream: FileIO, path: Path) -> None:
    locks = _file_locks()
    if locks is None:
        return
    try:
        locks.flock(stream, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError as error:
        raise ResourceError(
            f"{path}: another nunatak process is writing to this output. Wait for it, or give "
            "another output."
        ) from error
    except OSError as error:
        _log.debug("%s: the file system has no locks (%s)", path, error)


def _file_locks() -> ModuleType | None:
    try:
        return importlib.import_module("fcntl")
    except ModuleNotFoundError:  # Windows
        return None


def _unwritable(path: Path, error: OSError) -> ResourceError:
    return ResourceError(
        f"{path}: cannot write ({error.strerror or error}). Check the folder's permissions and "
        "the free disk space; what was finished is kept."
    )
