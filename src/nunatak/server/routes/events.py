"""The stream of events."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from nunatak.server.events import EventHub
from nunatak.server.problems import problem
from nunatak.server.services import Parts

SECONDS_BETWEEN_COMMENTS = 15.0
"""Shorter than what tunnels and proxies take for a dead connection."""

MOST_STREAMS = 64
_MILLISECONDS_TO_RECONNECT = 1_000

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def read_events(parts: Parts) -> Response:
    """Stream what changes: each ``data:`` is an `Event`; a comment every 15 seconds.

    What changed before the stream began is not told: read everything anew after connecting.
    """
    if parts.events.n_listeners >= MOST_STREAMS:
        return problem(503, f"{MOST_STREAMS} windows show this project already. Close some.")
    return StreamingResponse(_lines(parts.events), media_type="text/event-stream")


async def _lines(events: EventHub) -> AsyncIterator[str]:
    listener = events.join()
    try:
        yield f"retry: {_MILLISECONDS_TO_RECONNECT}\n\n"
        async for event in listener.events(SECONDS_BETWEEN_COMMENTS):
            yield ": still here\n\n" if event is None else f"data: {event.model_dump_json()}\n\n"
    finally:
        events.leave(listener)
