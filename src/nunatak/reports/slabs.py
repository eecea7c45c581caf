"""Flat pictures of volumes: means over a few neighbouring planes, read part by part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nunatak.images.tomogram import Tomogram

SLAB_DIAMETERS = 0.4
"""Planes that are averaged, in particle diameters: noise sinks, and particles keep their shape."""

_VOXELS_AT_A_TIME = 2**24


@dataclass(frozen=True)
class Volume:
    """Voxels of which only the part that is asked for is read.

    Attributes
    ----------
    shape : tuple of int
        ``(nz, ny, nx)``.
    read : callable
        Returns the voxels of three slices along z, y and x.
    """

    shape: tuple[int, int, int]
    read: Callable[[slice, slice, slice], NDArray[np.generic]]

    @classmethod
    def of_tomogram(cls, tomogram: Tomogram) -> "Volume":
        """Return the voxels of a tomogram on disk."""
        return cls(tomogram.shape, tomogram.box)

    @classmethod
    def of_array(cls, voxels: NDArray[np.generic]) -> "Volume":
        """Return voxels in memory, shape (nz, ny, nx)."""
        nz, ny, nx = voxels.shape
        return cls((nz, ny, nx), lambda z, y, x: voxels[z, y, x])


@dataclass(frozen=True)
class Slab:
    """Neighbouring planes of a volume, from ``start`` up to, without, ``stop``.

    Attributes
    ----------
    normal : str
        Axis on which the planes are counted, and along which one looks: ``"z"`` or ``"y"``.
    start, stop : int
    """

    normal: Literal["z", "y"]
    start: int
    stop: int

    @property
    def axes(self) -> tuple[str, str]:
        """Axes of its picture: along the rows, and down the columns."""
        return ("x", "y") if self.normal == "z" else ("x", "z")

    def holds(self, at_px: ArrayLike) -> NDArray[np.bool_]:
        """Tell which positions on the normal lie within its planes."""
        at = np.asarray(at_px, dtype=np.float64)
        inside: NDArray[np.bool_] = (at >= self.start - 0.5) & (at < self.stop - 0.5)
        return inside

    def in_words(self, length: int) -> str:
        """Say what its picture shows; ``length`` is that of the volume along the normal."""
        across, down = self.axes
        planes = (
            f"plane {self.start}"
            if self.stop - self.start == 1
            else f"mean of the planes {self.start} to {self.stop - 1}"
        )
        return f"{across} to the right, {down} downwards: {planes} of {length} along {self.normal}"


def depth_for(diameter_px: float) -> int:
    """Return how many planes to average for particles of a diameter, pixels."""
    return max(round(SLAB_DIAMETERS * diameter_px), 1)


def slab_around(normal: Literal["z", "y"], at_px: float, depth: int, length: int) -> Slab:
    """Return the slab around a position, moved into the volume where it leaves it.

    Parameters
    ----------
    normal
        See `Slab`.
    at_px
        Position on it, pixels.
    depth
        Planes; all of them where there are fewer.
    length
        Of the volume along the normal, pixels.
    """
    depth = min(depth, length)
    start = round(at_px - (depth - 1) / 2)
    start = min(max(start, 0), length - depth)
    return Slab(normal, start, start + depth)


def densest_slab(normal: Literal["z", "y"], at_px: ArrayLike, depth: int, length: int) -> Slab:
    """Return the slab that holds the most positions; of equal ones that nearest to the middle.

    Parameters
    ----------
    normal, depth, length
        As in `slab_around`.
    at_px
        Positions on the normal, shape (n,), pixels.
    """
    depth = min(depth, length)
    plane = np.clip(np.floor(np.asarray(at_px, dtype=np.float64) + 0.5), 0, length - 1)
    per_plane = np.bincount(plane.astype(np.int64), minlength=length)
    held = np.convolve(per_plane, np.ones(depth, dtype=np.int64), mode="valid")
    best = np.flatnonzero(held == held.max())
    start = int(best[np.argmin(np.abs(best - (length - depth) / 2))])
    return Slab(normal, start, start + depth)


def mean_image(volume: Volume, slab: Slab) -> NDArray[np.float32]:
    """Average a slab along its normal.

    Parameters
    ----------
    volume
        Of any size: no more than some planes are in memory at a time.
    slab
        Inside it.

    Returns
    -------
    ndarray, shape (ny, nx) or, along y, (nz, nx), float32
    """
    nz, ny, nx = volume.shape
    if slab.normal == "z":
        total = np.zeros((ny, nx), dtype=np.float64)
        for planes in _parts(slab.start, slab.stop, ny * nx):
            total += volume.read(planes, slice(0, ny), slice(0, nx)).sum(axis=0, dtype=np.float64)
        return (total / (slab.stop - slab.start)).astype(np.float32)
    rows = slice(slab.start, slab.stop)
    return np.concatenate(
        [
            volume.read(planes, rows, slice(0, nx)).mean(axis=1, dtype=np.float32)
            for planes in _parts(0, nz, (slab.stop - slab.start) * nx)
        ]
    )


@dataclass(frozen=True)
class MeanPlane:
    """Mean over a slab along z, of which only the part that is asked for is read.

    Attributes
    ----------
    volume : Volume
    slab : Slab
        With normal z.
    """

    volume: Volume
    slab: Slab

    @property
    def shape(self) -> tuple[int, int]:
        """``(ny, nx)``."""
        return self.volume.shape[1:]

    def __getitem__(self, part: tuple[slice, slice]) -> NDArray[np.float32]:
        """Average a part, shape (height, width); its slices have start and stop, and may be empty.

        Only the planes of the part are read.
        """
        rows, columns = part
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if not height * width:
            return np.empty((height, width), dtype=np.float32)
        voxels = self.volume.read(slice(self.slab.start, self.slab.stop), rows, columns)
        mean: NDArray[np.float32] = voxels.mean(axis=0, dtype=np.float32)
        return mean


def _parts(start: int, stop: int, plane_voxels: int) -> list[slice]:
    """Cut a range of planes into parts of a size that fits into memory."""
    step = max(_VOXELS_AT_A_TIME // plane_voxels, 1)
    return [slice(first, min(first + step, stop)) for first in range(start, stop, step)]
