"""Write tomograms, whole or not at all: MRC volumes and OME-Zarr folders.

The OME-Zarr layout is the one that copick's tomograms have: Zarr version 2, metadata of version
0.4, axes z, y, x in ångström, levels ``0``, ``1``, ``2``.
"""

import json
from os import PathLike
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np

from nunatak.errors import UsageError
from nunatak.files import written_whole
from nunatak.images.ome_metadata import SPACE
from nunatak.images.pixel_size import stated
from nunatak.images.source import Pixels
from nunatak.images.whole_folder import folder_written_whole
from nunatak.images.zarr_metadata import V2_ATTRIBUTES, V2_GROUP, is_zarr

CHUNK_PX = 128
"""Side of a chunk: 8 MiB of float32, so that files are few and parts are small."""

_ZARR_TYPES = ("int8", "int16", "uint8", "uint16", "float16", "float32")
_MRC_TYPES = ("int8", "int16", "uint16", "float16", "float32")


def write_mrc_volume(
    path: str | PathLike[str], volume: Pixels, voxel_size_A: float, *, label: str = ""
) -> None:
    """Write an MRC volume (space group 1); a file that exists is replaced.

    Parameters
    ----------
    path
        The file.
    volume : ndarray, shape (nz, ny, nx)
        float32, float16, int8, int16 or uint16; float64 is written as float32.
    voxel_size_A
        Side of a voxel, ångström.
    label
        A line for the header, such as what made the volume; ASCII, at most 80 characters.

    Raises
    ------
    UsageError
        If the volume or the voxel size cannot be written.
    ResourceError
        If the disk does not take the file; no part of it is left then.
    """
    stored = _checked(volume, voxel_size_A, _MRC_TYPES, Path(path))
    with (
        written_whole(path) as temporary,
        mrcfile.new_mmap(
            temporary,
            shape=stored.shape,
            mrc_mode=mrcfile.utils.mode_from_dtype(stored.dtype),
            overwrite=True,
        ) as mrc,
    ):
        mrc.data[:] = stored
        mrc.set_volume()
        mrc.voxel_size = voxel_size_A
        mrc.update_header_stats()
        # mrcfile signs with the time of day, but one volume shall be one file, byte by byte.
        mrc.header.label[:] = b""
        mrc.header.nlabl = 0
        if label:
            mrc.add_label(label.encode("ascii", "replace").decode()[:80])


def write_ome_zarr(
    path: str | PathLike[str],
    volume: Pixels,
    voxel_size_A: float,
    *,
    levels: int = 3,
    overwrite: bool = False,
) -> None:
    """Write an OME-Zarr tomogram with levels of half the resolution each.

    A voxel of the next level is the mean of eight; its centre is therefore half a voxel off, which
    the level's translation states. What a side of odd length leaves over is not in the next level.

    Parameters
    ----------
    path
        The folder, usually named ``*.zarr``.
    volume : ndarray, shape (nz, ny, nx)
        float32, float16 or integers of 8 or 16 bits; float64 is written as float32.
    voxel_size_A
        Side of a voxel of level 0, ångström.
    levels
        How many, 1 or more; fewer are written where a side would vanish.
    overwrite
        Replace a Zarr folder of this name. Nothing else is ever replaced.

    Raises
    ------
    UsageError
        If the volume or the voxel size cannot be written, or something of this name exists.
    ResourceError
        If the disk does not take it; no part of it is left then.
    """
    folder = Path(path)
    stored = _checked(volume, voxel_size_A, _ZARR_TYPES, folder)
    if levels < 1:
        raise UsageError(f"{folder}: {levels} levels of resolution; 1 is the least.")
    if folder.exists() and not (overwrite and is_zarr(folder)):
        raise UsageError(f"{folder}: exists already. Remove it, or choose another name.")
    with folder_written_whole(folder) as temporary:
        written = 0
        while True:
            _write_level(temporary / str(written), stored)
            written += 1
            if written == levels or min(stored.shape) < 2:
                break
            stored = _halved(stored)
        (temporary / V2_GROUP).write_text('{"zarr_format": 2}\n', encoding="utf-8")
        metadata = {"multiscales": [_multiscale(folder.name, voxel_size_A, written)]}
        (temporary / V2_ATTRIBUTES).write_text(
            json.dumps(metadata, indent=2) + "\n", encoding="utf-8"
        )


def _checked(volume: Pixels, voxel_size_A: float, types: tuple[str, ...], path: Path) -> Pixels:
    if volume.ndim != 3 or 0 in volume.shape:
        raise UsageError(f"{path}: an array of shape {volume.shape} is no volume [z, y, x].")
    if stated(voxel_size_A) is None:
        raise UsageError(f"{path}: a voxel size of {voxel_size_A} Å. Give ångström, such as 10.")
    if volume.dtype == np.float64:
        return volume.astype(np.float32)
    if volume.dtype.newbyteorder("=").name not in types:
        raise UsageError(
            f"{path}: voxels of type {volume.dtype.name} cannot be written. Convert them to "
            f"float32 (or {', '.join(types[:-1])})."
        )
    return volume


def _write_level(folder: Path, volume: Pixels) -> None:
    # Both take a third of a second to load, and most commands write no Zarr.
    import zarr  # noqa: PLC0415
    from numcodecs import Blosc  # noqa: PLC0415

    array = zarr.create_array(
        store=str(folder),
        shape=volume.shape,
        dtype=volume.dtype.newbyteorder("<"),
        chunks=tuple(min(CHUNK_PX, side) for side in volume.shape),
        # What zarr 2 took by default, so that every reader of copick's tomograms has it.
        compressors=Blosc(cname="lz4", clevel=5, shuffle=Blosc.SHUFFLE),
        fill_value=0,
        zarr_format=2,
        # Version 0.4 of the metadata asks for nested folders.
        chunk_key_encoding={"name": "v2", "separator": "/"},
        # A reader cannot tell a chunk of zeros that was left out from one that got lost.
        config={"write_empty_chunks": True},
    )
    array[:] = volume


def _halved(volume: Pixels) -> Pixels:
    """Average blocks of eight voxels; integers are rounded."""
    nz, ny, nx = (side // 2 for side in volume.shape)
    total = np.zeros((nz, ny, nx), dtype=np.float32)
    for z in (0, 1):
        for y in (0, 1):
            for x in (0, 1):
                total += volume[z : 2 * nz : 2, y : 2 * ny : 2, x : 2 * nx : 2]
    total /= 8
    return (np.rint(total) if volume.dtype.kind != "f" else total).astype(volume.dtype)


def _multiscale(name: str, voxel_size_A: float, levels: int) -> dict[str, Any]:
    return {
        "version": "0.4",
        "name": name.removesuffix(".zarr"),
        "axes": [{"name": axis, "type": "space", "unit": "angstrom"} for axis in SPACE],
        "datasets": [
            {"path": str(level), "coordinateTransformations": _transforms(voxel_size_A, 2**level)}
            for level in range(levels)
        ],
        "type": "mean",
    }


def _transforms(voxel_size_A: float, binning: int) -> list[dict[str, Any]]:
    """Return scale and, beyond level 0, translation: the centre of the first voxel."""
    scale = {"type": "scale", "scale": [voxel_size_A * binning] * 3}
    if binning == 1:
        return [scale]
    shift_A = (binning - 1) / 2 * voxel_size_A
    return [scale, {"type": "translation", "translation": [shift_A] * 3}]
