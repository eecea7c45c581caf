"""MRC files inside gzip or bzip2, decompressed no further than their header allows."""

import bz2
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from nunatak.errors import FormatError
from nunatak.images.mrc import arrange, mrc_info
from nunatak.images.mrc_header import HEADER_BYTES, MrcHeader, parse_header
from nunatak.images.source import ImageSource, Pixels

GZIP_MAGIC = b"\x1f\x8b"
BZIP2_MAGIC = b"BZh"
_CHUNK_BYTES = 8 << 20
# One byte of a deflate stream cannot stand for more (zlib's technical notes); bzip2 has no such
# bound, but there, too, memory only grows with the bytes that really come out.
_DEFLATE_RATIO = 1032


def open_compressed(path: Path, head: bytes, file_bytes: int) -> ImageSource:
    """Open a compressed MRC file, whatever its name.

    Parameters
    ----------
    path
        The file.
    head
        Its first, compressed bytes.
    file_bytes
        Its compressed length.

    Returns
    -------
    ImageSource
        Loading decompresses the pixels into memory, never more of them than declared.

    Raises
    ------
    FormatError
        If the stream is damaged or cut, holds no MRC image, or cannot hold what it declares.
    """
    method = "gzip" if head.startswith(GZIP_MAGIC) else "bzip2"
    with _stream(path, method) as stream:
        header = parse_header(stream.read(HEADER_BYTES), path)
    declared = header.data_offset + header.data_bytes
    if method == "gzip" and declared > _DEFLATE_RATIO * file_bytes:
        raise FormatError(
            path,
            f"declares {declared} bytes, more than {file_bytes} bytes of gzip can hold",
            hint="It was cut short or its header is damaged: copy or export it again.",
        )
    info = mrc_info(header, path)
    info = replace(info, detail={**info.detail, "compression": method})
    load = partial(_decompress, path, method, header)
    return ImageSource(info, header.pixel_size_xy_A, load, header.pixel_size_z_A)


def refuse_damaged(path: Path) -> None:
    """Read a compressed file to its end, for readers that do not notice when it is cut short.

    Parameters
    ----------
    path
        A file; one that is neither gzip nor bzip2 by its first bytes is left alone.

    Raises
    ------
    FormatError
        If the stream is damaged or cut.
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(len(BZIP2_MAGIC))
    methods = {GZIP_MAGIC: "gzip", BZIP2_MAGIC: "bzip2"}
    for magic, method in methods.items():
        if head.startswith(magic):
            with _stream(path, method) as stream:
                while stream.read(_CHUNK_BYTES):
                    pass


def _decompress(path: Path, method: str, header: MrcHeader) -> tuple[Pixels, tuple[str, ...]]:
    declared = header.data_offset + header.data_bytes
    content = bytearray()
    with _stream(path, method) as stream:
        while len(content) < declared:
            chunk = stream.read(min(_CHUNK_BYTES, declared - len(content)))
            if not chunk:
                raise FormatError(
                    path,
                    f"the header declares {declared} bytes, but only {len(content)} come out "
                    f"of {method}",
                    hint="It was cut short before it was compressed: export it again.",
                )
            content += chunk
        # Reading past the last pixel also makes the decompressor compare its checksum.
        trailing = bool(stream.read(1))
    data = np.frombuffer(content, dtype=np.uint8, offset=header.data_offset)
    return arrange(data, header), ("bytes after the last pixel were ignored",) if trailing else ()


@contextmanager
def _stream(path: Path, method: str) -> Iterator[gzip.GzipFile | bz2.BZ2File]:
    try:
        with _opened(path, method) as stream:
            yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error, ValueError) as error:
        raise _damaged(path, method, error) from error
    except OSError as error:
        # bzip2 reports damage as an OSError without a number; one with a number is the disk's.
        if error.errno is not None:
            raise
        raise _damaged(path, method, error) from error


def _opened(path: Path, method: str) -> gzip.GzipFile | bz2.BZ2File:
    return gzip.GzipFile(path, "rb") if method == "gzip" else bz2.BZ2File(path, "rb")


def _damaged(path: Path, method: str, error: Exception) -> FormatError:
    return FormatError(
        path,
        f"the {method} stream is damaged or cut short ({error})",
        hint="Copy the file again, or compress it again.",
    )
