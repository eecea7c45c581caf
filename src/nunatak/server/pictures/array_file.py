"""Arrays of greys in one file, which are mapped rather than read."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nunatak.server.pictures.greys import Greys

_MAGIC = b"nunatak greys 1\n"
_LENGTH_BYTES = 8
_MOST_HEADER_BYTES = 1 << 20


@dataclass(frozen=True)
class ArrayFile:
    """What a file holds.

    Attributes
    ----------
    about : dict
        As written.
    arrays : list of ndarray of uint8
        Mapped; a file that is removed stays readable as long as they are in use.
    """

    about: dict[str, Any]
    arrays: list[Greys]


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
    """Map the arrays of a file; None where it is missing, damaged or of another version."""
    try:
        with path.open("rb") as stream:
            if stream.read(len(_MAGIC)) != _MAGIC:
                return None
            length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
            if length > _MOST_HEADER_BYTES:
                return None
            header = json.loads(stream.read(length))
            start = stream.tell()
        shapes = [tuple(shape) for shape in header["shapes"]]
        sizes = [prod(shape) for shape in shapes]
        if path.stat().st_size != start + sum(sizes):
            return None
        stored = np.asarray(np.memmap(path, dtype=np.uint8, mode="r", offset=start))
        parts = np.split(stored, np.cumsum(sizes)[:-1])
        arrays = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return ArrayFile(header["about"], arrays)
    except (OSError, ValueError, KeyError, TypeError):
        # Whatever is wrong with a file of the cache, it is made again.
        return None
