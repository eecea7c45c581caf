"""Pyramids of micrographs: made once, kept in the cache, mapped from there."""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from threading import BoundedSemaphore, Lock

from nunatak.errors import ResourceError
from nunatak.images.reader import read_micrograph
from nunatak.images.stable import unchanged_while_reading
from nunatak.server.pictures.array_file import ArrayFile, read_array_file, write_array_file
from nunatak.server.pictures.cache import PictureCache
from nunatak.server.pictures.facts import Facts, file_of
from nunatak.server.pictures.grey_pyramid import (
    GreyLevel,
    GreyPyramid,
    build_pyramid,
    level_shapes,
)
from nunatak.server.pictures.greys import GreyRange
from nunatak.server.pictures.limits import Gate, Once
from nunatak.workspace.images import ImageRecord

KIND = "pyramid"

_MOST_OPEN = 32
_MOST_MEMORY_BYTES = 512 << 20
"""Of pyramids that are not on disk: those on their way there, or all where it is full."""

_MOST_UNSAVED = 2

_log = logging.getLogger(__name__)


class Pyramids:
    """The pyramids of a project's micrographs.

    Parameters
    ----------
    cache
        Where they are kept.
    gate
        Bounds how many images are decoded at once.
    facts
        Is told what was read.
    """

    def __init__(self, cache: PictureCache, gate: Gate, facts: Facts) -> None:
        self._cache = cache
        self._gate = gate
        self._facts = facts
        self._open: OrderedDict[str, tuple[GreyPyramid, int]] = OrderedDict()
        self._lock = Lock()
        self._once: Once[str, GreyPyramid] = Once()
        self._unsaved = BoundedSemaphore(_MOST_UNSAVED)
        self._saver = ThreadPoolExecutor(1, "save-pyramid")

    def get(self, record: ImageRecord, version: str) -> GreyPyramid:
        """Return the pyramid of a version of an image, made where that was not done before.

        Raises
        ------
        NunatakError
            As `read_micrograph` raises; `ResourceError` if too many others are being made.
        """
        found = self._found(version)
        if found is not None:
            return found
        return self._once.make(version, lambda: self._opened(record, version))

    def is_ready(self, version: str) -> bool:
        """Tell whether a pyramid needs no making."""
        with self._lock:
            is_open = version in self._open
        return is_open or self._cache.path(version, KIND).exists()

    def close(self) -> None:
        """Wait until what is being saved is saved; what waits for that is given up."""
        self._saver.shutdown(cancel_futures=True)

    def _found(self, version: str) -> GreyPyramid | None:
        with self._lock:
            if version not in self._open:
                return None
            self._open.move_to_end(version)
            return self._open[version][0]

    def _opened(self, record: ImageRecord, version: str) -> GreyPyramid:
        path = self._cache.path(version, KIND)
        stored = read_array_file(path)
        pyramid = None if stored is None else _from_file(stored)
        if pyramid is not None:
            self._cache.note_use(path)
            self._keep(version, pyramid, 0)
            return pyramid
        with self._gate.passing():
            pyramid = self._made(record)
            self._keep(version, pyramid, pyramid.nbytes)
        # On a disk slower than the readers, what waits would fill the memory.
        if self._unsaved.acquire(blocking=False):
            self._saver.submit(self._save, version, pyramid)
        return pyramid

    def _made(self, record: ImageRecord) -> GreyPyramid:
        path = file_of(record)
        with unchanged_while_reading(path):
            micrograph = read_micrograph(path, listed_pixel_size_A=record.stated_pixel_size_A)
            pyramid = build_pyramid(micrograph.pixels)
        self._facts.note_read(record, micrograph.shape, micrograph.pixel_size_A)
        return pyramid

    def _save(self, version: str, pyramid: GreyPyramid) -> None:
        path = self._cache.path(version, KIND)
        levels = pyramid.levels
        about = {"ranges": [[level.between.low, level.between.high] for level in levels]}
        try:
            with self._cache.writing(path) as temporary:
                shapes = [level.greys.shape for level in levels]
                write_array_file(temporary, about, shapes, (level.greys for level in levels))
            stored = read_array_file(path)
            mapped = None if stored is None else _from_file(stored)
            if mapped is not None:
                self._keep(version, mapped, 0)
        except ResourceError as error:
            _log.warning("%s The page works, but more slowly.", error)
        finally:
            self._unsaved.release()

    def _keep(self, version: str, pyramid: GreyPyramid, memory_bytes: int) -> None:
        with self._lock:
            self._open[version] = pyramid, memory_bytes
            self._open.move_to_end(version)
            while len(self._open) > 1 and (
                len(self._open) > _MOST_OPEN
                or sum(size for _, size in self._open.values()) > _MOST_MEMORY_BYTES
            ):
                self._open.popitem(last=False)


def _from_file(stored: ArrayFile) -> GreyPyramid | None:
    """Return what a file holds, or None where that is no pyramid."""
    ranges: Sequence[Sequence[float]] = stored.about.get("ranges", [])
    shapes = [array.shape for array in stored.arrays]
    if len(ranges) != len(shapes) or len(shapes[0]) != 2 or not prod(shapes[0]):
        return None
    if level_shapes((shapes[0][0], shapes[0][1])) != shapes:
        return None
    return GreyPyramid(
        tuple(
            GreyLevel(1 << index, GreyRange(low, high), greys)
            for index, ((low, high), greys) in enumerate(zip(ranges, stored.arrays, strict=True))
        )
    )
