"""Parts of a tomogram as pixel values, from its file or from a copy in greys."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.images.tomogram import Box, Tomogram
from nunatak.server.pictures.greys import (
    GreyArray,
    GreyRange,
    as_clipped,
    settle_range,
    to_values,
)

ReadValues = Callable[[Box], NDArray[np.float32]]
"""Returns the values of a box, ``[z, y, x]``, cut off at the range of the tomogram."""

_PROBE_PX = 256
"""Side of the part of a section that tells the range of the greys: of an OME-Zarr, few chunks."""

_MOST_BYTES_AT_A_TIME = 64 << 20
_VALUE_BYTES = 4


@dataclass(frozen=True)
class Volume:
    """A tomogram whose greys are settled.

    Attributes
    ----------
    shape : tuple of int
        ``(nz, ny, nx)``, voxels.
    between : GreyRange
        Of single voxels.
    read : callable
    """

    shape: tuple[int, int, int]
    between: GreyRange
    read: ReadValues

    def mean_along(self, axis: int, box: Box) -> NDArray[np.float32]:
        """Average a box along one axis, some layers at a time.

        Parameters
        ----------
        axis
            0, 1 or 2, of ``[z, y, x]``.
        box
            Inside the tomogram, with starts and stops.

        Returns
        -------
        ndarray, 2D, float32
            The other two axes, in order.
        """
        sides = [part.stop - part.start for part in box]
        layers = sides.pop(axis)
        step = max(1, _MOST_BYTES_AT_A_TIME // (sides[0] * sides[1] * _VALUE_BYTES))
        first = box[axis].start
        total = np.zeros(sides, dtype=np.float32)
        for start in range(first, first + layers, step):
            parts = list(box)
            parts[axis] = slice(start, min(start + step, first + layers))
            total += self.read((parts[0], parts[1], parts[2])).sum(axis=axis, dtype=np.float32)
        return total / np.float32(layers)


def middle_box(shape: tuple[int, int, int], thickness: int) -> Box:
    """Return a box in the middle of a tomogram, so many sections thick: its greys are typical."""
    nz, ny, nx = shape
    z = layers_around(nz // 2, thickness, nz)
    y0, x0 = max(0, (ny - _PROBE_PX) // 2), max(0, (nx - _PROBE_PX) // 2)
    return z, slice(y0, min(ny, y0 + _PROBE_PX)), slice(x0, min(nx, x0 + _PROBE_PX))


def layers_around(index: int, thickness: int, length: int) -> slice:
    """Return the layers of a slice: so many around ``index``, fewer at the ends."""
    start = index - (thickness - 1) // 2
    return slice(max(0, start), min(length, start + thickness))


def volume_from_file(tomogram: Tomogram) -> Volume:
    """Read from the file itself."""
    between = settle_range(tomogram.box(*middle_box(tomogram.shape, 1)))

    def read(box: Box) -> NDArray[np.float32]:
        return as_clipped(tomogram.box(*box), between)

    return Volume(tomogram.shape, between, read)


def volume_from_copy(greys: GreyArray, between: GreyRange) -> Volume:
    """Read from a copy of shape ``(nz, ny, nx)``."""

    def read(box: Box) -> NDArray[np.float32]:
        return to_values(greys[box], between)

    nz, ny, nx = greys.shape
    return Volume((nz, ny, nx), between, read)
