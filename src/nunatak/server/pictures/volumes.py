"""Tomograms that are looked at: read from their files until a copy in greys is there."""

import logging
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import prod
from threading import Event, Lock

from nunatak.errors import Interrupted, NunatakError
from nunatak.images.tomogram import Tomogram
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.server.pictures.array_file import ArrayFile, read_array_file, write_array_file
from nunatak.server.pictures.cache import PictureCache
from nunatak.server.pictures.facts import Facts, file_of
from nunatak.server.pictures.greys import GreyRange, Greys, settle_range, to_greys
from nunatak.server.pictures.halving import block_means
from nunatak.server.pictures.limits import Gate, Once
from nunatak.server.pictures.volume import (
    Volume,
    middle_box,
    volume_from_copy,
    volume_from_file,
)
from nunatak.workspace.images import ImageRecord

KIND = "volume"

_MOST_OPEN = 4
_SLAB_BYTES = 128 << 20
_LARGEST_SHARE = 0.5
"""Of the cache, that the copy of one tomogram may take."""

_log = logging.getLogger(__name__)


@dataclass
class OpenVolume:
    """A version of a tomogram in use.

    Attributes
    ----------
    version : str
    volume : Volume
        From the file, later from the copy.
    is_copy : bool
    ranges : dict
        Of slices by size and thickness, as far as they were needed.
    """

    version: str
    volume: Volume
    is_copy: bool
    ranges: dict[tuple[int, int], GreyRange] = field(default_factory=dict)

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
        self._cache = cache
        self._gate = gate
        self._facts = facts
        self._open: OrderedDict[str, OpenVolume] = OrderedDict()
        self._lock = Lock()
        self._once: Once[str, OpenVolume] = Once()
        self._copier = ThreadPoolExecutor(1, "copy-volume")
        self._to_copy: list[tuple[OpenVolume, Tomogram]] = []
        self._stopped = Event()

    def get(self, record: ImageRecord, version: str) -> OpenVolume:
        """Return a version of a tomogram.

        Raises
        ------
        NunatakError
            As `read_tomogram` raises; `ResourceError` if too many others are being read.
        """
        with self._lock:
            if version in self._open:
                self._open.move_to_end(version)
                return self._open[version]
        return self._once.make(version, lambda: self._opened(record, version))

    def close(self) -> None:
        """Give up copies that are not complete."""
        self._stopped.set()
        self._copier.shutdown(cancel_futures=True)

    def _opened(self, record: ImageRecord, version: str) -> OpenVolume:
        path = self._cache.path(version, KIND)
        stored = read_array_file(path)
        volume = None if stored is None else _from_file(stored)
        if volume is not None:
            self._cache.note_use(path)
            return self._kept(OpenVolume(version, volume, is_copy=True))
        with self._gate.passing():
            tomogram = read_tomogram(
                file_of(record), listed_voxel_size_A=record.stated_pixel_size_A
            )
            opened = OpenVolume(version, volume_from_file(tomogram), is_copy=False)
        self._facts.note_read(record, tomogram.shape, tomogram.voxel_size_A)
        if prod(tomogram.shape) <= _LARGEST_SHARE * self._cache.most_bytes:
            with self._lock:
                self._to_copy.append((opened, tomogram))
            self._copier.submit(self._copy_latest)
        return self._kept(opened)

    def _kept(self, opened: OpenVolume) -> OpenVolume:
        with self._lock:
            self._open[opened.version] = opened
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
        return opened

    def _copy_latest(self) -> None:
        # Whoever leafs through tomograms looks at the last one.
        with self._lock:
            opened, tomogram = self._to_copy.pop()
        path = self._cache.path(opened.version, KIND)
        between = opened.volume.between
        try:
            with self._cache.writing(path) as temporary:
                about = {"range": [between.low, between.high]}
                blocks = self._blocks(tomogram, between)
                write_array_file(temporary, about, [tomogram.shape], blocks)
        except Interrupted:
            return
        except NunatakError as error:
            _log.warning("%s Views across the slices stay slow.", error)
            return
        stored = read_array_file(path)
        copy = None if stored is None else _from_file(stored)
        if copy is not None:
            opened.volume, opened.is_copy = copy, True

    def _blocks(self, tomogram: Tomogram, between: GreyRange) -> Iterator[Greys]:
        section_bytes = prod(tomogram.shape[1:]) * tomogram.info.dtype.itemsize
        for _, slab in tomogram.slabs(max(1, _SLAB_BYTES // section_bytes)):
            for section in slab:
                if self._stopped.is_set():
                    raise Interrupted("The server stops.")
                yield to_greys(section, between)


def _from_file(stored: ArrayFile) -> Volume | None:
    """Return what a file holds, or None where that is no volume."""
    between = stored.about.get("range")
    if between is None or len(stored.arrays) != 1 or stored.arrays[0].ndim != 3:
        return None
    return volume_from_copy(stored.arrays[0], GreyRange(*between))
