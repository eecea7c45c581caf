"""Bounds how many pictures are made at once, so that saving a label never waits behind them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST_AT_WORK = 8
MOST_WAITING = 256
MOST_SECONDS = 10.0

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
