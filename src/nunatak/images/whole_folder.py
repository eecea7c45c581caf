"""Write a folder of files whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nunatak.errors import ResourceError


@contextmanager
def folder_written_whole(final: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``final`` only if the block succeeds.

    It lies beside ``final``, and its files are flushed to disk before it is renamed. A folder can
    only be renamed over an empty one; an older ``final`` is therefore moved aside first, put back
    if that fails, and deleted last.

    Parameters
    ----------
    final
        The final path; what is there is replaced. Missing parent folders are created.

    Yields
    ------
    Path
        An empty folder to write into.

    Raises
    ------
    ResourceError
        If something cannot be written (permission, disk full).
    """
    temporary: Path | None = None
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=final.parent))
        content = temporary / final.name
        content.mkdir()
        yield content
        _flush(content)
        _exchange(content, final, temporary / "replaced")
    except OSError as error:
        raise ResourceError(
            f"{final}: cannot write ({error.strerror or error}). "
            "Check the folder's permissions and the free disk space; nothing was left behind."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _exchange(content: Path, final: Path, aside: Path) -> None:
    replaces = final.exists()
    if replaces:
        final.rename(aside)
    try:
        content.rename(final)
    except OSError:
        if replaces:
            aside.rename(final)
        raise
    _sync(final.parent)


def _flush(folder: Path) -> None:
    for root, _, names in os.walk(folder):
        for name in names:
            _sync(Path(root, name))
        _sync(Path(root))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
