"""Count the images of a TIFF file without trusting its chain of directories.

In a damaged file the chain can be endless; `tifffile` follows it until memory is full. This
walk visits no directory twice and leaves the file's bounds for nothing (TIFF 6.0, section 2;
BigTIFF as in libtiff).
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nunatak.errors import FormatError

_SUBFILE_TYPE_TAG = 254
_REDUCED_IMAGE = 1
_LONG = 4


@dataclass(frozen=True)
class _Variant:
    """Struct formats of the parts of a directory, in one byte order."""

    offset: str
    entry_count: str
    entry: str
    first_offset_at: int


def count_images(path: Path, file_bytes: int) -> int:
    """Count the full-size images in a TIFF file.

    Parameters
    ----------
    path
        The file; its first four bytes are known to be a TIFF's.
    file_bytes
        Its length.

    Returns
    -------
    int
        Directories that are not marked as a reduced version (thumbnail, pyramid level) of
        another; the first always counts.

    Raises
    ------
    FormatError
        If the chain of directories leaves the file or returns to itself.
    """
    with path.open("rb") as stream:
        variant = _variant(stream.read(4))
        position = _read(stream, variant.first_offset_at, variant.offset, path)[0]
        visited: set[int] = set()
        images = 0
        while position != 0:
            if position in visited or position >= file_bytes:
                raise FormatError(
                    path,
                    f"the directory of image {len(visited) + 1} is not inside the file"
                    if position >= file_bytes
                    else "the chain of image directories returns to itself",
                    hint="It was cut short or altered: copy or export it again.",
                )
            visited.add(position)
            reduced, position = _visit(stream, position, variant, path)
            images += not (reduced and images > 0)
    if images == 0:
        raise FormatError(path, "a TIFF without an image", hint="Copy or export it again.")
    return images


def _variant(magic: bytes) -> _Variant:
    order = "<" if magic[:2] == b"II" else ">"
    if b"+" in magic:
        return _Variant(order + "Q", order + "Q", order + "HHQI4x", first_offset_at=8)
    return _Variant(order + "I", order + "H", order + "HHII", first_offset_at=4)


def _visit(stream: IO[bytes], position: int, variant: _Variant, path: Path) -> tuple[bool, int]:
    """Return whether a directory's image is a reduced one, and where the next directory is."""
    entries = _read(stream, position, variant.entry_count, path)[0]
    position += struct.calcsize(variant.entry_count)
    end = position + entries * struct.calcsize(variant.entry)
    reduced = False
    # Entries are sorted by tag, and this is the lowest that images have.
    if entries > 0:
        tag, kind, _, value = _read(stream, position, variant.entry, path)
        reduced = tag == _SUBFILE_TYPE_TAG and kind == _LONG and bool(value & _REDUCED_IMAGE)
    return reduced, int(_read(stream, end, variant.offset, path)[0])


def _read(stream: IO[bytes], position: int, layout: str, path: Path) -> tuple[int, ...]:
    length = struct.calcsize(layout)
    # A position beyond any file system's reach cannot even be sought.
    content = b""
    if position < 1 << 62:
        stream.seek(position)
        content = stream.read(length)
    if len(content) < length:
        raise FormatError(
            path,
            f"a directory of its images ends outside the file (byte {position})",
            hint="It was cut short: copy or export it again.",
        )
    return struct.unpack(layout, content)
