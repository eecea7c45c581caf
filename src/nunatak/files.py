"""Write files whole or not at all, and read settings."""

import json
import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from os import PathLike
from pathlib import Path
from typing import Any

from nunatak.errors import BadInput, FormatError, ResourceError, UsageError

_SCRATCH: ContextVar[Path | None] = ContextVar("scratch folder of a rehearsal", default=None)


def encodable(text: str) -> str:
    r"""Return text that a file can hold: bytes that are no UTF-8 in file names are escaped.

    Examples
    --------
    >>> encodable("mic_\udcff.mrc")
    'mic_\\udcff.mrc'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path
        The file.
    what
        It holds, such as ``"the settings"``, for messages.

    Raises
    ------
    BadInput
        If it cannot be read.
    FormatError
        If it is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: cannot read {what} ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(path, f"not TOML: {error}") from error


def write_json(path: Path, values: Any) -> None:
    """Write JSON values to be read by people, whole (see `written_whole`)."""
    text = json.dumps(values, indent=2, ensure_ascii=False)
    write_text(path, encodable(text) + "\n")


@contextmanager
def rehearsal() -> Iterator[None]:
    """Write files inside the block as a rehearsal: everything is done, and no file is left.

    For finding out before long work whether its result can be written, and to which files.

    Examples
    --------
    >>> path = Path(tempfile.mkdtemp()) / "picks.csv"
    >>> with rehearsal():
    ...     write_text(path, "image,x_px,y_px")
    >>> path.exists()
    False
    """
    with tempfile.TemporaryDirectory(prefix="nunatak-") as folder:
        token = _SCRATCH.set(Path(folder))
        try:
            yield
        finally:
            _SCRATCH.reset(token)


def is_rehearsal() -> bool:
    """Whether files are written as a rehearsal (see `rehearsal`)."""
    return _SCRATCH.get() is not None


@contextmanager
def written_whole(path: str | PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that becomes ``path`` only if the block succeeds.

    The temporary file lies in the same folder, so that the final rename is atomic; it is
    flushed to disk before the rename. A file that exists under its final name is complete. In a
    `rehearsal`, it lies in the system's folder of temporary files and is thrown away.

    Parameters
    ----------
    path
        The final path. Missing parent folders are created.

    Yields
    ------
    Path
        An existing empty file to write to, with the suffix of ``path``.

    Raises
    ------
    ResourceError
        If the folder or the file cannot be written (permission, disk full).

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with written_whole(folder / "picks.csv") as temporary:
    ...     _ = temporary.write_text("image,x_px,y_px")
    >>> [entry.name for entry in folder.iterdir()]
    ['picks.csv']
    """
    final = Path(path)
    scratch = _SCRATCH.get()
    if scratch is not None:
        try:
            yield _rehearsed(final, scratch)
        except OSError as error:
            raise ResourceError(f"{scratch}: cannot write ({error.strerror or error}).") from error
        return
    temporary: Path | None = None
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=".writing-", suffix="".join(final.suffixes[-2:]), dir=final.parent
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        _sync(temporary)
        temporary.replace(final)
        _sync(final.parent)
    except OSError as error:
        raise ResourceError(
            f"{final}: cannot write ({error.strerror or error}). "
            "Check the folder's permissions and the free disk space; nothing was left behind."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: str | PathLike[str], text: str) -> None:
    """Write UTF-8 text whole or not at all (see `written_whole`)."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def beside(path: Path, ending: str) -> Path:
    """Return where a file lies that is named after another one, or after a folder.

    Raises
    ------
    UsageError
        If the path is no name but the place where the command runs, or the root.

    Examples
    --------
    >>> beside(Path("run/picks.star"), ".run.json").as_posix()
    'run/picks.star.run.json'
    """
    if not path.name:
        raise UsageError(
            f"{path}: names no file or folder of its own, and other files are named after the "
            "output. Give it a name, such as out.star."
        )
    return path.with_name(path.name + ending)


def require_reachable(path: str | PathLike[str]) -> None:
    """Refuse a path of which more than the last folder is missing: most likely a typing error.

    Raises
    ------
    UsageError
        If neither the folder of ``path`` nor the folder above that one exists.
    """
    folder = Path(path).absolute().parent
    if not folder.exists() and not folder.parent.exists():
        raise UsageError(
            f"{path}: there is no folder {folder.parent}. Check the path, or make the folder first."
        )


def _rehearsed(final: Path, scratch: Path) -> Path:
    """Return an empty file to write to in place of a final one, where there can be a file."""
    try:
        is_folder = final.is_dir()
        folder = next(one for one in final.absolute().parents if one.exists())
    except OSError as error:  # such as a name that is too long
        raise ResourceError(f"{final}: cannot write ({error.strerror or error}).") from error
    if is_folder or not folder.is_dir():
        what = "it is a folder" if is_folder else f"{folder} is no folder"
        raise ResourceError(f"{final}: cannot write, for {what}. Write elsewhere.")
    if not os.access(folder, os.W_OK):
        raise ResourceError(
            f"{final}: cannot write, for {folder} may not be written to. Check its permissions, "
            "or write elsewhere."
        )
    # The same one every time: thousands of files would take minutes to remove again.
    temporary = scratch / ("rehearsed" + "".join(final.suffixes[-2:]))
    temporary.write_bytes(b"")
    return temporary


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    # There is no way to read the umask without setting it.
    current = os.umask(0o022)
    os.umask(current)
    return current
