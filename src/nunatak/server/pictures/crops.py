"""Parts of images at a level, from wherever they are had soonest."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Protocol

import numpy as np

from nunatak.images.reader import native, open_image
from nunatak.images.source import Pixels
from nunatak.images.stable import changed, unchanged_while_reading
from nunatak.server.pictures.grey_pyramid import GreyPyramid
from nunatak.server.pictures.greys import GreyRange, as_clipped, settle_range, to_values
from nunatak.server.pictures.halving import Values, block_means
from nunatak.server.pictures.volume import layers_around
from nunatak.server.pictures.volumes import OpenVolume

Area = tuple[int, int, int, int]
"""First and last row and first and last column, without the last ones, in pixels of a level."""

SLAB_SHARE = 1 / 4
"""Of a particle's diameter, that is averaged along z."""

_BANDS = 16
"""Rows of a level from which its range is settled, without reading all of the image."""


@dataclass(frozen=True)
class Crops:
    """A level of an image, of which parts are cut out.

    Attributes
    ----------
    scale : int
        Stored pixels along one of its pixels.
    shape : tuple of int
        ``(ny, nx)``, pixels of the level.
    between : GreyRange
        Of the level.
    values : callable
        Returns the pixel values of an area inside the level.
    """

    scale: int
    shape: tuple[int, int]
    between: GreyRange
    values: Callable[[Area], Values]


class CropSource(Protocol):
    """An image of which parts are wanted at any level."""

    @property
    def shape(self) -> tuple[int, int]:
        """``(ny, nx)`` as stored, pixels."""
        ...

    def level(self, index: int, z: float | None, diameter_px: float) -> Crops:
        """Return a level.

        Parameters
        ----------
        index
            How often the sides are halved.
        z
            Where, in a tomogram.
        diameter_px
            Of the particle, stored pixels.
        """
        ...


class PyramidSource:
    """A micrograph whose pyramid is there."""

    def __init__(self, pyramid: GreyPyramid) -> None:
        self._levels = pyramid.levels

    @property
    def shape(self) -> tuple[int, int]:
        """``(ny, nx)`` as stored, pixels."""
        return self._levels[0].shape

    def level(self, index: int, _z: float | None, _diameter_px: float) -> Crops:
        """Return a level, see `CropSource`."""
        level = self._levels[index]

        def values(area: Area) -> Values:
            y0, y1, x0, x1 = area
            return to_values(level.greys[y0:y1, x0:x1], level.between)

        return Crops(level.scale, level.shape, level.between, values)


class FileSource:
    """A micrograph of which parts are read: a gallery shows a bit of each of a hundred.

    Parameters
    ----------
    shape
        ``(ny, nx)`` as stored, pixels.
    read
        Returns the pixels of an area as stored, in any byte order; NaN become mid grey.
    """

    def __init__(self, shape: tuple[int, int], read: Callable[[Area], Pixels]) -> None:
        self._shape = shape
        self._read = read
        self._levels: dict[int, Crops] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """``(ny, nx)`` as stored, pixels."""
        return self._shape

    def level(self, index: int, _z: float | None, _diameter_px: float) -> Crops:
        """Return a level, see `CropSource`."""
        if index not in self._levels:
            self._levels[index] = self._settled(1 << index)
        return self._levels[index]

    def _settled(self, scale: int) -> Crops:
        ny, nx = (ceil(side / scale) for side in self._shape)
        rows = np.unique(np.linspace(0, ny - 1, _BANDS).astype(int)).tolist()
        bands = [self._block((row, row + 1, 0, nx), scale) for row in rows]
        clip = settle_range(np.concatenate([band.ravel() for band in bands]))
        means = [block_means(as_clipped(band, clip), scale).ravel() for band in bands]

        def values(area: Area) -> Values:
            return block_means(as_clipped(self._block(area, scale), clip), scale)

        return Crops(scale, (ny, nx), settle_range(np.concatenate(means)), values)

    def _block(self, area: Area, scale: int) -> Pixels:
        y0, y1, x0, x1 = (edge * scale for edge in area)
        return native(self._read((y0, min(y1, self._shape[0]), x0, min(x1, self._shape[1]))))


class SlabSource:
    """A tomogram, of which slabs are seen along z."""

    def __init__(self, opened: OpenVolume) -> None:
        self._opened = opened

    @property
    def shape(self) -> tuple[int, int]:
        """``(ny, nx)`` as stored, voxels."""
        return self._opened.volume.shape[1], self._opened.volume.shape[2]

    def level(self, index: int, z: float | None, diameter_px: float) -> Crops:
        """Return a level of the slab around z, see `CropSource`."""
        volume, scale = self._opened.volume, 1 << index
        depth, ny, nx = volume.shape
        thickness = min(depth, max(1, round(diameter_px * SLAB_SHARE)))
        layers = layers_around(round(z or 0.0), thickness, depth)

        def values(area: Area) -> Values:
            y0, y1, x0, x1 = (edge * scale for edge in area)
            box = layers, slice(y0, min(y1, ny)), slice(x0, min(x1, nx))
            return block_means(volume.mean_along(0, box), scale)

        is_outside = layers.stop <= layers.start
        shape = (0, 0) if is_outside else (ceil(ny / scale), ceil(nx / scale))
        return Crops(scale, shape, self._opened.range_of(index, thickness), values)


def parts_of(path: Path) -> FileSource | None:
    """Open a micrograph; None where parts cannot be read alone, such as of a compressed file.

    Raises
    ------
    BadInput
        If the file is missing, cannot be read, or changed meanwhile; also when a part is read.
    FormatError
        If its content breaks its format.
    """
    with unchanged_while_reading(path) as state:
        source = open_image(path, state)
    read_part = source.read_part
    if read_part is None or source.info.kind != "micrograph":
        return None

    def read(area: Area) -> Pixels:
        y0, y1, x0, x1 = area
        with unchanged_while_reading(path) as now:
            if now != state:
                raise changed(path)
            return read_part((slice(y0, y1), slice(x0, x1)))

    ny, nx = source.info.shape
    return FileSource((ny, nx), read)
