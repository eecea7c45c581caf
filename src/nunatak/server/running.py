"""Which server a project has: one at a time, so that no run is started twice."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from nunatak.errors import ResourceError, UsageError
from nunatak.workspace.processes import is_alive, process_start

RUNNING = "server.json"
"""In the project's folder while a server runs. Holds the token: only its owner may read it."""

LAST_PORT = "last_port.txt"


class Running(BaseModel):
    """A server that runs.

    Attributes
    ----------
    machine : str
        Where.
    pid : int
    started : str
        Tells the process from others of its number: see `nunatak.workspace.processes`.
    address : str
        To open in the browser, with the token.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    machine: str
    pid: int
    started: str
    address: str


class AlreadyServed(UsageError):
    """The project has a server.

    Attributes
    ----------
    address : str or None
        Where it is; None where it runs on another machine.
    """

    def __init__(self, message: str, address: str | None = None) -> None:
        super().__init__(message)
        self.address = address


def refuse_second(folder: Path) -> None:
    """Refuse to serve a project that has a server.

    Raises
    ------
    AlreadyServed
        If it has one, or may have one on another machine.
    """
    path = folder / RUNNING
    found = _read(path)
    if found is None:
        return
    if found.machine != socket.gethostname():
        raise AlreadyServed(
            f"{folder}: a server of this project runs on {found.machine}, or has ended there "
            f"without saying so. End it there, or remove {path} if there is none any more."
        )
    if is_alive(found.pid, found.started):
        raise AlreadyServed(
            f"{folder}: a server of this project runs already. Open its address, or end it first "
            f"(Ctrl-C in its terminal, or kill {found.pid}):\n\n  {found.address}\n",
            found.address,
        )


@contextmanager
def claimed(folder: Path, address: str) -> Iterator[None]:
    """Hold a project for this process while the block runs.

    Raises
    ------
    AlreadyServed
        If it has a server.
    ResourceError
        If the folder cannot be written.
    """
    path = folder / RUNNING
    refuse_second(folder)
    pid = os.getpid()
    mine = Running(
        machine=socket.gethostname(), pid=pid, started=process_start(pid) or "", address=address
    )
    try:
        path.unlink(missing_ok=True)  # of a server that was killed
        _write_once(path, mine)
    except FileExistsError:
        refuse_second(folder)
        raise AlreadyServed(f"{folder}: another server of this project starts now.") from None
    except OSError as error:
        raise ResourceError(
            f"{path}: cannot write ({error.strerror or error}). Check the folder's permissions and "
            "the free disk space."
        ) from error
    try:
        yield
    finally:
        if _read(path) == mine:
            with suppress(OSError):
                path.unlink()


def last_port(folder: Path) -> int | None:
    """Return the port at which the project was served last."""
    try:
        port = int((folder / LAST_PORT).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return port if 0 < port < 65_536 else None


def keep_port(folder: Path, port: int) -> None:
    """Remember the port: see `nunatak.server.sockets.listening_port`."""
    # A convenience alone: a disk that is full will be heard of where it matters.
    with suppress(OSError):
        (folder / LAST_PORT).write_text(f"{port}\n", encoding="ascii")


def _read(path: Path) -> Running | None:
    try:
        return Running.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        return None  # another user's, or cut short: nothing that a server of ours would leave


def _write_once(path: Path, running: Running) -> None:
    """Write the file with all its content at once, unless there is one; only the owner reads it."""
    handle, name = tempfile.mkstemp(prefix=".starting-", dir=path.parent)  # made with mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(running.model_dump_json())
        _name_once(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _name_once(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems know no links; there, two servers that start at once are not told.
        temporary.replace(path)
