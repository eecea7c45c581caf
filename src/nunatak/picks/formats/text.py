"""Read text files whatever their line ends, and say so where they are not text."""

import codecs
from pathlib import Path

from nunatak.errors import FormatError, ResourceError


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises
    ------
    FormatError
        If there is no such file, or a folder in its place.
    ResourceError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FormatError(path, "there is no such file") from None
    except IsADirectoryError:
        raise FormatError(path, "a folder where a file was expected") from None
    except OSError as error:
        raise ResourceError(f"{path}: cannot read ({error.strerror or error}).") from error


def read_text(path: Path) -> str:
    """Read UTF-8 text; CRLF and CR become line feeds, a byte-order mark goes.

    Raises
    ------
    FormatError
        If the bytes are not UTF-8, with the line of the first that is not.
    ResourceError
        If the file cannot be read.
    """
    raw = read_bytes(path).removeprefix(codecs.BOM_UTF8)
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(
            path,
            f"byte 0x{raw[error.start]:02x} is not UTF-8 text",
            line=raw.count(b"\n", 0, error.start) + 1,
            hint="Is this a binary file, or text in an old encoding?",
        ) from error
