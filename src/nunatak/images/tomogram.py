"""A tomogram, of which only the part that is asked for is read."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import UsageError
from nunatak.images.bad_voxels import BadVoxels, count_bad_voxels, replace_bad_voxels
from nunatak.images.micrograph import ImageInfo
from nunatak.images.source import Pixels

Box = tuple[slice, slice, slice]
"""A part of a volume: slices along z, y and x, with start and stop, without a step."""

ReadBox = Callable[[Box], Pixels]
"""Returns the voxels of a box, ``[z, y, x]``, as stored but in native byte order."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Level:
    """Where the voxels of one level of a multiscale image lie in its level 0.

    Attributes
    ----------
    ratio_zyx : tuple of float
        Voxels of level 0 per voxel, exact.
    offset_zyx : tuple of float
        Position of the centre of the first voxel, in voxels of level 0.
    """

    ratio_zyx: tuple[float, float, float] = (1.0, 1.0, 1.0)
    offset_zyx: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Tomogram:
    """A tomogram on disk, checked as far as that needs no reading of all of it.

    Attributes
    ----------
    info : ImageInfo
        What its header says; ``info.shape`` and ``info.notes`` are those of this tomogram.
    voxel_size_A : float
        The one to use, after header, list and option were compared.
    read_box : callable
        Reads the stored voxels of a box.
    replacement : float
        Stands for voxels that are NaN or infinite.
    level : Level
        Which level of a multiscale image this is; level 0 of anything else.
    """

    info: ImageInfo
    voxel_size_A: float
    read_box: ReadBox = field(repr=False)
    replacement: float = 0.0
    level: Level = Level()

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(nz, ny, nx)`` in voxels."""
        nz, ny, nx = self.info.shape
        return nz, ny, nx

    def box(self, z: slice, y: slice, x: slice) -> Pixels:
        """Read a part.

        Parameters
        ----------
        z, y, x
            ``slice(start, stop)`` inside the tomogram, not empty; a missing end means the
            tomogram's.

        Returns
        -------
        ndarray, shape (depth, height, width), real
            Arbitrary units, type as stored (float16 widened to float32), every voxel finite. It
            may be a view of the mapped file: do not write to it. Whoever needs floats converts.

        Raises
        ------
        UsageError
            If the part is empty or leaves the tomogram.
        BadInput
            If the file changed since it was opened, or if there are NaN or infinite voxels in
            this part and they are more than 1 % in the whole tomogram. Fewer are replaced.
        FormatError
            If what is stored there is damaged.
        """
        nz, ny, nx = self.shape
        part = _inside(z, nz, "z"), _inside(y, ny, "y"), _inside(x, nx, "x")
        stored = self.read_box(part)
        voxels = replace_bad_voxels(stored, self.replacement)
        if voxels is not stored:
            _ = self.bad_voxels  # refuses too many, and says once how many there are
        return voxels

    @cached_property
    def bad_voxels(self) -> BadVoxels | None:
        """The NaN and infinite voxels of all of it, which takes a reading; None without any.

        They are counted, and logged, once: parts that are read may overlap, and what each of them
        holds adds up to nothing.
        """
        found = count_bad_voxels(self.read_box, self.shape, self.info.path)
        if found is not None:
            _log.warning(
                "%s: NaN or infinite voxels (%d, in sections %d to %d) are taken as %g",
                self.info.path,
                found.count,
                found.first_section,
                found.last_section,
                self.replacement,
            )
        return found

    def slab(self, z0: int, z1: int) -> Pixels:
        """Read the whole sections from ``z0`` up to, without, ``z1`` (see `box`)."""
        return self.box(slice(z0, z1), slice(None), slice(None))

    def slabs(self, depth: int) -> Iterator[tuple[int, Pixels]]:
        """Read the tomogram slab by slab, the last one thinner where the depth does not divide it.

        Parameters
        ----------
        depth
            Sections a slab, 1 or more.

        Yields
        ------
        z0 : int
            The slab's first section.
        slab : ndarray, shape (depth or less, ny, nx)
            See `box`.
        """
        if depth < 1:
            raise UsageError(f"A slab must be at least 1 section thick, but is {depth}.")
        nz = self.shape[0]
        for z0 in range(0, nz, depth):
            yield z0, self.slab(z0, min(z0 + depth, nz))

    def to_level_0(self, points_xyz_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map positions in this tomogram to voxels of the multiscale image's level 0.

        Parameters
        ----------
        points_xyz_px : ndarray, shape (n, 3), float64
            Positions ``(x, y, z)`` in voxels of this tomogram.

        Returns
        -------
        ndarray, shape (n, 3), float64
            The same positions ``(x, y, z)`` in voxels of level 0.
        """
        ratio_xyz = np.array(self.level.ratio_zyx[::-1])
        offset_xyz = np.array(self.level.offset_zyx[::-1])
        mapped: NDArray[np.float64] = points_xyz_px * ratio_xyz + offset_xyz
        return mapped


def _inside(part: slice, length: int, axis: str) -> slice:
    start = 0 if part.start is None else part.start
    stop = length if part.stop is None else part.stop
    if part.step not in (None, 1) or not 0 <= start < stop <= length:
        raise UsageError(
            f"{axis} {start} to {stop}: no part of a tomogram of {length} voxels along {axis}."
        )
    return slice(start, stop)
