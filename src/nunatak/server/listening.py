"""Where a server listens, as the user wishes it, and how it is reached there."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from nunatak.errors import UsageError
from nunatak.server.address import USUAL_NEAR_PORT, page_address, tunnel
from nunatak.server.sockets import is_loopback, listening_at, listening_port

LOCAL = "127.0.0.1"
"""Not ``localhost``, which may mean two addresses: another user could take the other one's port,
and be sent the token."""


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Where to listen.

    Attributes
    ----------
    host : str
    port : int
        0 for the last one, or any that is free.
    path : Path or None
        Of a Unix socket, instead of a port.
    """

    host: str = LOCAL
    port: int = 0
    path: Path | None = None

    @classmethod
    def checked(cls, *, host: str, port: int, path: Path | None, may_expose: bool) -> "Listening":
        """Return where to listen.

        Parameters
        ----------
        host, port, path
            See `Listening`.
        may_expose
            Whether the user allows an address that other machines reach.

        Raises
        ------
        UsageError
            If other machines would reach it without that; or if a socket is asked for as well.
        """
        if path is not None and host != LOCAL:
            raise UsageError("A Unix socket has no host. Leave --host or --socket out.")
        if not is_loopback(host) and not may_expose:
            raise UsageError(
                f"--host {host}: other machines would reach the page there, and the connection is "
                "not encrypted. Leave it out and use the ssh line that is printed; or add --expose "
                "if the network is yours alone."
            )
        return cls(host=host, port=port, path=path)

    @property
    def is_exposed(self) -> bool:
        """Whether other machines reach it."""
        return self.path is None and not is_loopback(self.host)

    @contextmanager
    def opened(self, preferred_port: int | None) -> Iterator[socket.socket]:
        """Yield the socket, which listens; see `nunatak.server.sockets` for errors."""
        if self.path is None:
            with closing(listening_port(self.host, self.port, preferred_port)) as listening:
                yield listening
            return
        with closing(listening_at(self.path)) as listening:
            try:
                yield listening
            finally:
                with suppress(FileNotFoundError):
                    self.path.unlink()

    def address(self, listening: socket.socket, token: str) -> str:
        """Return what to open in the browser: here, or at the near end of the tunnel."""
        if self.path is not None:
            return page_address(LOCAL, self.near_port(listening), token)
        host = str(listening.getsockname()[0])
        if ip_address(host).is_unspecified:
            host = socket.gethostname()
        return page_address(host, self.near_port(listening), token)

    def near_port(self, listening: socket.socket) -> int:
        """Return the port in the address that the user opens."""
        if self.path is not None:
            return self.port or USUAL_NEAR_PORT
        return int(listening.getsockname()[1])

    def tunnel(self, listening: socket.socket) -> str:
        """Return the command that leads from another computer to here."""
        if self.path is not None:
            return tunnel(str(self.path.absolute()), self.near_port(listening))
        host, port = listening.getsockname()[:2]
        if ip_address(host).is_unspecified:
            host = LOCAL
        end = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return tunnel(end, port)
