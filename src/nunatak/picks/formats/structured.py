"""Read NumPy structured arrays from files that nobody vouches for."""

import io
import math
import tokenize
import warnings
from pathlib import Path

import numpy as np

from nunatak.errors import FormatError
from nunatak.picks.formats.text import read_bytes

MAGIC = b"\x93NUMPY"
_PICKLE_HINT = "Files that hold Python objects can run code and are never opened"
_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_MAX_HEADER_BYTES = 65_536
"""CryoSPARC's tables have up to a few hundred fields of some 50 bytes each."""

_HEADER_ERRORS = (
    *(ValueError, SyntaxError, TypeError, KeyError, tokenize.TokenError),
    *(MemoryError, OverflowError, RecursionError),
)
"""What NumPy lets out when a header is not what it should be."""


def read_structured(path: Path) -> np.ndarray:
    """Read a one-dimensional structured array in NumPy's own format.

    The header is checked against the file's size before anything is allocated.

    Returns
    -------
    ndarray, shape (n,), structured dtype

    Raises
    ------
    FormatError
        If the file is anything else: another format, cut off, or holding Python objects.
    """
    raw = read_bytes(path)
    if not raw:
        raise FormatError(path, "an empty file where a NumPy array was expected")
    if not raw.startswith(MAGIC):
        found = "a zip archive" if raw.startswith(b"PK") else f"{raw[:8]!r}"
        raise FormatError(
            path, f"not a NumPy array file: it begins with {found}", hint=_PICKLE_HINT
        )
    shape, dtype, offset = _checked_header(path, raw)
    if len(shape) != 1 or dtype.names is None:
        raise FormatError(
            path, f"an array of shape {shape} and type {dtype} where a table was expected"
        )
    return np.frombuffer(raw, dtype=dtype, count=shape[0], offset=offset)


def announced_rows(path: Path) -> int:
    """Return how many rows a file in NumPy's format says it holds, without reading them.

    Raises
    ------
    FormatError
        If its header is damaged, or announces more than the file holds.
    """
    shape, _, _ = _checked_header(path, read_bytes(path))
    return math.prod(shape)


def _checked_header(path: Path, raw: bytes) -> tuple[tuple[int, ...], np.dtype[np.void], int]:
    """Return shape, type, and the offset of the data, all of which fit the file."""
    stream = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(stream)
        if version not in _HEADER_READERS:
            raise FormatError(path, f"NumPy format version {version} is not supported")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, _, dtype = _HEADER_READERS[version](stream, max_header_size=_MAX_HEADER_BYTES)
    except _HEADER_ERRORS as error:
        raise FormatError(path, f"the array's header is damaged ({error})") from error
    if dtype.hasobject:
        raise FormatError(path, "the array holds Python objects", hint=_PICKLE_HINT)
    expected = math.prod(shape) * dtype.itemsize
    found = len(raw) - stream.tell()
    if expected > found or dtype.itemsize == 0 or min(shape, default=0) < 0:
        raise FormatError(
            path,
            f"cut off: the header announces {expected} bytes of data, but {found} follow",
        )
    return shape, dtype, stream.tell()
