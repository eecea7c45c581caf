"""The metadata of Zarr arrays and groups, versions 2 and 3, read with suspicion.

They are checked here before the `zarr` package sees them: among the codecs it knows is one that
unpickles, and nothing from a file is ever run.
"""

import json
import os
import re
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nunatak.errors import FormatError
from nunatak.images.mrc_byte_order import LARGEST_SIDE_PX
from nunatak.images.stable import unreadable

V3_NAME = "zarr.json"
V2_GROUP, V2_ARRAY, V2_ATTRIBUTES = ".zgroup", ".zarray", ".zattrs"

_CODECS = frozenset(
    [
        *("adler32", "bitround", "blosc", "bytes", "bz2", "crc32", "crc32c", "delta"),
        *("fixedscaleoffset", "fletcher32", "gzip", "lz4", "lzma", "quantize", "shuffle"),
        *("sharding_indexed", "transpose", "zlib", "zstd"),
    ]
)
"""All that only compute numbers from bytes; ``pickle`` is not among them."""

_TYPES = re.compile(r"[<>|][iuf][1248]|u?int(8|16|32|64)|float(16|32|64)")
_LARGEST_CHUNK_BYTES = 2**31


def is_zarr(folder: Path) -> bool:
    """Tell whether a folder is a Zarr group or array."""
    names = (V3_NAME, V2_GROUP, V2_ATTRIBUTES, V2_ARRAY)
    return any(os.path.isfile(folder / name) for name in names)  # noqa: PTH113 - may be denied


def read_metadata(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    FormatError
        If the file holds something else.
    BadInput
        If it cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(
            path, f"not JSON ({error})", hint="It is damaged: copy or export it again."
        ) from error
    if not isinstance(content, dict):
        raise FormatError(path, f"JSON, but a {type(content).__name__} and not an object")
    return content


def codec_names(metadata: dict[str, Any], version: int) -> tuple[str, ...]:
    """List the names of all codecs, those inside shards too."""
    if version == 2:
        listed = [*(metadata.get("filters") or []), metadata.get("compressor")]
        found = [one for one in listed if one is not None]
        return tuple(str(one.get("id")) if isinstance(one, dict) else str(one) for one in found)
    names: list[str] = []
    pending = metadata.get("codecs")
    queue = list(pending) if isinstance(pending, list) else [pending]
    while queue:
        one = queue.pop(0)
        if not isinstance(one, dict):
            names.append(str(one))
            continue
        names.append(str(one.get("name")).removeprefix("numcodecs."))
        inside = one.get("configuration")
        for key in ("codecs", "index_codecs"):
            more = inside.get(key) if isinstance(inside, dict) else None
            queue += more if isinstance(more, list) else []
    return tuple(names)


def check_type_and_codecs(metadata: dict[str, Any], version: int, file: Path) -> None:
    """Refuse arrays that are not of real numbers, or encoded by codecs not known to be safe.

    Raises
    ------
    FormatError
        Naming the type or the codec.
    """
    field = "dtype" if version == 2 else "data_type"
    if not _TYPES.fullmatch(str(metadata.get(field))):
        raise FormatError(
            file,
            f"voxels of type {metadata.get(field)!r}, expected integers or real floats",
            field=field,
            hint="Export the tomogram as float32.",
        )
    for name in codec_names(metadata, version):
        if name not in _CODECS:
            raise FormatError(
                file,
                f"the codec {name!r}, which nunatak does not read",
                field="filters, compressor" if version == 2 else "codecs",
                hint="Export the tomogram with blosc, zstd or gzip.",
            )


def check_sizes(
    shape: tuple[int, ...], chunks: tuple[int, ...], dtype: np.dtype[np.generic], file: Path
) -> None:
    """Refuse sides and chunks that no tomogram has, before memory is asked for.

    Raises
    ------
    FormatError
        Naming what was found.
    """
    if not all(0 < side <= LARGEST_SIDE_PX for side in shape):
        raise FormatError(
            file,
            f"the shape {shape}, expected sides of 1 to {LARGEST_SIDE_PX}",
            field="shape",
            hint="The metadata are damaged: copy or export the tomogram again.",
        )
    if not 0 < prod(chunks) * dtype.itemsize <= _LARGEST_CHUNK_BYTES:
        raise FormatError(
            file,
            f"chunks of {chunks} voxels, more than {_LARGEST_CHUNK_BYTES} bytes each",
            field="chunks",
            hint="Export the tomogram in chunks of 64 to 256 voxels a side.",
        )
