"""TIFF layouts and compressions, and which resolution tags are pixel sizes."""

import numpy as np
import pytest
import tifffile
from mrc_samples import noise

from nunatak.errors import BadInput, FormatError
from nunatak.images.reader import read_info, read_micrograph

LAYOUTS = {
    "strips": {"rowsperstrip": 7},
    "one strip": {},
    "tiles": {"tile": (16, 16)},
    "lzw": {"compression": "lzw", "rowsperstrip": 7},
    "lzw with predictor": {"compression": "lzw", "predictor": True},
    "deflate": {"compression": "deflate", "tile": (16, 32)},
    "bigtiff": {"bigtiff": True},
    "big-endian": {"byteorder": ">"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "f4"])
def test_layouts_and_types(tmp_path, layout, dtype):
    pixels = noise((37, 50), dtype)
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, pixels, **LAYOUTS[layout])
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.pixels, pixels)
    assert micrograph.pixels.dtype == np.dtype(dtype)
    assert micrograph.info.shape == (37, 50)
    assert micrograph.info.detail["variant"] == (
        "BigTIFF" if layout == "bigtiff" else "classic TIFF"
    )


def test_several_pages_are_a_stack(tmp_path):
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, noise((4, 37, 50)), photometric="minisblack")
    assert read_info(path).shape == (4, 37, 50)
    with pytest.raises(BadInput, match="a stack of 4 images"):
        read_micrograph(path)


def test_hyperstack_behind_one_page_is_a_stack(tmp_path):
    path = tmp_path / "imagej.tif"
    tifffile.imwrite(path, noise((4, 37, 50)), imagej=True)
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages[0]  # the test is only worth something with ImageJ's own header
        assert tiff.imagej_metadata["images"] == 4
    assert read_info(path).kind == "stack"


def test_a_thumbnail_does_not_make_a_stack(tmp_path):
    path = tmp_path / "image.tif"
    pixels = noise((40, 50))
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(pixels)
        tiff.write(pixels[::4, ::4], subfiletype=1)
    np.testing.assert_array_equal(read_micrograph(path).pixels, pixels)


@pytest.mark.parametrize(
    ("pixels", "options", "message"),
    [
        (noise((9, 9), "f4").astype("c8"), {}, "no real numbers"),
        (np.zeros((9, 9, 3), "u1"), {"photometric": "rgb"}, "colours"),
    ],
)
def test_other_than_grey_is_refused(tmp_path, pixels, options, message):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, pixels, **options)
    with pytest.raises(FormatError, match=message):
        read_info(path)


def test_blank_segments_are_damage_not_zeros(tmp_path):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, noise((40, 50)), rowsperstrip=10)
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        counts = tiff.pages[0].databytecounts
        tiff.pages[0].tags["StripByteCounts"].overwrite((counts[0], 0, *counts[2:]))
    with pytest.raises(FormatError, match="only 3 of 4 strips lie inside the file"):
        read_info(path)


@pytest.mark.parametrize(
    ("options", "pixel_size_A"),
    [
        ({"resolution": (1e8 / 1.06, 1e8 / 1.06), "resolutionunit": "CENTIMETER"}, 1.06),
        ({"resolution": (2.54e8 / 0.83, 2.54e8 / 0.83), "resolutionunit": "INCH"}, 0.83),
        ({"resolution": (10 / 1.5, 10 / 1.5), "imagej": True, "metadata": {"unit": "nm"}}, 1.5),
        ({"resolution": (10 / 1.5, 10 / 1.5), "imagej": True, "metadata": {"unit": "inch"}}, None),
        ({"resolution": (72, 72), "resolutionunit": "INCH"}, None),
        ({"resolution": (300, 300), "resolutionunit": "CENTIMETER"}, None),
        ({"resolution": (1e8, 1e8), "resolutionunit": "NONE"}, None),
        ({}, None),
    ],
)
def test_resolution_tags(tmp_path, options, pixel_size_A):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, noise((37, 50)), **options)
    info = read_info(path)
    assert info.pixel_size_A == (None if pixel_size_A is None else pytest.approx(pixel_size_A))
    assert any("pixel size" in note for note in info.notes)


def test_rows_stay_as_stored(tmp_path):
    pixels = noise((37, 50))
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, pixels)
    np.testing.assert_array_equal(read_micrograph(path).pixels[0], pixels[0])


@pytest.mark.parametrize(
    ("orientation", "notes"),
    [
        (1, []),
        (4, ["marked as stored bottom-up (orientation 4): rows are kept as stored"]),
        (9, ["marked as stored in an unknown order (orientation 9): rows are kept as stored"]),
    ],
)
def test_another_order_of_rows_is_noted(tmp_path, orientation, notes):
    pixels = noise((37, 50))
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, pixels, extratags=[(274, "H", 1, orientation)])
    micrograph = read_micrograph(path)
    assert [note for note in micrograph.info.notes if "orientation" in note] == notes
    np.testing.assert_array_equal(micrograph.pixels, pixels)


def test_a_chain_of_directories_that_returns_to_itself(tmp_path):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, noise((2, 37, 50)), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path) as tiff:
        first, last = tiff.pages[0].offset, tiff.pages[1]
        link = last.offset + 2 + 12 * len(last.tags)
    content = bytearray(path.read_bytes())
    assert content[link : link + 4] == bytes(4)
    content[link : link + 4] = first.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FormatError, match="the chain of image directories returns to itself"):
        read_info(path)
