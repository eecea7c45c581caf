"""Which end of an MRC file's numbers comes first."""

from typing import Literal

import numpy as np

ByteOrder = Literal["<", ">"]

LARGEST_SIDE_PX = 1 << 20
"""No image is longer; a number read in the wrong byte order usually is."""

_STAMP_OFFSET = 212
_LITTLE_STAMP, _BIG_STAMP = 0x44, 0x11


def byte_order(raw: bytes) -> tuple[ByteOrder, str | None]:
    """Trust the machine stamp unless only the other order makes sense of the sizes.

    Parameters
    ----------
    raw
        The 1024 header bytes.

    Returns
    -------
    order : str
        ``"<"`` or ``">"``, as in numpy's types.
    note : str or None
        What is wrong with the stamp.
    """
    stamp = raw[_STAMP_OFFSET]
    claimed: ByteOrder = ">" if stamp == _BIG_STAMP else "<"
    other: ByteOrder = "<" if claimed == ">" else ">"
    order = other if _plausible(raw, other) and not _plausible(raw, claimed) else claimed
    if stamp in {_LITTLE_STAMP, _BIG_STAMP} and order == claimed:
        return order, None
    name = "big" if order == ">" else "little"
    found = raw[_STAMP_OFFSET : _STAMP_OFFSET + 4].hex(" ")
    return order, f"machine stamp {found} is wrong; the sizes say {name}-endian"


def plausible_mrc(raw: bytes) -> bool:
    """Tell whether header bytes make sense as MRC in one order or the other."""
    return _plausible(raw, "<") or _plausible(raw, ">")


def _plausible(raw: bytes, order: ByteOrder) -> bool:
    nx, ny, nz, mode = np.frombuffer(raw, f"{order}i4", count=4).tolist()
    return all(0 < side <= LARGEST_SIDE_PX for side in (nx, ny, nz)) and 0 <= mode <= 127
