"""MRC images, mapped or read in parts."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.images.file_part import Part, read_part
from nunatak.images.micrograph import ImageInfo
from nunatak.images.mrc_header import MrcHeader, check_size, parse_header
from nunatak.images.source import ImageSource, Pixels
from nunatak.images.stable import changed


def open_mrc(path: Path, head: bytes, file_bytes: int) -> ImageSource:
    """Open an uncompressed MRC file.

    Parameters
    ----------
    path
        The file.
    head
        Its first bytes (all of them where it is shorter than a header).
    file_bytes
        Its length.

    Returns
    -------
    ImageSource
        Loading maps the file: pages are read when they are touched, and stay in the system's
        cache instead of this process' memory. 4-bit pixels are unpacked into memory. Parts are
        read into memory.

    Raises
    ------
    FormatError
        If a field cannot be true or the file is shorter than its header says.
    """
    header = parse_header(head, path)
    trailing = check_size(header, file_bytes, path)
    return ImageSource(
        mrc_info(header, path, trailing),
        header.pixel_size_xy_A,
        partial(_map, path, header),
        header.pixel_size_z_A,
        partial(_read_part, path, header),
    )


def mrc_info(header: MrcHeader, path: Path, notes: tuple[str, ...] = ()) -> ImageInfo:
    """Describe an MRC file by its header; `reader` fills in the one pixel size."""
    return ImageInfo(
        path=path,
        format="MRC",
        shape=header.shape,
        dtype=header.layout.dtype,
        pixel_size_A=None,
        kind=header.kind,
        notes=header.notes + notes,
        detail=header.detail,
    )


def arrange(data: NDArray[np.uint8], header: MrcHeader) -> Pixels:
    """View the bytes after the header as an image.

    Parameters
    ----------
    data : ndarray, shape (data_bytes,), uint8
        Everything between the (extended) header and the end of the last row.
    header
        Their header.

    Returns
    -------
    ndarray, shape ``header.shape``, dtype ``header.layout.dtype``
        ``[y, x]`` or ``[z, y, x]``: a view of ``data``, except for 4-bit pixels.
    """
    sections, rows, columns = header.stored_shape
    if header.layout.packed:
        stored: Pixels = _unpacked(data.reshape(sections, rows, header.row_bytes), columns)
    else:
        stored = data.view(header.layout.dtype).reshape(sections, rows, columns)
    image = stored.transpose(header.axes)
    return image[0] if len(header.shape) == 2 else image


def _map(path: Path, header: MrcHeader) -> tuple[Pixels, tuple[str, ...]]:
    # Copy on write: nothing can change the file, and torch, which shares memory with writeable
    # arrays only, need not copy the micrograph.
    mapped = np.memmap(
        path, dtype=np.uint8, mode="c", offset=header.data_offset, shape=(header.data_bytes,)
    )
    # A plain array keeps the map alive and spares every later view the subclass's bookkeeping.
    return arrange(np.asarray(mapped), header), ()


def _read_part(path: Path, header: MrcHeader, part: Part) -> Pixels:
    whole = (slice(0, 1), *part) if len(part) == 2 else part
    sections, rows, columns = (whole[header.axes.index(axis)] for axis in range(3))
    layout, dtype = header.layout, header.layout.dtype
    # Two 4-bit pixels share a byte.
    a_byte = 2 if layout.packed else 1
    bytes_wide = slice(columns.start // a_byte, -(-columns.stop // a_byte))
    nz, ny, nx = header.stored_shape
    shape = (nz, ny, -(-nx // a_byte))
    try:
        with path.open("rb", buffering=0) as stream:
            wanted = (sections, rows, bytes_wide)
            stored = read_part(stream, header.data_offset, shape, dtype, wanted)
    except EOFError as error:
        raise changed(path) from error
    if layout.packed:
        skipped = columns.start - 2 * bytes_wide.start
        stored = _unpacked(stored.astype(np.uint8), skipped + columns.stop - columns.start)
        stored = stored[..., skipped:]
    image = stored.transpose(header.axes)
    return image[0] if len(part) == 2 else image


def _unpacked(pairs: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    pixels = np.empty((*pairs.shape[:2], 2 * pairs.shape[2]), dtype=np.uint8)
    np.bitwise_and(pairs, 0x0F, out=pixels[..., 0::2])
    np.right_shift(pairs, 4, out=pixels[..., 1::2])
    return pixels[..., :columns]
