"""The port at which a project was served last: tunnels and bookmarks that lead there go on."""

from contextlib import suppress
from pathlib import Path

LAST_PORT = "last_port.txt"


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
