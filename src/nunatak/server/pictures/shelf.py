"""Pictures that are in use: made once, kept in the cache, found there again."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from nunatak.server.pictures.array_file import ArrayFile, read_array_file, write_array_file
from nunatak.server.pictures.cache import PictureCache
from nunatak.server.pictures.greys import Greys
from nunatak.server.pictures.limits import Once


class Keepable(Protocol):
    """What knows how much memory it takes."""

    @property
    def memory_bytes(self) -> int:
        """As long as it is in use."""
        ...


Kept = TypeVar("Kept", bound=Keepable)


@dataclass(frozen=True)
class Bounds:
    """How much stays open; those used last do.

    Attributes
    ----------
    open : int
        Versions of images.
    memory_bytes : int
        Of all together. The one used last stays, whatever it takes.
    """

    open: int
    memory_bytes: int


class Shelf(Generic[Kept]):
    """What the versions of images are shown from, one thing a version.

    Parameters
    ----------
    cache
        Where they are kept as files.
    kind
        Of these files, such as ``pyramid``.
    from_file
        Returns what a file holds, or None where that is something else.
    bounds
        What stays open.
    """

    def __init__(
        self,
        cache: PictureCache,
        kind: str,
        from_file: Callable[[ArrayFile], Kept | None],
        bounds: Bounds,
    ) -> None:
        self._cache = cache
        self._kind = kind
        self._from_file = from_file
        self._bounds = bounds
        self._open: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()
        self._once: Once[str, Kept] = Once()

    def get(self, version: str, make: Callable[[], Kept], then: Callable[[Kept], None]) -> Kept:
        """Return what a version is shown from.

        Parameters
        ----------
        version
            Of an image.
        make
            Called where it is neither open nor in the cache; what it raises is raised.
        then
            Called with what was made, once it is open.
        """
        found = self._found(version)
        if found is not None:
            return found
        return self._once.make(version, lambda: self._opened(version, make, then))

    def is_ready(self, version: str) -> bool:
        """Tell whether a version needs no making."""
        with self._lock:
            is_open = version in self._open
        return is_open or self._cache.path(version, self._kind).exists()

    def keep(self, version: str, kept: Kept) -> None:
        """Open something, in place of what was open of this version."""
        with self._lock:
            self._open[version] = kept
            self._open.move_to_end(version)
            while len(self._open) > 1 and not self._is_within_bounds():
                self._open.popitem(last=False)

    def forget(self, version: str) -> None:
        """Open a version no more, and remove its file, which turned out to be of no use."""
        with self._lock:
            self._open.pop(version, None)
        with suppress(OSError):
            self._cache.path(version, self._kind).unlink()

    def save(
        self,
        version: str,
        about: dict[str, Any],
        shapes: Sequence[tuple[int, ...]],
        blocks: Iterable[Greys],
    ) -> Kept | None:
        """Write a file into the cache, and return what it holds; for the rest `write_array_file`.

        Raises
        ------
        ResourceError
            If the cache cannot be written.
        """
        path = self._cache.path(version, self._kind)
        with self._cache.writing(path) as temporary:
            write_array_file(temporary, about, shapes, blocks)
        return self._stored(version)

    def _found(self, version: str) -> Kept | None:
        with self._lock:
            if version in self._open:
                self._open.move_to_end(version)
            return self._open.get(version)

    def _opened(self, version: str, make: Callable[[], Kept], then: Callable[[Kept], None]) -> Kept:
        found = self._found(version)  # another thread may have made it since
        if found is not None:
            return found
        stored = self._stored(version)
        if stored is not None:
            self._cache.note_use(self._cache.path(version, self._kind))
            self.keep(version, stored)
            return stored
        made = make()
        self.keep(version, made)
        then(made)
        return made

    def _stored(self, version: str) -> Kept | None:
        file = read_array_file(self._cache.path(version, self._kind))
        return None if file is None else self._from_file(file)

    def _is_within_bounds(self) -> bool:
        memory_bytes = sum(kept.memory_bytes for kept in self._open.values())
        return len(self._open) <= self._bounds.open and memory_bytes <= self._bounds.memory_bytes
