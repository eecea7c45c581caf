"""Bodies of requests: of the right kind, of bounded size, and there in time."""

import asyncio
from collections.abc import Mapping

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

JSON = "application/json"
FILE = "application/octet-stream"
IMPORTS = "/api/import/"
"""Below this, a body is a file; everywhere else it is JSON."""

MOST_BYTES = {JSON: 8_000_000, FILE: 64_000_000}
"""The longest edit that the API describes fits."""

MOST_SECONDS = {JSON: 30.0, FILE: 300.0}
"""Until the whole body has come; slow tunnels need some."""


class BodyRefused(Exception):
    """A body that is not taken.

    Attributes
    ----------
    status : int
    message : str
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def whole_body(path: str, headers: Mapping[str, str], receive: Receive) -> Receive:
    """Take the body of a request, and return what hands it on.

    Raises
    ------
    BodyRefused
        If it is too large, too slow, or of the wrong kind.
    ClientDisconnect
        If the client went away.
    """
    kind = FILE if path.startswith(IMPORTS) else JSON
    announced = headers.get("content-length", "0")
    has_body = announced != "0" or "transfer-encoding" in headers
    if not has_body:
        return receive
    stated = headers.get("content-type", "").partition(";")[0].strip().casefold()
    if stated != kind:
        raise BodyRefused(415, f"This address takes {kind} only.")
    most = MOST_BYTES[kind]
    if not announced.isdecimal() or int(announced) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(MOST_SECONDS[kind]):
            body = await _read(receive, most)
    except TimeoutError:
        raise BodyRefused(408, "The request took too long to come. Try again.") from None
    return _handing_on(body, receive)


async def _read(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return bytes(body)


def _handing_on(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


def _too_large(most: int) -> BodyRefused:
    return BodyRefused(
        413, f"This is more than {most // 1_000_000} MB, the most that is taken at once."
    )
