"""Files that stay the same while they are read."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nunatak.errors import BadInput, FormatError


@dataclass(frozen=True)
class FileState:
    """What tells one version of a file from the next.

    Attributes
    ----------
    size_bytes : int
        The file's length.
    modified_ns : int
        Time of the last change, nanoseconds since 1970.
    """

    size_bytes: int
    modified_ns: int


def file_state(path: Path) -> FileState:
    """Return the size and the modification time of a file.

    Raises
    ------
    BadInput
        If there is no such file, it is a folder, or it cannot be reached.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise BadInput(f"{path}: not a file. Give an image file, or a folder to `pick` from.")
    return FileState(status.st_size, status.st_mtime_ns)


@contextmanager
def unchanged_while_reading(path: Path) -> Iterator[FileState]:
    """Refuse what was read inside the block if the file changed meanwhile.

    A micrograph that is still being copied or written looks complete to its header; comparing
    size and modification time before and after is what can be done without locks, which
    network file systems do not honour.

    Yields
    ------
    FileState
        The file as it is at the start.

    Raises
    ------
    BadInput
        If the file is missing, cannot be read, or changed inside the block.
    """
    before = file_state(path)
    try:
        yield before
    except OSError as error:
        raise unreadable(path, error) from error
    except FormatError:
        # The half of one version and the half of the next are in no format.
        _refuse_changed(path, before)
        raise
    _refuse_changed(path, before)


def changed(path: Path) -> BadInput:
    """Say that a file is another than it was when its header was read."""
    return BadInput(
        f"{path}: changed since it was opened, or was cut short. Wait until it is written "
        "completely, then try again."
    )


def _refuse_changed(path: Path, before: FileState) -> None:
    after = file_state(path)
    if after != before:
        raise BadInput(
            f"{path}: changed while it was being read ({before.size_bytes} bytes before, "
            f"{after.size_bytes} after). Wait until it is written completely, then try again."
        )


def unreadable(path: Path, error: OSError) -> BadInput:
    """Say in one line why the system does not let a file be read."""
    return BadInput(
        f"{path}: cannot be read ({error.strerror or error}). "
        "Check the name, the permissions and whether its disk is mounted."
    )
