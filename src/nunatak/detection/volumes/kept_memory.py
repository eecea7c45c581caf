"""Memory that the C library keeps for the next array, instead of giving it back to the system.

Feature maps of a tomogram take tens of megabytes each. The GNU C library fetches every array of
such a size anew from the system, which fills it with zeros page by page, and gives it back as
soon as it is freed. In a small network that takes about half as long as the convolutions.
"""

import ctypes
import platform
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache

# Numbers of glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_MMAP_MAX = -4

_NEVER = -1
_DEFAULT_MMAP_MAX = 65536
_MMAP_THRESHOLD = 32 << 20
"""Bytes; where the library's own adaptation ends, which any call of ours switches off."""


@contextmanager
def kept_memory() -> Generator[None, None, None]:
    """Keep freed memory for reuse inside the block, and give it back at its end.

    It is for the whole process: where blocks of several threads overlap, the first one that ends
    ends it for all, which costs time and nothing else. With another C library than GNU's nothing
    happens.
    """
    library = _glibc()
    if library is None:
        yield
        return
    library.mallopt(_M_MMAP_MAX, 0)
    library.mallopt(_M_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        library.mallopt(_M_MMAP_MAX, _DEFAULT_MMAP_MAX)
        library.mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
        library.mallopt(_M_TRIM_THRESHOLD, 2 * _MMAP_THRESHOLD)
        library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    """Return the C library of this process if it is GNU's."""
    if platform.libc_ver()[0] != "glibc":
        return None
    library = ctypes.CDLL(None)
    library.malloc_trim.argtypes = [ctypes.c_size_t]
    return library
