"""Run the server until it is ended."""

import socket
import time

import uvicorn
from starlette.types import ASGIApp

from nunatak.server.app import create_app
from nunatak.server.events import EventHub
from nunatak.server.parts import Services
from nunatak.server.security.access import Access
from nunatak.server.silence import SilentConnections

MOST_CONNECTIONS = 512
_SECONDS_TO_FINISH = 5
"""For answers that are being sent when the server is ended."""

_IDLE_SECONDS = 75
"""After which a connection that is not used is closed."""


def serve(services: Services, access: Access, listening: socket.socket) -> None:
    """Serve a project until a signal asks to end, which is raised again then.

    Parameters
    ----------
    services
        The project's parts.
    access
        Who may use it.
    listening
        Where.
    """
    PageServer(create_app(services, access), services.events).run(sockets=[listening])


class PageServer(uvicorn.Server):
    """Serves an application, writes no addresses down, and ends though pages listen.

    Parameters
    ----------
    app
        To serve.
    events
        Whose streams are ended first.
    """

    def __init__(self, app: ASGIApp, events: EventHub) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                # Addresses would be written down, and one holds the token.
                access_log=False,
                log_config=None,
                log_level="critical",  # errors of the application are logged by the application
                server_header=False,
                proxy_headers=False,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_keep_alive=_IDLE_SECONDS,
                timeout_graceful_shutdown=_SECONDS_TO_FINISH,
            )
        )
        self._events = events
        self._silent = SilentConnections()

    async def on_tick(self, counter: int) -> bool:
        """Do what is to be done ten times a second; returns whether the server is to end."""
        self._silent.close_old(self.server_state.connections, time.monotonic())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all answers, and the server."""
        # Streams of events never end by themselves.
        self._events.close()
        await super().shutdown(sockets)
