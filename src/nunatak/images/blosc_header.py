"""The 16 bytes before a Blosc chunk, compared with its file.

The decoder is told where a chunk begins and not where it ends: it believes the length in the
chunk itself, and would read on in memory where a file was cut short.
"""

import os
import struct
from pathlib import Path

HEADER_BYTES = 16


def blosc_problem(file: Path, most_bytes: int) -> str | None:
    """Say what is wrong with a chunk, by its header and the length of its file.

    Parameters
    ----------
    file
        The chunk; one that is not stored is none the worse.
    most_bytes
        More than that it cannot hold when it is unpacked.

    Returns
    -------
    str or None
        None where nothing is wrong.

    Raises
    ------
    OSError
        If the file is there and cannot be read.
    """
    try:
        with file.open("rb") as stream:
            header = stream.read(HEADER_BYTES)
            stored = os.fstat(stream.fileno()).st_size
    except FileNotFoundError:
        return None
    if len(header) < HEADER_BYTES:
        return f"{stored} bytes, inside the header of a Blosc chunk"
    # Version, flags and type size (4 bytes), then lengths unpacked, of a block, and packed.
    unpacked, _, packed = struct.unpack("<4xIII", header)
    if packed > stored:
        return f"{stored} of {packed} bytes"
    if unpacked > most_bytes:
        return f"{unpacked} bytes, expected {most_bytes} at most"
    return None
