"""Parts of an array in a file, read and not mapped.

Where a file is cut shorter by another program, the system ends whoever touches a map of what is
gone; a reader is only told that nothing comes.
"""

from io import FileIO
from math import prod

import numpy as np

from nunatak.images.source import Pixels

Part = tuple[slice, ...]
"""A slice with start and stop, without a step, for each axis; not empty."""

_SKIP_BYTES = 16 << 10
"""What is not wanted between two wanted stretches is read as well where it is no more: a few pages
come sooner than another call."""

_BUFFER_BYTES = 1 << 20
"""For what is read and not wanted; it stays in the processor's cache."""


def read_part(
    stream: FileIO, offset: int, shape: tuple[int, ...], dtype: np.dtype[np.generic], part: Part
) -> Pixels:
    """Read a part of an array.

    Parameters
    ----------
    stream
        The file, open for reading, without a buffer.
    offset
        Bytes before the array.
    shape
        Of the array, slowest axis first.
    dtype
        Of its elements.
    part
        What is wanted, inside the array.

    Returns
    -------
    ndarray, as large as the part, dtype ``dtype``
        In memory of its own. Reading takes at most a megabyte more.

    Raises
    ------
    EOFError
        If the file ends before the part does.
    OSError
        If it cannot be read.
    """
    wanted = np.empty([one.stop - one.start for one in part], dtype=dtype)
    _fill(wanted, stream, offset, shape, part)
    return wanted


def _fill(wanted: Pixels, stream: FileIO, offset: int, shape: tuple[int, ...], part: Part) -> None:
    layer_bytes = prod(shape[1:]) * wanted.itemsize
    start = offset + part[0].start * layer_bytes
    if wanted.shape[1:] == shape[1:]:
        _read_into(_memory(wanted), stream, start)
    elif layer_bytes <= _SKIP_BYTES:
        _fill_from_whole_layers(wanted, stream, start, shape, part)
    elif wanted.shape[2:] == shape[2:]:
        start += part[1].start * prod(shape[2:]) * wanted.itemsize
        memory = _memory(wanted)
        stretch = memory.nbytes // len(wanted)
        for index in range(len(wanted)):
            stored = start + index * layer_bytes
            _read_into(memory[index * stretch : (index + 1) * stretch], stream, stored)
    else:
        for index, layer in enumerate(wanted):
            _fill(layer, stream, start + index * layer_bytes, shape[1:], part[1:])


def _fill_from_whole_layers(
    wanted: Pixels, stream: FileIO, start: int, shape: tuple[int, ...], part: Part
) -> None:
    layer_bytes = prod(shape[1:]) * wanted.itemsize
    buffer = np.empty((min(len(wanted), _BUFFER_BYTES // layer_bytes), *shape[1:]), wanted.dtype)
    for first in range(0, len(wanted), len(buffer)):
        layers = buffer[: len(wanted) - first]
        _read_into(_memory(layers), stream, start + first * layer_bytes)
        wanted[first : first + len(layers)] = layers[(slice(None), *part[1:])]


def _memory(array: Pixels) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _read_into(memory: memoryview, stream: FileIO, offset: int) -> None:
    stream.seek(offset)
    while memory.nbytes > 0:
        count = stream.readinto(memory)
        if not count:
            raise EOFError(f"the file ends {memory.nbytes} bytes too early")
        memory = memory[count:]
