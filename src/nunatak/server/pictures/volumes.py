"""Tomograms that are looked at: read from their files until a copy in greys is there."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import prod
from threading import Event, Lock

from nunatak.errors import Interrupted, NunatakError
from nunatak.images.tomogram import Tomogram
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.server.pictures.array_file import ArrayFile
from nunatak.server.pictures.cache import PictureCache
from nunatak.server.pictures.facts import Facts, file_of
from nunatak.server.pictures.greys import GreyRange, Greys, settle_range, to_greys
from nunatak.server.pictures.halving import block_means
from nunatak.server.pictures.limits import Gate
from nunatak.server.pictures.shelf import Bounds, Shelf
from nunatak.server.pictures.volume import (
    Volume,
    middle_box,
    volume_from_copy,
    volume_from_file,
)
from nunatak.workspace.images import ImageRecord

KIND = "volume"

BOUNDS = Bounds(open=4, memory_bytes=2 << 30)
"""In memory are compressed tomograms, until their copy is there."""

_SLAB_BYTES = 128 << 20
_LARGEST_SHARE = 0.5
"""Of the cache, that the copy of one tomogram may take."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OpenVolume:
    """A version of a tomogram in use.

    Attributes
    ----------
    volume : Volume
        From the file, later from the copy.
    tomogram : Tomogram or None
        The file; None of a copy.
    ranges : dict
        Of slices by size and thickness, as far as they were needed.
    """

    volume: Volume
    tomogram: Tomogram | None = None
    ranges: dict[tuple[int, int], GreyRange] = field(default_factory=dict)

    @property
    def memory_bytes(self) -> int:
        """How much memory it takes: of a compressed tomogram all of it."""
        if self.tomogram is None or "compression" not in self.tomogram.info.detail:
            return 0
        return prod(self.tomogram.shape) * self.tomogram.info.dtype.itemsize

    def range_of(self, size: int, thickness: int) -> GreyRange:
        """Return the range of the greys of slices, typically: that of a middle xy slice.

        Averaging takes noise away, so that each thickness and each size needs its own.
        """
        key = size, thickness
        if key not in self.ranges:
            if key == (0, 1):
                self.ranges[key] = self.volume.between
            else:
                box = middle_box(self.volume.shape, thickness)
                middle = block_means(self.volume.mean_along(0, box), 1 << size)
                self.ranges[key] = settle_range(middle)
        return self.ranges[key]


class Volumes:
    """The tomograms of a project.

    Parameters
    ----------
    cache
        Where copies are kept.
    gate
        Bounds how many files are read at once.
    facts
        Is told what was read.
    """

    def __init__(self, cache: PictureCache, gate: Gate, facts: Facts) -> None:
        self._largest_bytes = _LARGEST_SHARE * cache.most_bytes
        self._gate = gate
        self._facts = facts
        self._shelf = Shelf(cache, KIND, _from_file, BOUNDS)
        self._copier = ThreadPoolExecutor(1, "copy-volume")
        self._to_copy: list[tuple[str, OpenVolume, Tomogram]] = []
        self._lock = Lock()
        self._stopped = Event()

    def get(self, record: ImageRecord, version: str) -> OpenVolume:
        """Return a version of a tomogram.

        Raises
        ------
        NunatakError
            As `read_tomogram` raises; `ResourceError` if too many others are being read.
        """
        return self._shelf.get(
            version, lambda: self._made(record), lambda opened: self._to_be_copied(version, opened)
        )

    def forget(self, version: str) -> None:
        """Read a tomogram from its own file again: the copy is lost."""
        self._shelf.forget(version)

    def close(self) -> None:
        """Give up copies that are not complete."""
        self._stopped.set()
        self._copier.shutdown(cancel_futures=True)

    def _made(self, record: ImageRecord) -> OpenVolume:
        with self._gate.passing():
            tomogram = read_tomogram(
                file_of(record),
                listed_voxel_size_A=record.stated_pixel_size_A,
                is_mapped=False,
            )
            volume = volume_from_file(tomogram)
        self._facts.note_read(record, tomogram.shape, tomogram.voxel_size_A)
        return OpenVolume(volume, tomogram)

    def _to_be_copied(self, version: str, opened: OpenVolume) -> None:
        if opened.tomogram is None or prod(opened.volume.shape) > self._largest_bytes:
            return
        with self._lock:
            self._to_copy.append((version, opened, opened.tomogram))
        self._copier.submit(self._copy_latest)

    def _copy_latest(self) -> None:
        # Whoever leafs through tomograms looks at the last one.
        with self._lock:
            version, opened, tomogram = self._to_copy.pop()
        between = opened.volume.between
        try:
            about = {"range": [between.low, between.high]}
            blocks = self._blocks(tomogram, between)
            copy = self._shelf.save(version, about, [tomogram.shape], blocks)
        except Interrupted:
            return
        except NunatakError as error:
            _log.warning("%s Views across the slices stay slow.", error)
            return
        if copy is not None:
            # The contrast must not change while somebody looks.
            self._shelf.keep(version, replace(copy, ranges=opened.ranges))

    def _blocks(self, tomogram: Tomogram, between: GreyRange) -> Iterator[Greys]:
        section_bytes = prod(tomogram.shape[1:]) * tomogram.info.dtype.itemsize
        for _, slab in tomogram.slabs(max(1, _SLAB_BYTES // section_bytes)):
            for section in slab:
                if self._stopped.is_set():
                    raise Interrupted("The server stops.")
                yield to_greys(section, between)


def _from_file(stored: ArrayFile) -> OpenVolume | None:
    between = stored.about.get("range")
    if between is None or len(stored.arrays) != 1 or len(stored.arrays[0].shape) != 3:
        return None
    return OpenVolume(volume_from_copy(stored.arrays[0], GreyRange(*between)))
