"""The one bound of how many pictures are asked for at once: saving a label must not wait for them.

How many images are read for them at once is bounded apart, where they are read.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST_AT_WORK = 8
"""Requests that may hold one of the server's 40 threads; a browser asks for six things at once.
Each may take a processor core and 100 MB for a while: more at once would only be slower."""

MOST_WAITING = 256
"""Requests that wait for their turn, without a thread; a browser may be behind each six of them."""

MOST_SECONDS = 10.0
"""How long they wait; whoever is sent away then is told to ask again."""

_PICTURE = re.compile(
    r"/api/(images/[^/]+/(thumbnail|pyramid|tiles|slices)|pick-sets/[^/]+/pictures)\b"
)


class Flooded(Exception):
    """Too many pictures were asked for at once."""


class PictureGate:
    """Lets a few requests for pictures through at a time; the others wait, and not for ever."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(MOST_AT_WORK)
        self._n_waiting = 0

    @asynccontextmanager
    async def passing(self, path: str) -> AsyncIterator[None]:
        """Hold one of the places while the block runs, if the path is that of a picture.

        Raises
        ------
        Flooded
            If too many wait already, or this one waited too long.
        """
        if not _PICTURE.match(path):
            yield
            return
        await self._enter()
        try:
            yield
        finally:
            self._places.release()

    async def _enter(self) -> None:
        if self._n_waiting >= MOST_WAITING:
            raise Flooded
        self._n_waiting += 1
        try:
            async with asyncio.timeout(MOST_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise Flooded from None
        finally:
            self._n_waiting -= 1
