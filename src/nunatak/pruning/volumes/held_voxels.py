"""A tomogram's voxels where slabs are cut from it."""

import math

from nunatak.images.source import Pixels
from nunatak.images.tomogram import Tomogram
from nunatak.pruning.volumes.slabs import Voxels

HELD_BYTES = 2 << 30
"""Tomograms in compressed chunks are held in memory up to this size: every slab would open most
of its chunks again."""


class _Boxes:
    """A tomogram that is asked for boxes as an array is."""

    def __init__(self, tomogram: Tomogram) -> None:
        self._tomogram = tomogram
        self.shape = tomogram.shape

    def __getitem__(self, box: tuple[slice, slice, slice]) -> Pixels:
        return self._tomogram.box(*box)


def held(tomogram: Tomogram) -> Voxels:
    """Return a tomogram's voxels, from memory where reading them once is much cheaper."""
    size_bytes = math.prod(tomogram.shape) * tomogram.info.dtype.itemsize
    if tomogram.info.format != "MRC" and size_bytes <= HELD_BYTES:
        return tomogram.slab(0, tomogram.shape[0])
    return _Boxes(tomogram)
