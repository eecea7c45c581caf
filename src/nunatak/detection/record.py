"""The run record: what was done, written next to the picks as JSON."""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from nunatak import __version__
from nunatak.detection.settings import changes
from nunatak.errors import UsageError
from nunatak.files import beside, write_json

LIBRARIES = ("torch", "numpy", "scipy")


def record_path(output: Path) -> Path:
    """Where the record of an output lies.

    Examples
    --------
    >>> record_path(Path("run/picks.star")).as_posix(), record_path(Path("run/boxes")).as_posix()
    ('run/picks.star.run.json', 'run/boxes.run.json')
    """
    return beside(output, ".run.json")


def journal_path(output: Path) -> Path:
    """Where the journal of an output lies (see `nunatak.detection.journal`)."""
    return beside(output, ".journal")


def refuse_foreign_record(output: Path) -> None:
    """Refuse an output with something else where its record belongs.

    Raises
    ------
    UsageError
        If there is a file, and it is not the record of a run.
    """
    path = record_path(output)
    if path.exists() and read_record(output) is None:
        raise UsageError(
            f"{path} exists and is not the record of a run, which belongs there. "
            "Move it away, or choose another output."
        )


def refuse_foreign(output: Path, files: Iterable[Path], *, advice: str) -> None:
    """Refuse to replace files that an earlier run did not write as they are.

    Parameters
    ----------
    output
        What the user named: a file or a folder.
    files
        Of it, files that exist and would be replaced.
    advice
        What to do, for the message.

    Raises
    ------
    UsageError
        If the record beside the output does not describe one of them.
    """
    written = _written(output)
    foreign = [file for file in files if written.get(_absolute(file)) != _sha256(file)]
    if foreign:
        others = f" (and {len(foreign) - 1} more)" if len(foreign) > 1 else ""
        is_known = _absolute(foreign[0]) in written
        problem = (
            "was changed after 'nunatak pick' wrote it"
            if is_known
            else "exists, and nothing says that 'nunatak pick' wrote it"
        )
        raise UsageError(f"{foreign[0]}{others} {problem}. {advice}.")


def refuse_other_settings(output: Path, settings: Mapping[str, Any]) -> None:
    """Refuse to replace an output that was written with other settings.

    Parameters
    ----------
    output
        What the user named: a file or a folder.
    settings
        Everything that decides what is written, except the micrographs; JSON values.

    Raises
    ------
    UsageError
        If the record beside the output says so.
    """
    record = read_record(output)
    changed = changes(record.get("settings", {}), settings) if record else ""
    if changed:
        raise UsageError(
            f"{output} was written with other settings ({changed}). Choose another output, or "
            "give --redo to replace it."
        )


def write_record(output: Path, record: dict[str, Any], files: list[Path]) -> None:
    """Write the record of a finished output.

    Files of an earlier run that this one did not write again stay known as this program's.

    Parameters
    ----------
    output
        What the user named: a file or a folder.
    record
        JSON values.
    files
        The files that were written.
    """
    now = {_absolute(path) for path in files}
    left = {
        _named_by(output, path): sha256
        for path, sha256 in _written(output).items()
        if path not in now and path.exists()
    }
    described: dict[str, Any] = {
        "path": str(output),
        "files": {str(path): _sha256(path) for path in files},
    }
    if left:
        described["earlier_files"] = left
    write_json(record_path(output), {**record, "output": described})


def read_record(output: Path) -> dict[str, Any] | None:
    """Return the record beside an output, or None where there is none or something else."""
    try:
        record = json.loads(record_path(output).read_bytes())
        described = record["output"]
        files = (described["files"], described.get("earlier_files", {}))
        is_record = all(isinstance(one, dict) for one in files)
        is_record = is_record and isinstance(described["path"], str)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record if is_record else None


def is_as_written(output: Path, record: Mapping[str, Any]) -> bool:
    """Whether all files that a record describes are there as the run wrote them.

    Parameters
    ----------
    output
        The file or folder beside which the record lies, wherever it was moved with it.
    record
        From `read_record`.
    """
    files = _seen_from(output, record["output"], "files")
    return all(path.is_file() and _sha256(path) == sha256 for path, sha256 in files.items())


def circumstances() -> dict[str, Any]:
    """When, where and with what this process runs: JSON values."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command_line": sys.argv,
        "versions": {
            "nunatak": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in LIBRARIES},
        },
        "platform": platform.platform(),
    }


def _written(output: Path) -> dict[Path, str]:
    """Return the SHA-256 of each file that this program wrote there, by its absolute path."""
    record = read_record(output)
    if record is None:
        return {}
    described = record["output"]
    return {
        **_seen_from(output, described, "earlier_files"),
        **_seen_from(output, described, "files"),
    }


def _seen_from(output: Path, described: Mapping[str, Any], key: str) -> dict[Path, str]:
    """Return the files of a record by their absolute paths now.

    A record names them as the run did, from its working directory, and may have been moved along
    with its output since.
    """
    return {
        _absolute(output / os.path.relpath(name, described["path"])): sha256
        for name, sha256 in described.get(key, {}).items()
    }


def _named_by(output: Path, path: Path) -> str:
    """Return the name of a file as the output is named: both from the root, or neither."""
    return os.path.normpath(output / os.path.relpath(path, output))


def _absolute(path: Path) -> Path:
    """Return a path without ``..``, links left as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps "..".


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
