"""The run record: what was done, written next to the picks as JSON."""

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from nunatak import __version__
from nunatak.detection.settings import changes
from nunatak.errors import UsageError
from nunatak.files import require_reachable, write_json

LIBRARIES = ("torch", "numpy", "scipy")


def record_path(output: Path) -> Path:
    """Where the record of an output lies.

    Examples
    --------
    >>> record_path(Path("run/picks.star")).as_posix(), record_path(Path("run/boxes")).as_posix()
    ('run/picks.star.run.json', 'run/boxes.run.json')
    """
    return output.with_name(output.name + ".run.json")


def journal_path(output: Path) -> Path:
    """Where the journal of an output lies (see `nunatak.detection.journal`)."""
    return output.with_name(output.name + ".journal")


def refuse_to_replace(output: Path, settings: Mapping[str, Any], *, redo: bool) -> None:
    """Refuse an output that this program did not write, or wrote with other settings.

    Parameters
    ----------
    output
        What the user named: a file or a folder.
    settings
        Everything that decides what is written, except the micrographs; JSON values.
    redo
        Replace the output all the same; never a foreign file where the record belongs.

    Raises
    ------
    UsageError
        If the output exists, and no record beside it describes it as it is and with these
        settings; if a foreign file lies where the record belongs; or if the output's folder is
        far from existing.
    """
    require_reachable(output)
    record = _read(record_path(output))
    if record is None and record_path(output).exists():
        raise UsageError(
            f"{record_path(output)} exists and is not the record of a run, which belongs there. "
            "Move it away, or choose another output."
        )
    if redo or not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    problem = _problem(output, record, settings)
    if problem:
        raise UsageError(
            f"{output} {problem}. Choose another output, or give --redo to replace it."
        )


def write_record(output: Path, record: dict[str, Any], files: list[Path]) -> None:
    """Write the record of a finished output.

    Parameters
    ----------
    output
        What the user named: a file or a folder.
    record
        JSON values.
    files
        The files that were written.
    """
    described = {"path": str(output), "files": fingerprint(files)}
    write_json(record_path(output), {**record, "output": described})


def fingerprint(files: list[Path]) -> dict[str, str]:
    """Return the SHA-256 of files by their names; of all files below a folder."""
    plain = [
        file for path in files for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
    ]
    return {str(file): _sha256(file) for file in plain if file.is_file()}


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


def _problem(output: Path, record: dict[str, Any] | None, settings: Mapping[str, Any]) -> str:
    if record is None:
        return "exists, and nothing says that 'nunatak pick' wrote it"
    # By content: the same files have other names when seen from another folder.
    if sorted(record["output"]["files"].values()) != sorted(fingerprint([output]).values()):
        return "was changed after 'nunatak pick' wrote it"
    changed = changes(record.get("settings", {}), settings)
    return f"was written with other settings ({changed})" if changed else ""


def _read(path: Path) -> dict[str, Any] | None:
    """Return a record, or None where there is none or something else."""
    try:
        record = json.loads(path.read_bytes())
        is_record = isinstance(record["output"]["files"], dict)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if is_record else None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
