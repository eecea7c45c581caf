"""The EM container: machines, types, and lengths that must fit."""

import struct
from pathlib import Path

import numpy as np
import pytest

from nunatak.errors import FormatError
from nunatak.picks.formats.tomograms.em_file import looks_like_em, read_em, write_em


def em_file(folder: Path, *, machine: int, kind: int, order: str, dtype: str) -> Path:
    """An array of 3 x 2 x 1 numbers, 0 to 5, x fastest."""
    header = bytes([machine, 0, 0, kind]) + struct.pack(f"{order}3i", 3, 2, 1)
    values = np.arange(6).astype(np.dtype(order + dtype))
    path = folder / "values.em"
    path.write_bytes(header.ljust(512, b"\0") + values.tobytes())
    return path


@pytest.mark.parametrize(("machine", "order"), [(6, "<"), (5, ">"), (3, ">"), (0, ">")])
@pytest.mark.parametrize(("kind", "dtype"), [(1, "i1"), (2, "i2"), (4, "i4"), (5, "f4"), (9, "f8")])
def test_machines_and_types(
    tmp_path: Path, machine: int, order: str, kind: int, dtype: str
) -> None:
    path = em_file(tmp_path, machine=machine, kind=kind, order=order, dtype=dtype)
    assert read_em(path).tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert looks_like_em(path.read_bytes())


def test_what_is_written_begins_as_a_pcs_float32(tmp_path: Path) -> None:
    path = tmp_path / "values.em"
    write_em(path, np.arange(6.0).reshape(1, 2, 3))
    assert path.read_bytes()[:16] == bytes([6, 0, 0, 5, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0])
    assert path.stat().st_size == 512 + 24
    assert read_em(path).tolist() == [[[0, 1, 2], [3, 4, 5]]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw[:300], "300 bytes where an EM file has a header of 512 bytes"),
        (lambda raw: raw[:-1], r"cut off: the header announces 3 x 2 x 1 numbers of 4 bytes \(24"),
        (lambda raw: raw + b"x", "too long: the header announces"),
        (lambda raw: b"\x01" + raw[1:], "byte 1 of the header: 1 where the number of a known"),
        (lambda raw: raw[:3] + b"\x08" + raw[4:], "byte 4 of the header: 8 where the number of a"),
        (lambda raw: raw[:4] + b"\xff" * 4 + raw[8:], "a size of -1 x 2 x 1"),
    ],
)
def test_damage_is_named(tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    path = em_file(tmp_path, machine=6, kind=5, order="<", dtype="f4")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(FormatError, match=message) as caught:
        read_em(path)
    assert str(path) in str(caught.value)
