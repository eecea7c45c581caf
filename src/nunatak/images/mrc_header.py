"""The 1024-byte header of MRC files, read with suspicion.

Fields and offsets follow MRC2014 (Cheng et al., J. Struct. Biol. 192, 146, 2015). The record's
layout comes from `mrcfile`; the checks are our own, because files in the field break most of
the rules, and because sizes have to be checked before anything is mapped or allocated.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mrcfile.dtypes import HEADER_DTYPE

from nunatak.errors import FormatError
from nunatak.images.mrc_byte_order import LARGEST_SIDE_PX, ByteOrder, byte_order
from nunatak.images.mrc_mode import PixelLayout, pixel_layout
from nunatak.images.pixel_size import stated

HEADER_BYTES = 1024
MAP_OFFSET = 208


@dataclass(frozen=True)
class MrcHeader:
    """The part of an MRC header that decides how pixels are read.

    Attributes
    ----------
    stored_shape : tuple of int
        ``(sections, rows, columns)`` in pixels, in file order.
    axes : tuple of int
        How to transpose the stored axes to ``[z, y, x]``.
    layout : PixelLayout
        How the pixels lie in bytes.
    data_offset : int
        Bytes before the first pixel.
    pixel_size_xy_A : tuple of (float or None)
        Along x and y.
    pixel_size_z_A : float or None
        Along z; None also where the sections are images and not slices of a volume.
    kind : str
        ``"micrograph"``, ``"stack"`` or ``"volume"``.
    notes : tuple of str
        What was tolerated.
    detail : dict
        Facts worth showing: label to text.
    """

    stored_shape: tuple[int, int, int]
    axes: tuple[int, int, int]
    layout: PixelLayout
    data_offset: int
    pixel_size_xy_A: tuple[float | None, float | None]
    pixel_size_z_A: float | None
    kind: str
    notes: tuple[str, ...]
    detail: dict[str, str]

    @property
    def shape(self) -> tuple[int, ...]:
        """``(ny, nx)`` of a micrograph, ``(nz, ny, nx)`` of anything else."""
        nz, ny, nx = (self.stored_shape[axis] for axis in self.axes)
        return (ny, nx) if nz == 1 else (nz, ny, nx)

    @property
    def row_bytes(self) -> int:
        """Bytes of one stored row."""
        columns = self.stored_shape[2]
        return (columns + 1) // 2 if self.layout.packed else columns * self.layout.dtype.itemsize

    @property
    def data_bytes(self) -> int:
        """Bytes of all pixels."""
        return self.stored_shape[0] * self.stored_shape[1] * self.row_bytes


def parse_header(raw: bytes, path: Path) -> MrcHeader:
    """Read and check a header.

    Parameters
    ----------
    raw
        The first bytes of the (decompressed) file, 1024 or more.
    path
        The file, for messages.

    Returns
    -------
    MrcHeader
        Consistent in itself; whether the file holds what it declares is `check_size`'s job.

    Raises
    ------
    FormatError
        If the header is cut short or a field cannot be true.
    """
    if len(raw) < HEADER_BYTES:
        raise FormatError(
            path,
            f"the file ends after {len(raw)} bytes, inside the {HEADER_BYTES}-byte MRC header",
            hint="It was cut short: copy or export it again.",
        )
    notes: list[str] = []
    order, stamp_note = byte_order(raw)
    if stamp_note is not None:
        notes.append(stamp_note)
    record = np.frombuffer(raw, HEADER_DTYPE.newbyteorder(order), count=1)[0]
    if record["map"].tobytes()[:3] != b"MAP":
        notes.append("the identifier 'MAP ' is missing at byte 208, as in Topaz output")
    layout = pixel_layout(raw, record, order, path)
    if layout.note is not None:
        notes.append(layout.note)
    stored_shape = _stored_shape(record, path, layout.columns_per_nx)
    axes = _axes(record, path, notes)
    return MrcHeader(
        stored_shape=stored_shape,
        axes=axes,
        layout=layout,
        data_offset=HEADER_BYTES + _extended_bytes(record, path),
        pixel_size_xy_A=_pixel_size(record, notes),
        pixel_size_z_A=_pixel_size_z(record),
        kind=_kind(record, stored_shape[axes[0]]),
        notes=tuple(notes),
        detail=_detail(record, order, layout),
    )


def check_size(header: MrcHeader, file_bytes: int, path: Path) -> tuple[str, ...]:
    """Compare what a header declares with the bytes that are there.

    Returns
    -------
    tuple of str
        A note where bytes follow the last pixel.

    Raises
    ------
    FormatError
        If the file is shorter than its header says, or more than an image longer. Nothing was
        allocated by then.
    """
    if header.data_offset > file_bytes:
        raise FormatError(
            path,
            f"declares an extended header of {header.data_offset - HEADER_BYTES} bytes, "
            f"but only {file_bytes - HEADER_BYTES} bytes follow the header",
            field="nsymbt",
            hint="The header is damaged or the file was cut short: copy or export it again.",
        )
    expected = header.data_offset + header.data_bytes
    if expected > file_bytes:
        sizes = " × ".join(str(length) for length in reversed(header.stored_shape))
        raise FormatError(
            path,
            f"the header declares {sizes} pixels, {expected} bytes in all, "
            f"but the file has {file_bytes}",
            hint="It was cut short or is still being written: copy or export it again.",
        )
    if file_bytes - expected > header.data_bytes:
        raise FormatError(
            path,
            f"the header declares {header.data_bytes} bytes of pixels, but "
            f"{file_bytes - header.data_offset} follow it",
            field="mode, nx, ny, nz",
            hint="The header belongs to another image: export the file again.",
        )
    if expected < file_bytes:
        return (f"{file_bytes - expected} bytes after the last pixel were ignored",)
    return ()


def _stored_shape(record: np.void, path: Path, columns_per_nx: int) -> tuple[int, int, int]:
    sides = {name: int(record[name]) for name in ("nx", "ny", "nz")}
    for name, side in sides.items():
        if not 0 < side <= LARGEST_SIDE_PX:
            raise FormatError(
                path,
                f"{side} pixels along one side, expected 1 to {LARGEST_SIDE_PX}",
                field=name,
                hint="This is not an MRC file, or its header is damaged.",
            )
    return sides["nz"], sides["ny"], sides["nx"] * columns_per_nx


def _axes(record: np.void, path: Path, notes: list[str]) -> tuple[int, int, int]:
    stored = tuple(int(record[name]) for name in ("maps", "mapr", "mapc"))
    if stored == (0, 0, 0):
        notes.append("the axis order (mapc, mapr, maps) is not set; taken as x, y, z")
        return (0, 1, 2)
    if stored[1] == -2:
        notes.append("rows are marked as running from the top (mapr -2); kept as stored")
    stored = tuple(abs(axis) for axis in stored)
    if sorted(stored) != [1, 2, 3]:
        raise FormatError(
            path,
            f"the axes are {stored[2]}, {stored[1]}, {stored[0]}, expected 1, 2, 3 in any order",
            field="mapc, mapr, maps",
            hint="The header is damaged: export the image again.",
        )
    if stored != (3, 2, 1):
        names = " ".join("xyz"[axis - 1] for axis in reversed(stored))
        notes.append(f"the axes are stored as {names}, fastest first; transposed to x y z")
    return stored.index(3), stored.index(2), stored.index(1)


def _extended_bytes(record: np.void, path: Path) -> int:
    length = int(record["nsymbt"])
    if length < 0:
        raise FormatError(
            path,
            f"an extended header of {length} bytes",
            field="nsymbt",
            hint="The header is damaged: copy or export the image again.",
        )
    return length


def _pixel_size(record: np.void, notes: list[str]) -> tuple[float | None, float | None]:
    """Cell length over sampling interval; both are given along x, y, z, not in file order."""
    sizes: list[float | None] = []
    for axis, intervals in (("x", int(record["mx"])), ("y", int(record["my"]))):
        length_A = float(record["cella"][axis])
        size_A = stated(length_A / intervals) if intervals > 0 else None
        if size_A is None:
            notes.append(f"no pixel size in {axis} (cell {length_A:g} Å over {intervals})")
        sizes.append(size_A)
    return sizes[0], sizes[1]


def _pixel_size_z(record: np.void) -> float | None:
    """Cell length over sampling interval, where there is more than one interval.

    With an interval of 1, programs differ on whether the cell is one section or all of them.
    """
    intervals = int(record["mz"])
    return stated(float(record["cella"]["z"]) / intervals) if intervals > 1 else None


def _kind(record: np.void, sections: int) -> str:
    """One section is a micrograph; mz 1 or space group 0 makes the sections images of a stack.

    EMAN2 writes volumes with space group 0; only their cubic shape gives them away.
    """
    if sections == 1:
        return "micrograph"
    mz = int(record["mz"])
    cube = int(record["nx"]) == int(record["ny"]) == int(record["nz"]) == mz
    return "volume" if cube or (mz > 1 and int(record["ispg"]) != 0) else "stack"


def _detail(record: np.void, order: ByteOrder, layout: PixelLayout) -> dict[str, str]:
    detail = {
        "MRC mode": f"{int(record['mode'])}"
        + (" (two 4-bit pixels a byte)" if layout.packed else ""),
        "byte order": "big-endian" if order == ">" else "little-endian",
    }
    if int(record["nsymbt"]):
        kind = record["exttyp"].tobytes().decode("ascii", "replace").strip("\0 ")
        detail["extended header"] = f"{int(record['nsymbt'])} bytes" + (f", {kind}" if kind else "")
    return detail
