"""Limits of the work done at once, whoever asks for it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Generic, TypeVar

from nunatak.errors import ResourceError

Key = TypeVar("Key")
Made = TypeVar("Made")


class Gate:
    """Lets a few in at a time.

    Parameters
    ----------
    places
        How many.
    wait_s
        How long the others wait for a place; 0: not at all.
    """

    def __init__(self, places: int, *, wait_s: float) -> None:
        self._places = BoundedSemaphore(places)
        self._wait_s = wait_s

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold a place inside the block.

        Raises
        ------
        ResourceError
            If none became free.
        """
        if not self._places.acquire(timeout=self._wait_s):
            raise ResourceError(
                "The server is busy reading other images. This picture comes a little later."
            )
        try:
            yield
        finally:
            self._places.release()


class Once(Generic[Key, Made]):
    """Makes what several ask for at the same time once."""

    def __init__(self) -> None:
        self._under_way: dict[Key, Future[Made]] = {}
        self._lock = Lock()

    def make(self, key: Key, make: Callable[[], Made]) -> Made:
        """Return what ``make`` returns, or raise what it raises, here or in another thread."""
        with self._lock:
            other = self._under_way.get(key)
            mine: Future[Made] = Future()
            if other is None:
                self._under_way[key] = mine
        if other is not None:
            return other.result()
        try:
            made = make()
        except BaseException as error:
            self._forget(key)
            mine.set_exception(error)
            raise
        self._forget(key)
        mine.set_result(made)
        return made

    def _forget(self, key: Key) -> None:
        with self._lock:
            del self._under_way[key]
