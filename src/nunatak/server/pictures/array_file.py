"""Arrays of greys in one file, of which parts are read."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np

from nunatak.errors import ResourceError
from nunatak.images.file_part import Part, read_part
from nunatak.server.pictures.greys import Greys

_MAGIC = b"nunatak greys 1\n"
_LENGTH_BYTES = 8
_MOST_HEADER_BYTES = 1 << 20


class LostFile(ResourceError):
    """A file of the cache is another than it was, or is gone: what it showed has to be made again.

    The folder may be deleted at any time, by another machine, too; that is why no file of it is
    mapped: the system would end the server when it touches a map of what is gone.
    """


@dataclass(frozen=True)
class StoredGreys:
    """An array in a file.

    Attributes
    ----------
    path : Path
        Of the file.
    shape : tuple of int
    offset : int
        Bytes before the array.
    file : tuple of int
        What tells the file from another at its place.
    """

    path: Path
    shape: tuple[int, ...]
    offset: int
    file: tuple[int, int]

    def __getitem__(self, part: Part) -> Greys:
        """Read a part, inside the array: a slice with start and stop for each axis.

        Raises
        ------
        LostFile
            If the file is no longer what it was.
        """
        try:
            with self.path.open("rb", buffering=0) as stream:
                if _identity(stream) != self.file:
                    raise EOFError("another file is at its place")
                read = read_part(stream, self.offset, self.shape, np.dtype(np.uint8), part)
        except (OSError, EOFError) as error:
            raise LostFile(
                f"{self.path}: cannot be read any more ({error}). Ask again; if that does not "
                "help, delete the folder that it lies in: its files are made again."
            ) from error
        return cast("Greys", read)


@dataclass(frozen=True)
class ArrayFile:
    """What a file holds.

    Attributes
    ----------
    about : dict
        As written.
    arrays : list of StoredGreys
    """

    about: dict[str, Any]
    arrays: list[StoredGreys]


def write_array_file(
    path: Path,
    about: dict[str, Any],
    shapes: Sequence[tuple[int, ...]],
    blocks: Iterable[Greys],
) -> None:
    """Write arrays one after the other.

    Parameters
    ----------
    path
        An existing file, which is overwritten.
    about
        Values for JSON.
    shapes
        Of the arrays.
    blocks : iterable of ndarray of uint8
        The arrays' content in order, cut in any way.
    """
    header = json.dumps({"about": about, "shapes": [list(shape) for shape in shapes]}).encode()
    with path.open("wb") as stream:
        stream.write(_MAGIC + len(header).to_bytes(_LENGTH_BYTES, "little") + header)
        for block in blocks:
            stream.write(np.ascontiguousarray(block).data)


def read_array_file(path: Path) -> ArrayFile | None:
    """Find the arrays of a file; None where it is missing, damaged or of another version."""
    try:
        with path.open("rb", buffering=0) as stream:
            if stream.read(len(_MAGIC)) != _MAGIC:
                return None
            length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
            if length > _MOST_HEADER_BYTES:
                return None
            header = json.loads(stream.read(length))
            start, file = stream.tell(), _identity(stream)
        shapes = [tuple(shape) for shape in header["shapes"]]
        *offsets, end = accumulate((_size(shape) for shape in shapes), initial=start)
        if file[1] != end:
            return None
        arrays = [
            StoredGreys(path, shape, offset, file)
            for shape, offset in zip(shapes, offsets, strict=True)
        ]
        return ArrayFile(header["about"], arrays)
    except (OSError, ValueError, KeyError, TypeError):
        # Whatever is wrong with a file of the cache, it is made again.
        return None


def _size(shape: tuple[Any, ...]) -> int:
    if not all(isinstance(side, int) and side > 0 for side in shape):
        raise ValueError(f"{shape} is the shape of no array")
    return prod(shape)


def _identity(stream: FileIO) -> tuple[int, int]:
    status = os.fstat(stream.fileno())
    return status.st_ino, status.st_size
