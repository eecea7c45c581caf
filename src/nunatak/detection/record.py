"""The run record: what was done, written next to the picks as JSON."""

import hashlib
import json
import platform
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from nunatak import __version__
from nunatak.errors import UsageError
from nunatak.files import write_text

LIBRARIES = ("torch", "numpy", "scipy")


def record_path(output: Path) -> Path:
    """Where the record of an output lies.

    Examples
    --------
    >>> record_path(Path("run/picks.star")).as_posix(), record_path(Path("run/boxes")).as_posix()
    ('run/picks.json', 'run/boxes.json')
    """
    path = output.with_suffix(".json")
    return path if path != output else output.with_suffix(".run.json")


def journal_path(output: Path) -> Path:
    """Where the journal of an unfinished run lies, until the output is complete."""
    return output.with_name(output.name + ".journal")


def refuse_to_replace(output: Path) -> None:
    """Refuse an output that this program did not write, or that was changed since.

    Raises
    ------
    UsageError
        If the output exists, and no record beside it describes it as it is.
    """
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    written = _written(record_path(output))
    if written is None:
        problem = "exists, and nothing says that 'nunatak pick' wrote it"
    elif sorted(written.values()) != sorted(fingerprint([output]).values()):
        # By content: the same files have other names when seen from another folder.
        problem = "was changed after 'nunatak pick' wrote it"
    else:
        return
    raise UsageError(f"{output} {problem}. Choose another output, or give --redo to replace it.")


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
    text = json.dumps({**record, "output": described}, indent=2, ensure_ascii=False)
    write_text(record_path(output), text + "\n")


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


def _written(path: Path) -> dict[str, str] | None:
    try:
        files = json.loads(path.read_bytes())["output"]["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return files if isinstance(files, dict) else None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
