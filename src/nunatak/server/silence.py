"""Ends connections on which nothing is asked: every user of the machine can open them."""

from collections.abc import Iterable
from typing import Any

MOST_SECONDS = 20.0
"""For a whole request to come. Browsers open connections ahead of need, and mind no closed one."""


class SilentConnections:
    """Closes connections of uvicorn that wait for a request for too long.

    uvicorn itself waits without end for the first one, and for the rest of one that has begun.
    """

    def __init__(self) -> None:
        self._since: dict[Any, float] = {}

    def close_old(self, connections: Iterable[Any], now_s: float) -> None:
        """Close those that were silent at each call since `MOST_SECONDS`.

        Parameters
        ----------
        connections
            uvicorn's protocols, of h11 or httptools.
        now_s
            On a clock that is never set back.
        """
        silent = [one for one in connections if _is_silent(one)]
        self._since = {one: self._since.get(one, now_s) for one in silent}
        for connection, since in self._since.items():
            if now_s - since > MOST_SECONDS:
                connection.transport.close()


def _is_silent(connection: Any) -> bool:
    """Whether no request is answered, and none is waited for with a limit of uvicorn's own."""
    answering = connection.cycle is not None and not connection.cycle.response_complete
    return not answering and connection.timeout_keep_alive_task is None
