"""Runs that are made once: a file each, known by a hash of all that determines the run.

The source code is no part of the hash, since most changes to it change no result; each run
states which source made it instead.
"""

import hashlib
import json
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import common
from nunatak.files import write_text


class KeptRun(ABC):
    """Something that takes long and gives JSON values."""

    @property
    @abstractmethod
    def folder(self) -> str:
        """Where results of its kind lie within the work folder."""

    @property
    @abstractmethod
    def determined_by(self) -> dict[str, Any]:
        """All that determines the result: JSON values."""

    @abstractmethod
    def carried_out(self, folder: Path, *, cores: int) -> dict[str, Any]:
        """Do it on so many processor cores; of the folder, a model is kept."""

    @property
    def key(self) -> str:
        """Hash of everything that determines the result."""
        content = json.dumps(self.determined_by, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def path(self, work: Path, suffix: str = ".json") -> Path:
        """Return where the result lies, or a file that belongs to it."""
        return work / self.folder / f"{self.key}{suffix}"

    def finished(self, work: Path) -> dict[str, Any] | None:
        """Return the result of an earlier run, if there is one."""
        path = self.path(work)
        if not path.exists():
            return None
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return result

    def result(self, work: Path, *, cores: int) -> dict[str, Any]:
        """Return the result, and make it first where there is none.

        Parameters
        ----------
        work
            Folder that keeps results.
        cores
            Processor cores and threads.

        Raises
        ------
        SystemExit
            If a process fails; the end of its output is shown.
        """
        return self.finished(work) or self._made(work, cores)

    def _made(self, work: Path, cores: int) -> dict[str, Any]:
        work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work) as name:
            made = self.carried_out(Path(name), cores=cores)
            for file in Path(name).glob("*.safetensors"):
                target = self.path(work, file.suffix)
                target.parent.mkdir(parents=True, exist_ok=True)
                file.replace(target)
        result = {"cores": cores, "versions": common.versions(), **made}
        # Written last: a run with a result is complete.
        write_text(self.path(work), json.dumps(result, indent=1, allow_nan=False))
        return result


def recall(runs: Iterable[KeptRun], held: Mapping[str, Mapping[str, Any]], work: Path) -> int:
    """Take over the figures of runs that a committed file holds and the work folder does not.

    So a study goes on on another machine. Only figures come back, no models.

    Parameters
    ----------
    runs
        Of the study.
    held
        Figures of each run by its key, the ``source`` that made it among them.
    work
        Folder that keeps results.

    Returns
    -------
    int
        Number of runs taken over.
    """
    missing = {run.path(work): held[run.key] for run in runs if run.key in held}
    missing = {path: one for path, one in missing.items() if not path.exists()}
    for path, one in missing.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        versions = {"nunatak_source_sha256": one["source"]}
        write_text(path, json.dumps({**one, "versions": versions}, indent=1, allow_nan=False))
    return len(missing)


def runs_in(result: Path) -> dict[str, dict[str, Any]]:
    """Return the runs in the cells of a benchmark's result by key; none where there is no file."""
    if not result.exists():
        return {}
    content = json.loads(result.read_text(encoding="utf-8"))
    return {one["key"]: one for cell in content["cells"] for one in cell["runs"]}


def carry_out(
    todo: Sequence[tuple[str, KeptRun]],
    work: Path,
    *,
    cores: int,
    hours: float | None,
    figures: Callable[[dict[str, Any]], str],
) -> list[str]:
    """Make the runs that are missing while there is time, saying what each gave.

    Parameters
    ----------
    todo
        Title and run, in order.
    work
        Folder that keeps results.
    cores
        Processor cores of each run.
    hours
        After which no further run is started; None makes all.
    figures
        Puts what is worth telling of a result into words.

    Returns
    -------
    list of str
        Titles of runs that failed.
    """
    start, failed = time.monotonic(), []
    for number, (title, run) in enumerate(todo, start=1):
        if run.finished(work):
            continue
        if hours is not None and time.monotonic() - start >= 3600 * hours:
            break
        try:
            result = run.result(work, cores=cores)
        except SystemExit as error:
            # One run in hundreds must not end the study; it is named at the end and is missing.
            print(error, flush=True)
            failed.append(title)
            continue
        print(
            f"[{number}/{len(todo)}] {title}: {figures(result)}, {result['process_seconds']:.0f} s",
            flush=True,
        )
    return failed
