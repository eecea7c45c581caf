"""The EM container of TOM, AV3, Artiatomi and PyTom: 512 bytes of header, then one array.

Byte 1 of the header names the machine and so the order of bytes, byte 4 the type of the numbers,
and three 32-bit integers the size (x, y, z); comments and microscope settings follow.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import FormatError
from nunatak.files import written_whole
from nunatak.picks.formats.text import read_bytes

HEADER_BYTES = 512
_PC = 6
_BYTE_ORDERS = {0: ">", 3: ">", 4: ">", 5: ">", _PC: "<"}
"""OS-9, SGI, Sun, Macintosh and PC; VAX (1) and Convex (2) have floats of their own."""

_FLOAT32 = 5
_TYPES = {1: "i1", 2: "i2", 4: "i4", _FLOAT32: "f4", 9: "f8"}


def looks_like_em(head: bytes) -> bool:
    """Whether a file begins with a machine, a type and a size that EM files have."""
    if len(head) < HEADER_BYTES or head[0] not in _BYTE_ORDERS or head[3] not in _TYPES:
        return False
    return min(_size(head)) >= 0 and _size(head)[0] > 0


def read_em(path: Path) -> NDArray[np.float64]:
    """Read an EM file.

    Returns
    -------
    ndarray, shape (nz, ny, nx), float64
        The array, whatever the type of its numbers in the file.

    Raises
    ------
    FormatError
        If this is no EM file, or one of complex numbers or of a machine whose numbers are not
        IEEE, or its length is not what the header announces.
    """
    raw = read_bytes(path)
    if len(raw) < HEADER_BYTES:
        raise FormatError(
            path, f"{len(raw)} bytes where an EM file has a header of {HEADER_BYTES} bytes"
        )
    machine, kind = raw[0], raw[3]
    if machine not in _BYTE_ORDERS:
        raise FormatError(
            path,
            f"{machine} where the number of a known machine was expected",
            field="byte 1 of the header",
            hint="This is no EM file, or one of a VAX or Convex: write it anew on a PC",
        )
    if kind not in _TYPES:
        raise FormatError(
            path,
            f"{kind} where the number of a type was expected ({', '.join(map(str, _TYPES))})",
            field="byte 4 of the header",
        )
    nx, ny, nz = _size(raw)
    if min(nx, ny, nz) < 0:
        raise FormatError(
            path, f"a size of {nx} x {ny} x {nz}", field="bytes 5 to 16 of the header"
        )
    dtype = np.dtype(_BYTE_ORDERS[machine] + _TYPES[kind])
    expected, found = nx * ny * nz * dtype.itemsize, len(raw) - HEADER_BYTES
    if expected != found:
        problem = "cut off" if found < expected else "too long"
        raise FormatError(
            path,
            f"{problem}: the header announces {nx} x {ny} x {nz} numbers of {dtype.itemsize} "
            f"bytes ({expected} bytes), but {found} follow",
        )
    values = np.frombuffer(raw, dtype=dtype, offset=HEADER_BYTES)
    return values.reshape(nz, ny, nx).astype(np.float64)


def write_em(path: Path, values: NDArray[np.floating]) -> None:
    """Write an array of shape (nz, ny, nx) as float32, in a PC's order of bytes, whole."""
    nz, ny, nx = values.shape
    start = struct.pack("<4B3i", _PC, 0, 0, _FLOAT32, nx, ny, nz)
    with written_whole(path) as temporary, temporary.open("wb") as stream:
        stream.write(start.ljust(HEADER_BYTES, b"\0"))
        stream.write(np.ascontiguousarray(values, dtype="<f4").tobytes())


def _size(raw: bytes) -> tuple[int, int, int]:
    nx, ny, nz = struct.unpack_from(_BYTE_ORDERS[raw[0]] + "3i", raw, 4)
    return nx, ny, nz
