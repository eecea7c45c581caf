"""OME-Zarr tomograms: several levels of resolution, of which one is read."""

import logging
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from nunatak.errors import BadInput, FormatError
from nunatak.images.micrograph import ImageInfo
from nunatak.images.ome_metadata import SPACE, Multiscale, read_multiscale
from nunatak.images.pixel_size import TOLERANCE, same, stated
from nunatak.images.source import Pixels
from nunatak.images.tomogram import Box, Level
from nunatak.images.voxel_size import cubic_A
from nunatak.images.zarr_array import ZarrArray, open_zarr_array

_log = logging.getLogger(__name__)

Sizes = tuple[float | None, float | None, float | None]
"""Along z, y and x, ångström."""


@dataclass(frozen=True)
class OmeZarr:
    """An OME-Zarr tomogram whose metadata were checked, all levels of it.

    Attributes
    ----------
    path : Path
        Its folder.
    multiscale : Multiscale
        What the group says.
    arrays : tuple of ZarrArray
        Level 0 first.
    """

    path: Path
    multiscale: Multiscale
    arrays: tuple[ZarrArray, ...]

    def shape(self, level: int = 0) -> tuple[int, int, int]:
        """Return ``(nz, ny, nx)`` of a level, in voxels."""
        stored = self.arrays[level].shape
        nz, ny, nx = (stored[self.multiscale.axes.index(name)] for name in SPACE)
        return nz, ny, nx

    def voxel_sizes_A(self, level: int = 0) -> Sizes:
        """Return the voxel size of a level along z, y and x; None where it is not stated."""
        units = zip(self.multiscale.levels[level].scale, self.multiscale.units_A, strict=True)
        z_A, y_A, x_A = (
            None if unit_A is None else stated(scale * unit_A) for scale, unit_A in units
        )
        return z_A, y_A, x_A

    def grid(self, level: int) -> Level:
        """Return where the voxels of a level lie in level 0, by scales and translations."""
        first, this = self.multiscale.levels[0], self.multiscale.levels[level]
        ratio = [a / b for a, b in zip(this.scale, first.scale, strict=True)]
        shifts = zip(this.translation, first.translation, first.scale, strict=True)
        offset = [(a - b) / scale for a, b, scale in shifts]
        return Level((ratio[0], ratio[1], ratio[2]), (offset[0], offset[1], offset[2]))

    def level_for(self, wanted_ratio: float) -> int:
        """Return the coarsest cubic level that is fine enough, or level 0.

        Parameters
        ----------
        wanted_ratio
            Wanted voxel size over that of level 0.
        """
        fitting = [0]
        for index in range(1, len(self.arrays)):
            low, high = min(self.grid(index).ratio_zyx), max(self.grid(index).ratio_zyx)
            if same(low, high) and high <= wanted_ratio * (1 + TOLERANCE):
                fitting.append(index)
        return max(fitting, key=lambda index: max(self.grid(index).ratio_zyx))

    def read_box(self, level: int, box: Box) -> Pixels:
        """Read voxels of a level, ``[z, y, x]``, as stored.

        Raises
        ------
        FormatError
            If a chunk is damaged.
        BadInput
            If a chunk cannot be read.
        """
        axes = self.multiscale.axes
        parts = dict(zip(SPACE, box, strict=True))
        voxels = self.arrays[level].read(tuple(parts.get(name, 0) for name in axes))
        left = [name for name in axes if name in SPACE]
        return voxels.transpose([left.index(name) for name in SPACE])

    def info(self, level: int = 0) -> ImageInfo:
        """Describe a level.

        Chunks that are not there are legal, but few programs leave any out, and an interrupted
        copy does: they are logged.

        Raises
        ------
        BadInput
            If not one chunk of it is there.
        """
        array = self.arrays[level]
        missing, chunks = array.missing_chunks()
        if missing == chunks:
            raise BadInput(
                f"{array.path}: none of its {chunks} chunks is there. The copy is not complete, "
                "or the tomogram was never written: copy or export it again."
            )
        notes = list(self.multiscale.notes)
        if missing:
            note = (
                f"{missing} of {chunks} chunks are not stored; they are taken as the fill value "
                f"{array.fill_value:g}"
            )
            notes.append(note)
            _log.warning(
                "%s: %s. If the copy may not be complete, copy the tomogram again", array.path, note
            )
        if any(self.multiscale.levels[0].translation):
            notes.append(
                "level 0 does not begin at 0; positions are counted from its first voxel all the "
                "same"
            )
        sizes_A = self.voxel_sizes_A(level)
        size_A = cubic_A(sizes_A[::-1])
        known_A = {
            axis: size_A for axis, size_A in zip(SPACE, sizes_A, strict=True) if size_A is not None
        }
        info = ImageInfo(
            path=self.path,
            format=f"OME-Zarr {self.multiscale.version} (Zarr {array.zarr_format})",
            shape=self.shape(level),
            dtype=array.dtype,
            pixel_size_A=size_A,
            kind="tomogram",
            notes=tuple(notes),
            detail=self._detail(level),
            unequal_sizes_A=known_A if size_A is None else {},
        )
        if not info.unequal_sizes_A:
            return info
        note = f"voxels are not cubic: {info.unequal_sizes}"
        return replace(info, notes=(*info.notes, note))

    def _detail(self, level: int) -> dict[str, str]:
        array = self.arrays[level]
        levels = []
        for index in range(len(self.arrays)):
            nz, ny, nx = self.shape(index)
            size_A = self.voxel_sizes_A(index)[2]
            levels.append(f"{nx} × {ny} × {nz}" + (f" at {size_A:.5g} Å" if size_A else ""))
        return {
            "levels": ", ".join(levels) + (f" (level {level} is read)" if level else ""),
            "axes": " ".join(self.multiscale.axes) + " as stored",
            "chunks": " × ".join(map(str, reversed(array.chunks))),
            "codecs": ", ".join(array.codecs) or "none",
        }


def open_ome_zarr(path: Path) -> OmeZarr:
    """Open an OME-Zarr tomogram on a local disk.

    Parameters
    ----------
    path
        Its folder.

    Returns
    -------
    OmeZarr
        No chunk was read.

    Raises
    ------
    FormatError
        If metadata are missing, damaged or of a kind that nunatak does not read, or if the image
        has several time points or channels.
    BadInput
        If a file cannot be read.
    """
    multiscale = read_multiscale(path)
    arrays = tuple(open_zarr_array(path / level.name) for level in multiscale.levels)
    for array in arrays:
        _check_axes(array, multiscale.axes)
    return OmeZarr(path, multiscale, arrays)


def _check_axes(array: ZarrArray, axes: tuple[str, ...]) -> None:
    if len(array.shape) != len(axes):
        raise FormatError(
            array.path,
            f"an array of shape {array.shape} for the axes {', '.join(axes)}",
            hint="The metadata belong to another image: export the tomogram again.",
        )
    others = {name: side for name, side in zip(axes, array.shape, strict=True) if name not in SPACE}
    if prod(others.values()) != 1:
        found = ", ".join(f"{side} along {name}" for name, side in others.items())
        raise FormatError(
            array.path,
            f"{found}: several images, not one tomogram",
            hint="Export one channel and one time point.",
        )
