"""The door itself: sniffing, missing and changing files, describing."""

import os

import numpy as np
import pytest
from mrc_samples import mrc_bytes, noise

from nunatak.errors import BadInput, FormatError
from nunatak.images import reader
from nunatak.images.describe import describe
from nunatak.images.reader import read_info, read_micrograph


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes"),
        (b"x", "1 bytes, too few for any image"),
        (mrc_bytes(noise())[:500], "ends after 500 bytes, inside the 1024-byte MRC header"),
        (mrc_bytes(noise())[:150], "150 bytes, too few for any image"),
        (b"\x89HDF\r\n\x1a\n" + bytes(2000), "an HDF5 file"),
        (b"PK\x03\x04" + bytes(2000), "a zip archive"),
        (b"data_micrographs\nloop_\n" * 80, "a STAR file"),
        (b"plain text, nothing else" * 80, "neither MRC, TIFF, PNG nor JPEG"),
        (bytes(5000), "neither MRC, TIFF, PNG nor JPEG"),
    ],
)
def test_what_is_no_image_is_named(tmp_path, content, message):
    path = tmp_path / "image.mrc"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read_info(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_what_is_in_a_file_that_is_called_no_image_is_not_told(tmp_path):
    for name, is_told in (("image.mrcs", True), ("passwd", False), ("key.pem", False)):
        (tmp_path / name).write_bytes(b"root:x:0" * 200)
        with pytest.raises(FormatError) as caught:
            read_info(tmp_path / name)
        assert ("72 6f 6f 74" in str(caught.value)) is is_told


def test_missing_file_folder_and_symlink_loop(tmp_path):
    with pytest.raises(BadInput, match="No such file"):
        read_micrograph(tmp_path / "absent.mrc")
    with pytest.raises(BadInput, match="not a file"):
        read_info(tmp_path)
    loop = tmp_path / "loop.mrc"
    loop.symlink_to(loop)
    with pytest.raises(BadInput, match="cannot be read"):
        read_info(loop)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path):
    path = tmp_path / "image.mrc"
    path.write_bytes(mrc_bytes(noise()))
    path.chmod(0)
    with pytest.raises(BadInput, match="Permission denied"):
        read_info(path)


def test_file_that_changes_while_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "image.mrc"
    path.write_bytes(mrc_bytes(noise()))

    def grow_then_check(pixels, file):
        with file.open("ab") as stream:
            stream.write(b"more")

    monkeypatch.setattr(reader, "refuse_blank", grow_then_check)
    with pytest.raises(
        BadInput, match=r"changed while it was being read \(3504 bytes before, 3508"
    ):
        read_micrograph(path)


def test_pixel_sizes_of_header_list_and_option_meet(tmp_path):
    path = tmp_path / "image.mrc"
    path.write_bytes(mrc_bytes(noise(), pixel_size_A=1.06))
    assert read_micrograph(path, pixel_size_A=1.061).pixel_size_A == 1.061
    assert read_micrograph(path, listed_pixel_size_A=1.061).pixel_size_A == 1.061
    with pytest.raises(BadInput, match="two pixel sizes"):
        read_micrograph(path, pixel_size_A=1.2)
    assert read_micrograph(path, pixel_size_A=1.2, override=True).pixel_size_A == 1.2


def test_reading_the_header_reads_no_pixel(tmp_path):
    # Sparse: 4 GiB of holes, which no test could afford to read.
    path = tmp_path / "image.mrc"
    side = 32768
    with path.open("wb") as stream:
        stream.write(mrc_bytes(noise((1, 1)), nx=side, ny=side, mx=side, my=side)[:1024])
        stream.truncate(1024 + 4 * side * side)
    assert read_info(path).shape == (side, side)


def test_description_has_units_and_notes(tmp_path):
    path = tmp_path / "image.mrc"
    path.write_bytes(mrc_bytes(noise(dtype="i2"), nsymbt=12) + b"\0")
    text = describe(read_info(path))
    assert text["size"] == "31 × 20 px (x × y)"
    assert text["pixel size"] == "1.5 Å"
    assert text["pixel type"] == "int16"
    assert text["extended header"] == "12 bytes"
    assert text["note"] == "1 bytes after the last pixel were ignored"
    path.write_bytes(mrc_bytes(noise((3, 20, 31)), cell_x=0, cell_y=0))
    text = describe(read_info(path))
    assert text["size"] == "31 × 20 × 3 px (x × y × z)"
    assert text["pixel size"] == "not stated"
    assert text["note 1"].startswith("no pixel size in x")


@pytest.mark.realdata
def test_real_micrographs(shared_data):
    for folder, dtype, size_A in (
        ("empiar10146", "i2", 1.5),
        ("empiar10017", "i1", 3.54),
        ("empiar10028", "i1", 5.36),
    ):
        path = next((shared_data / folder / "micrographs").glob("*.mrc"))
        micrograph = read_micrograph(path, listed_pixel_size_A=size_A)
        assert micrograph.pixels.dtype == dtype
        assert micrograph.bad is None
        assert np.std(micrograph.pixels) > 1
    for path in (shared_data / "micrograph_quality").rglob("*.png"):
        assert read_micrograph(path).pixels.dtype == "u1"
    for path in (shared_data / "maps").glob("*.mrc.gz"):
        assert read_info(path).kind == "volume"
