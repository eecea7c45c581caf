"""Tomograms as IMOD reconstructs them, with their thickness along y."""

from pathlib import Path

import numpy as np
import pytest
from mrc_samples import mrc_bytes, noise

from nunatak.errors import BadInput
from nunatak.images.axis_order import (
    AxisOrder,
    may_be_xzy,
    rotated,
    rotated_shape,
    shape_in_order,
)
from nunatak.images.describe import describe
from nunatak.images.reader import read_info
from nunatak.images.tomogram_reader import read_tomogram


def written(tmp_path: Path, stored: np.ndarray) -> Path:
    path = tmp_path / "tomo.rec"
    count = stored.shape[0]
    path.write_bytes(mrc_bytes(stored, pixel_size_A=10.0, mz=count, cell_z=count * 10.0, ispg=1))
    return path


def test_a_shape_that_may_be_xzy_is_asked_about(tmp_path: Path) -> None:
    path = written(tmp_path, noise((40, 11, 36)))
    with pytest.raises(BadInput) as caught:
        read_tomogram(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: 36 × 11 × 40 voxels")
    assert "clip rotx" in message
    assert "--axis-order xzy" in message
    assert "--axis-order xyz" in message


def test_the_answer_is_believed(tmp_path: Path) -> None:
    stored = noise((40, 11, 36))
    path = written(tmp_path, stored)
    as_stored = read_tomogram(path, axis_order=AxisOrder.XYZ)
    np.testing.assert_array_equal(as_stored.slab(0, 40), stored)
    turned = read_tomogram(path, axis_order=AxisOrder.XZY)
    assert turned.shape == (11, 40, 36)
    expected = stored.transpose(1, 0, 2)[::-1]
    np.testing.assert_array_equal(turned.slab(0, 11), expected)
    part = turned.box(slice(2, 5), slice(7, 9), slice(30, 36))
    np.testing.assert_array_equal(part, expected[2:5, 7:9, 30:36])
    assert "clip rotx" in turned.info.notes[-1]


def test_the_turn_is_by_minus_90_degrees_about_x() -> None:
    # A turn by +90 degrees about x takes y (array axis 1) to z (axis 0); k=-1 turns it back.
    stored = noise((6, 4, 5))
    turned = rotated(lambda box: stored[box], stored.shape)
    whole = turned((slice(0, 4), slice(0, 6), slice(0, 5)))
    np.testing.assert_array_equal(whole, np.rot90(stored, k=-1, axes=(1, 0)))
    assert whole.flags.c_contiguous
    assert rotated_shape(stored.shape) == whole.shape


@pytest.mark.parametrize(
    ("shape", "doubtful"),
    [
        ((184, 630, 630), False),
        ((630, 184, 630), True),
        ((1440, 300, 1024), True),
        ((64, 64, 64), False),
        ((200, 464, 480), False),
        ((464, 200, 480), True),
        ((300, 240, 400), False),
        ((500, 500, 100), False),
    ],
)
def test_only_few_rows_raise_a_doubt(shape: tuple[int, int, int], doubtful: bool) -> None:
    assert may_be_xzy(shape) is doubtful


def test_a_header_alone_gives_the_shape_that_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, noise((40, 11, 36)))
    info = read_info(path)
    for order in AxisOrder:
        assert shape_in_order(info, order) == read_tomogram(path, axis_order=order).shape
    with pytest.raises(BadInput, match="--axis-order xzy"):
        shape_in_order(info, None)


@pytest.mark.parametrize(
    ("name", "ispg", "note"),
    [
        ("tomo.rec", 1, "the 11 rows may be the thickness"),
        ("tomo.rec", 0, "if this is a tomogram, the 11 rows may be"),
        ("tilts.st", 0, None),
    ],
)
def test_the_doubt_is_described(tmp_path: Path, name: str, ispg: int, note: str | None) -> None:
    path = tmp_path / name
    path.write_bytes(mrc_bytes(noise((40, 11, 36)), mz=40, cell_z=60.0, ispg=ispg))
    text = describe(read_info(path))
    assert ("note" in text) == (note is not None)
    assert note is None or text["note"].startswith(note)
