"""What the mode of an MRC file says about its pixels, and where it keeps silent."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nunatak.errors import FormatError

_FOUR_BIT = 101
_TYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2", _FOUR_BIT: "u1"}
_REFUSED = {
    3: "complex 16-bit integers, a Fourier transform",
    4: "complex floats, a Fourier transform",
    5: "an obsolete byte mode",
    7: "32-bit integers, not part of MRC2014",
    16: "RGB colours",
    17: "RGB colours",
}

_IMOD_STAMP = 1146047817
_IMOD_STAMP_OFFSET = 152
_IMOD_SIGNED_BYTES = 1
_IMOD_PACKED_BYTES = 16


@dataclass(frozen=True)
class PixelLayout:
    """How pixels lie in bytes.

    Attributes
    ----------
    dtype : dtype
        Of the stored pixels, with its byte order (uint8 for 4-bit pixels).
    packed : bool
        Two 4-bit pixels share a byte, the first in the low half; rows are whole bytes.
    columns_per_nx : int
        2 where ``nx`` counts bytes of two pixels each, else 1.
    note : str or None
        A guess that had to be made.
    """

    dtype: np.dtype[np.generic]
    packed: bool = False
    columns_per_nx: int = 1
    note: str | None = None


def pixel_layout(raw: bytes, record: np.void, byte_order: str, path: Path) -> PixelLayout:
    """Decide how to read the pixels.

    Parameters
    ----------
    raw
        The 1024 header bytes.
    record
        The same, as fields.
    byte_order
        ``"<"`` or ``">"``.
    path
        The file, for the message.

    Returns
    -------
    PixelLayout
        Bytes of mode 0 are signed by MRC2014, and signed or unsigned by a flag of IMOD's.
        Without that flag a header maximum above 127 gives unsigned bytes away.

    Raises
    ------
    FormatError
        If the mode is none that nunatak reads.
    """
    mode = int(record["mode"])
    if mode not in _TYPES:
        raise FormatError(
            path,
            f"mode {mode} ({_REFUSED.get(mode, 'not defined')})",
            field="mode",
            hint="nunatak reads modes 0, 1, 2, 6, 12 and 101: convert the image to one of them.",
        )
    if mode == _FOUR_BIT:
        return PixelLayout(np.dtype("u1"), packed=True)
    if mode != 0:
        return PixelLayout(np.dtype(byte_order + _TYPES[mode]))
    stamp, flags = np.frombuffer(raw, f"{byte_order}i4", 2, _IMOD_STAMP_OFFSET).tolist()
    if stamp == _IMOD_STAMP:
        if flags & _IMOD_PACKED_BYTES:
            return PixelLayout(np.dtype("u1"), packed=True, columns_per_nx=2)
        return PixelLayout(np.dtype("i1" if flags & _IMOD_SIGNED_BYTES else "u1"))
    if float(record["dmin"]) >= 0 and 127 < float(record["dmax"]) <= 255:
        note = "bytes read as unsigned, because the header's maximum is above 127"
        return PixelLayout(np.dtype("u1"), note=note)
    return PixelLayout(np.dtype("i1"))
