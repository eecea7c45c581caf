"""Pyramids of micrographs."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

from nunatak.errors import ResourceError
from nunatak.images.reader import read_micrograph
from nunatak.images.stable import unchanged_while_reading
from nunatak.server.pictures.array_file import ArrayFile
from nunatak.server.pictures.cache import PictureCache
from nunatak.server.pictures.facts import Facts, file_of
from nunatak.server.pictures.grey_pyramid import (
    GreyLevel,
    GreyPyramid,
    build_pyramid,
    level_shapes,
)
from nunatak.server.pictures.greys import GreyRange
from nunatak.server.pictures.limits import Gate
from nunatak.server.pictures.shelf import Bounds, Shelf
from nunatak.workspace.images import ImageRecord

KIND = "pyramid"

BOUNDS = Bounds(open=32, memory_bytes=512 << 20)
"""In memory are those that are not on disk: on their way there, or all where it is full."""

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
        self._gate = gate
        self._facts = facts
        self._shelf = Shelf(cache, KIND, _from_file, BOUNDS)
        self._unsaved = BoundedSemaphore(_MOST_UNSAVED)
        self._saver = ThreadPoolExecutor(1, "save-pyramid")

    def get(self, record: ImageRecord, version: str) -> GreyPyramid:
        """Return the pyramid of a version of an image, made where that was not done before.

        Raises
        ------
        NunatakError
            As `read_micrograph` raises; `ResourceError` if too many others are being made.
        """
        return self._shelf.get(
            version, lambda: self._made(record), lambda pyramid: self._to_be_saved(version, pyramid)
        )

    def is_ready(self, version: str) -> bool:
        """Tell whether a pyramid needs no making."""
        return self._shelf.is_ready(version)

    def forget(self, version: str) -> None:
        """Make a pyramid again when it is wanted: its file is lost."""
        self._shelf.forget(version)

    def close(self) -> None:
        """Wait until what is being saved is saved; what waits for that is given up."""
        self._saver.shutdown(cancel_futures=True)

    def _made(self, record: ImageRecord) -> GreyPyramid:
        path = file_of(record)
        with self._gate.passing(), unchanged_while_reading(path):
            micrograph = read_micrograph(
                path, listed_pixel_size_A=record.stated_pixel_size_A, is_mapped=False
            )
            pyramid = build_pyramid(micrograph.pixels)
        self._facts.note_read(record, micrograph.shape, micrograph.pixel_size_A)
        return pyramid

    def _to_be_saved(self, version: str, pyramid: GreyPyramid) -> None:
        # On a disk slower than the readers, what waits would fill the memory.
        if self._unsaved.acquire(blocking=False):
            self._saver.submit(self._save, version, pyramid)

    def _save(self, version: str, pyramid: GreyPyramid) -> None:
        levels = pyramid.levels
        about = {"ranges": [[level.between.low, level.between.high] for level in levels]}
        try:
            shapes = [level.shape for level in levels]
            stored = self._shelf.save(version, about, shapes, (level.whole() for level in levels))
            if stored is not None:
                self._shelf.keep(version, stored)
        except ResourceError as error:
            _log.warning("%s The page works, but more slowly.", error)
        finally:
            self._unsaved.release()


def _from_file(stored: ArrayFile) -> GreyPyramid | None:
    ranges: Sequence[Sequence[float]] = stored.about.get("ranges", [])
    shapes = [array.shape for array in stored.arrays]
    if len(ranges) != len(shapes) or not shapes or len(shapes[0]) != 2:
        return None
    if level_shapes((shapes[0][0], shapes[0][1])) != shapes:
        return None
    return GreyPyramid(
        tuple(
            GreyLevel(1 << index, GreyRange(low, high), greys)
            for index, ((low, high), greys) in enumerate(zip(ranges, stored.arrays, strict=True))
        )
    )
