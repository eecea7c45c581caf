"""Where a report may be written: never over a file that is not a report."""

from pathlib import Path

from nunatak.errors import UsageError
from nunatak.files import require_reachable

SUFFIXES = (".html", ".htm")

_GENERATOR = b'<meta name="generator" content="nunatak '
"""As the template writes it."""

_HEAD_BYTES = 2048


def check_destination(path: Path, *, redo: bool = False) -> None:
    """Refuse, before any work, to write a report to a path.

    Parameters
    ----------
    path
        The HTML file.
    redo
        Replace an existing file even if it is not a report.

    Raises
    ------
    UsageError
        If the path does not end like an HTML file, is a folder, or is a file that nunatak did
        not write; or if its folder is far from existing.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path}: a report is an HTML file. Give a name that ends in .html.")
    if path.is_dir():
        raise UsageError(f"{path}: is a folder. Give another name for the report.")
    require_reachable(path)
    if path.exists() and not redo and not _is_report(path):
        raise UsageError(
            f"{path} exists and is not a report of nunatak. Choose another name, or give --redo "
            "to replace it."
        )


def _is_report(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return _GENERATOR in stream.read(_HEAD_BYTES)
    except OSError:
        return False  # what cannot be read cannot be known
