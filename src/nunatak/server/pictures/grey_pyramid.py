"""A micrograph at ever coarser levels, 8 bits of grey each."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from nunatak.images.source import Pixels
from nunatak.server.pictures.greys import (
    GreyArray,
    GreyRange,
    Greys,
    as_clipped,
    settle_range,
    to_greys,
)
from nunatak.server.pictures.halving import Values, halved

TILE_PX = 512
"""The coarsest level fits into one tile of this side."""

_SAMPLES_A_SIDE = 1000
_ROWS_AT_A_TIME = 256  # even, so that rows are halved in pairs


@dataclass(frozen=True)
class GreyLevel:
    """One size of an image.

    Attributes
    ----------
    scale : int
        Stored pixels along one of its pixels.
    between : GreyRange
        Pixel values that its greys stand for.
    greys : GreyArray, shape (ny, nx)
        In memory, or in a file.
    """

    scale: int
    between: GreyRange
    greys: GreyArray

    @property
    def shape(self) -> tuple[int, int]:
        """``(ny, nx)``, pixels of the level."""
        ny, nx = self.greys.shape
        return ny, nx

    def whole(self) -> Greys:
        """Return all of it."""
        ny, nx = self.shape
        return self.greys[0:ny, 0:nx]


@dataclass(frozen=True)
class GreyPyramid:
    """All sizes of an image.

    Attributes
    ----------
    levels : tuple of GreyLevel
        From the stored size to one that fits into a tile.
    """

    levels: tuple[GreyLevel, ...]

    @property
    def memory_bytes(self) -> int:
        """How much memory it takes."""
        greys = (level.greys for level in self.levels)
        return sum(one.nbytes for one in greys if isinstance(one, np.ndarray))

    def tile(self, level: int, row: int, column: int) -> Greys | None:
        """Return a tile, shape (`TILE_PX` or less, `TILE_PX` or less); None if there is none."""
        if level >= len(self.levels):
            return None
        ny, nx = self.levels[level].shape
        y, x = row * TILE_PX, column * TILE_PX
        if y >= ny or x >= nx:
            return None
        return self.levels[level].greys[y : min(ny, y + TILE_PX), x : min(nx, x + TILE_PX)]


def level_shapes(stored: tuple[int, int]) -> list[tuple[int, int]]:
    """Return ``(ny, nx)`` of each level of an image, pixels, beginning with the stored size."""
    shapes = [stored]
    while max(shapes[-1]) > TILE_PX:
        scale = 1 << len(shapes)
        shapes.append((ceil(stored[0] / scale), ceil(stored[1] / scale)))
    return shapes


def build_pyramid(pixels: Pixels) -> GreyPyramid:
    """Make all levels of a micrograph.

    Extreme pixels are cut off at the range of the finest level before means are taken, so that
    a hot pixel stays a point.

    Parameters
    ----------
    pixels : ndarray, shape (ny, nx), real
        All finite.

    Returns
    -------
    GreyPyramid
        A third more bytes than there are pixels; while it is made, twice as many.
    """
    ny, nx = pixels.shape
    between = settle_range(_sample(pixels))
    shapes = level_shapes((ny, nx))
    finest = np.empty((ny, nx), dtype=np.uint8)
    half = np.empty(shapes[1], dtype=np.float32) if len(shapes) > 1 else None
    for first in range(0, ny, _ROWS_AT_A_TIME):
        rows = as_clipped(pixels[first : first + _ROWS_AT_A_TIME], between)
        finest[first : first + _ROWS_AT_A_TIME] = to_greys(rows, between)
        if half is not None:
            part = halved(rows, rows.shape, 1)
            half[first // 2 : first // 2 + len(part)] = part
    levels = [GreyLevel(1, between, finest)]
    while half is not None:
        scale = 2 * levels[-1].scale
        levels.append(_level(half, scale))
        half = halved(half, (ny, nx), scale) if len(levels) < len(shapes) else None
    return GreyPyramid(tuple(levels))


def _level(values: Values, scale: int) -> GreyLevel:
    between = settle_range(_sample(values))
    return GreyLevel(scale, between, to_greys(values, between))


def _sample(pixels: Pixels) -> Pixels:
    step_y, step_x = (max(1, side // _SAMPLES_A_SIDE) for side in pixels.shape)
    return pixels[::step_y, ::step_x]
