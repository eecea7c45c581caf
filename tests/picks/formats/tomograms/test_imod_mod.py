"""IMOD's models, put together byte by byte as the specification has them."""

import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats.tomograms.imod_mod import read, write
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet

XYZ = ["x_px", "y_px", "z_px"]
IMAGES = ImageCatalogue({"a/TS_01.mrc": (61, 383, 127)})
ORIGIN_KNOWN, FLIPPED, TURNED = 1 << 14, 1 << 16, 1 << 17


def header(n_objects: int, size: tuple[int, int, int] = (127, 383, 61), flags: int = 0) -> bytes:
    after_size = struct.pack(">iI", n_objects, flags)
    return b"IMODV1.2" + bytes(128) + struct.pack(">3i", *size) + after_size + bytes(84)


def obj(name: bytes = b"", *contours: bytes) -> bytes:
    start = name.ljust(64, b"\0") + bytes(64) + struct.pack(">i", len(contours)) + bytes(44)
    return b"OBJT" + start + b"".join(contours)


def contour(*points: tuple[float, float, float]) -> bytes:
    coordinates = np.array(points, dtype=">f4").tobytes()
    return b"CONT" + struct.pack(">iIii", len(points), 0, 0, 0) + coordinates


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">i", len(content)) + content


def minx(old_origin: tuple[float, ...], scale: float, current_origin: tuple[float, ...]) -> bytes:
    zero, scales = (0.0,) * 3, (scale,) * 3
    values = (*scales, *old_origin, *zero, *scales, *current_origin, *zero)
    return chunk(b"MINX", struct.pack(">18f", *values))


MESH = b"MESH" + struct.pack(">iiIhh", 2, 3, 0, 0, 0) + bytes(2 * 12 + 3 * 4)


def model_file(folder: Path, *parts: bytes) -> Path:
    path = folder / "TS_01.mod"
    path.write_bytes(b"".join([*parts, b"IEOF"]))
    return path


def test_the_first_voxels_centre_is_half_half_nought(tmp_path: Path) -> None:
    points = contour((0.5, 0.5, 0), (10.5, 20.25, 30))
    path = model_file(tmp_path, header(1), obj(b"", points))
    picks = read(path, FormatContext(images=IMAGES))
    assert picks.table[XYZ].to_numpy().tolist() == [[0, 0, 0], [10, 19.75, 30]]
    assert picks.table["image"].tolist() == ["a/TS_01.mrc"] * 2
    assert list(picks.table.columns) == ["image", *XYZ]


def test_the_first_voxel_is_one_of_the_files_grid(tmp_path: Path) -> None:
    path = model_file(tmp_path, header(1), obj(b"", contour((10.5, 20.5, 30))))
    table = read(path, FormatContext(grid=FileGrid.binned(4))).table
    assert table[XYZ].to_numpy().tolist() == [[40, 80, 120]]


def test_objects_are_classes_and_other_chunks_are_passed_over(tmp_path: Path) -> None:
    path = model_file(
        tmp_path,
        header(2),
        obj(b"ribosome", contour((1, 1, 1)), chunk(b"SIZE", bytes(4)), contour((2, 2, 2))),
        chunk(b"IMAT", bytes(16)),
        obj(b"", contour((3, 3, 3)), MESH),
        chunk(b"VIEW", bytes(4)),
    )
    table = read(path, FormatContext()).table
    assert table["class_name"].tolist() == ["ribosome", "ribosome", "2"]
    assert table["imod_contour"].tolist() == [1, 2, 1]
    (again,) = write(PickSet(table), tmp_path / "again.mod", FormatContext())
    pd.testing.assert_frame_equal(read(again, FormatContext(image="TS_01")).table, table)


def test_a_part_of_an_image_counts_from_its_corner(tmp_path: Path) -> None:
    # 3dmod showed the image from voxel (20, 30, 4) on: origins are in ångström.
    parts = (obj(b"", contour((1.5, 2.5, 3))), minx((0, 0, 0), 10.0, (-200, -300, -40)))
    path = model_file(tmp_path, header(1, flags=ORIGIN_KNOWN), *parts)
    assert read(path, FormatContext()).table[XYZ].to_numpy().tolist() == [[21, 32, 7]]
    path = model_file(tmp_path, header(1), *parts)
    assert read(path, FormatContext()).table[XYZ].to_numpy().tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("flag", [FLIPPED, TURNED])
def test_turned_models_are_refused(tmp_path: Path, flag: int) -> None:
    path = model_file(tmp_path, header(1, flags=flag), obj(b"", contour((1, 2, 3))))
    with pytest.raises(FormatError, match=r"TS_01\.mod, flags of the header: y and z are stored"):
        read(path, FormatContext())


def test_tomograms_with_y_and_z_exchanged_are_told_by_their_size(tmp_path: Path) -> None:
    path = model_file(tmp_path, header(1, size=(127, 61, 383)), obj(b"", contour((1, 2, 3))))
    with pytest.raises(Mismatch, match="made on a tomogram of 127 x 61 x 383 voxels, but a/TS_01"):
        read(path, FormatContext(images=IMAGES))


def test_written_models_are_laid_out_as_specified(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["TS_01"], "x_px": [1.0], "y_px": [2.0], "z_px": [3.0]})
    context = FormatContext(images=IMAGES, box_px=14)
    (path,) = write(PickSet(table), tmp_path / "TS_01.mod", context)
    raw = path.read_bytes()
    assert raw[:8] == b"IMODV1.2"
    # Size and number of objects; z counts from the middle of the first slice; new to 3dmod.
    assert struct.unpack_from(">4iI", raw, 136) == (127, 383, 61, 1, (1 << 10) | (1 << 11))
    assert raw[240:244] == b"OBJT"
    # One contour in an object of open, scattered points, drawn as spheres of half a box.
    assert struct.unpack_from(">iI", raw, 244 + 128) == (1, (1 << 3) | (1 << 9))
    assert struct.unpack_from(">i", raw, 244 + 128 + 28) == (7,)
    assert raw[420:424] == b"CONT"
    assert struct.unpack_from(">i", raw, 424) == (1,)
    assert struct.unpack(">3f", raw[440:452]) == (1.5, 2.5, 3.0)
    assert raw[452:] == b"IEOF"


def test_names_must_fit(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["TS_01"], "x_px": [1.0], "y_px": [2.0], "z_px": [3.0]})
    with pytest.raises(BadInput, match="names in IMOD's models have 63 bytes at most"):
        write(PickSet(table.assign(class_name="é" * 32)), tmp_path / "a.mod", FormatContext())
    assert list(tmp_path.iterdir()) == []


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    whole = model_file(tmp_path, header(1), obj(b"", contour((1, 2, 3)), MESH)).read_bytes()
    for length in range(0, len(whole), 7):
        path = tmp_path / "cut.mod"
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match=r"cut\.mod"):
            read(path, FormatContext())


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((b"imod 1\n",), "not a binary IMOD model: it begins with b'imod 1"),
        ((b"IMODV0.2", bytes(300)), "not a binary IMOD model: it begins with b'IMODV0.2'"),
        ((header(1), contour((1, 2, 3))), "chunk CONT: a contour before any object"),
        ((header(1), obj(b"", contour((1, np.nan, 3)))), "where x, y and z were expected"),
        ((header(1), b"CLIP", b"\xff" * 4), "chunk CLIP: cut off or damaged: -1 bytes"),
        ((header(1), chunk(b"MINX", bytes(8))), "chunk MINX: 8 bytes where 72 were expected"),
        (
            (header(1, flags=ORIGIN_KNOWN), minx((0, 0, 0), 0.0, (0, 0, 0))),
            "chunk MINX: pixel sizes [0.0, 0.0, 0.0] and origins that fit no image",
        ),
    ],
)
def test_damage_is_named(tmp_path: Path, parts: tuple[bytes, ...], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(model_file(tmp_path, *parts), FormatContext())
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "TS_01.mod"))
