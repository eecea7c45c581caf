"""The one door to images: `read_info` for headers, `read_micrograph` for pixels.

`nunatak.images.tomogram_reader` is that of tomograms.
"""

from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from nunatak.errors import BadInput
from nunatak.images.bad_pixels import refuse_blank, replace_bad
from nunatak.images.compressed import open_compressed
from nunatak.images.micrograph import ImageInfo, Micrograph
from nunatak.images.mrc import open_mrc
from nunatak.images.mrc_header import HEADER_BYTES
from nunatak.images.ome_zarr import open_ome_zarr
from nunatak.images.pixel_size import agree, same, square
from nunatak.images.raster import open_raster
from nunatak.images.sniff import sniff
from nunatak.images.source import ImageSource, Pixels
from nunatak.images.stable import FileState, unchanged_while_reading
from nunatak.images.tiff import open_tiff
from nunatak.images.voxel_size import cubic_A
from nunatak.images.zarr_metadata import is_zarr

_OPENERS = {
    "mrc": open_mrc,
    "compressed": open_compressed,
    "tiff": open_tiff,
    "raster": open_raster,
}


def read_info(path: str | PathLike[str]) -> ImageInfo:
    """Read what an image file says about itself, and no pixel.

    Parameters
    ----------
    path
        An MRC (also gzip or bzip2), TIFF, PNG or JPEG file, whatever its name, or the folder of
        an OME-Zarr tomogram.

    Returns
    -------
    ImageInfo
        Stacks and volumes are described too.

    Raises
    ------
    BadInput
        If the file is missing or cannot be read.
    FormatError
        If its content breaks its format or its size contradicts its header.
    """
    file = Path(path)
    if is_zarr(file):
        return open_ome_zarr(file).info()
    with unchanged_while_reading(file) as state:
        return open_image(file, state).info


def read_micrograph(
    path: str | PathLike[str],
    *,
    pixel_size_A: float | None = None,
    listed_pixel_size_A: float | None = None,
    override: bool = False,
    is_mapped: bool = True,
) -> Micrograph:
    """Read a micrograph, check it, and settle its pixel size.

    Uncompressed MRC files are mapped, not copied: their pixels come as an array over the
    system's page cache, in the stored type; writing to it never changes the file. Whoever needs
    floats converts them, once. The file must not be cut shorter as long as those pixels are in
    use: the system ends a process that touches a map beyond the end of its file. A process that
    has to outlive that asks for pixels that are not mapped.

    Parameters
    ----------
    path
        An MRC (also gzip or bzip2), TIFF, PNG or JPEG file, whatever its name.
    pixel_size_A
        The user's option, ångström.
    listed_pixel_size_A
        What the STAR file that lists the micrograph says, ångström.
    override
        Let the option (or else the list) win over a header that contradicts it.
    is_mapped
        Whether an uncompressed MRC file may be mapped; otherwise its pixels are read into memory.

    Returns
    -------
    Micrograph
        Pixels are real, in native byte order, as stored or widened from float16 to float32.

    Raises
    ------
    BadInput
        If the file is missing, unreadable, changed while it was read, no single micrograph,
        blank, or has more than 1 % of NaN or infinite pixels.
    FormatError
        If its content breaks its format or its size contradicts its header.
    Mismatch
        If pixel sizes contradict each other by more than 1 %.
    UsageError
        If ``pixel_size_A`` is not a size.
    """
    file = Path(path)
    with unchanged_while_reading(file) as state:
        source = open_image(file, state)
        _require_micrograph(source.info)
        header_A = square(*source.pixel_size_xy_A, path=file, override=override)
        size_A = agree(header_A, listed_pixel_size_A, pixel_size_A, path=file, override=override)
        stored, notes = source.load() if is_mapped else source.load_unmapped()
        pixels, bad = replace_bad(native(stored), file)
        refuse_blank(pixels, file)
    info = replace(source.info, notes=source.info.notes + notes)
    return Micrograph(info, pixels, bad, size_A)


def open_image(path: Path, state: FileState) -> ImageSource:
    """Read the header of a file whose state `unchanged_while_reading` watches.

    Raises
    ------
    FormatError
        If its content breaks its format or its size contradicts its header.
    """
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
    source = _OPENERS[sniff(head, path)](path, head, state.size_bytes)
    return replace(source, info=_with_pixel_size(source))


def _with_pixel_size(source: ImageSource) -> ImageInfo:
    """Describe rectangular pixels by a note; only who reads the pixels has to refuse them."""
    x_A, y_A = source.pixel_size_xy_A
    z_A = source.pixel_size_z_A
    sizes_A = {
        axis: size_A
        for axis, size_A in zip("xyz", (x_A, y_A, z_A), strict=True)
        if size_A is not None
    }
    if x_A is not None and y_A is not None and not same(x_A, y_A):
        note = f"pixels are not square: {x_A:.4g} Å in x, {y_A:.4g} Å in y"
        return _with_unequal_sizes(source.info, sizes_A, note)
    size_A = _size_A(source)
    if size_A is not None and z_A is not None and cubic_A((x_A, y_A, z_A)) is None:
        if source.info.kind == "stack":
            return replace(source.info, pixel_size_A=size_A, unequal_sizes_A=sizes_A)
        note = f"voxels are not cubic: {size_A:.4g} Å in x and y, {z_A:.4g} Å in z"
        return _with_unequal_sizes(source.info, sizes_A, note)
    return replace(source.info, pixel_size_A=size_A)


def _size_A(source: ImageSource) -> float | None:
    """Return the side of a square pixel, or of a voxel by the rule of those who read volumes."""
    x_A, y_A = source.pixel_size_xy_A
    if source.info.kind == "micrograph":
        return square(x_A, y_A, path=source.info.path)
    # A stack may turn out to be a tomogram.
    return cubic_A((x_A, y_A, source.pixel_size_z_A)) or cubic_A((x_A, y_A, None))


def _with_unequal_sizes(info: ImageInfo, sizes_A: dict[str, float], note: str) -> ImageInfo:
    return replace(info, notes=(*info.notes, note), unequal_sizes_A=sizes_A)


def _require_micrograph(info: ImageInfo) -> None:
    if info.kind == "micrograph":
        return
    nz, ny, nx = info.shape
    if info.kind == "stack":
        raise BadInput(
            f"{info.path}: a stack of {nz} images of {nx} × {ny} pixels, not a micrograph. "
            "Give motion-corrected sums, one image a file; movies and particle stacks "
            "cannot be picked."
        )
    raise BadInput(
        f"{info.path}: a volume of {nx} × {ny} × {nz} voxels, not a micrograph. "
        "Give single images; a micrograph has one section."
    )


def native(pixels: Pixels) -> Pixels:
    """Convert what compiled code chokes on: foreign byte order, float16, unaligned maps."""
    if pixels.dtype.kind == "f" and pixels.dtype.itemsize == 2:
        return pixels.astype(np.float32)
    if not pixels.dtype.isnative or not pixels.flags.aligned:
        return pixels.astype(pixels.dtype.newbyteorder("="))
    return pixels
