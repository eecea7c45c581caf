"""Damaged image files: whatever happens, only our own errors come out, and little memory goes.

Numbers in the names are those of the list of bad inputs.
"""

import bz2
import gzip
import io
import os
import tempfile
import tracemalloc
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import tifffile
from PIL import Image

from nunatak.errors import BadInput, FormatError, NunatakError
from nunatak.images.reader import read_info, read_micrograph

PIXELS = np.random.default_rng(0).normal(size=(13, 17)).astype("f4")


def mrc_content():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.mrc"
        mrcfile.write(path, PIXELS, voxel_size=1.5)
        return path.read_bytes()


def tiff_content(**options):
    stream = io.BytesIO()
    resolution = {"resolution": (1e8, 1e8), "resolutionunit": "CENTIMETER"}
    tifffile.imwrite(stream, PIXELS, **resolution, **options)
    return stream.getvalue()


def picture_content(kind):
    stream = io.BytesIO()
    Image.fromarray((PIXELS * 30 + 128).astype("u1")).save(stream, format=kind)
    return stream.getvalue()


MAKERS = {
    "mrc": mrc_content,
    "gzip": lambda: gzip.compress(mrc_content(), mtime=0),
    "bzip2": lambda: bz2.compress(mrc_content()),
    "strips": lambda: tiff_content(rowsperstrip=4),
    "lzw": lambda: tiff_content(compression="lzw", rowsperstrip=4),
    "deflate": lambda: tiff_content(compression="deflate"),
    "tiles": lambda: tiff_content(tile=(16, 16), compression="lzw"),
    "bigtiff": lambda: tiff_content(bigtiff=True),
    "PNG": lambda: picture_content("PNG"),
    "JPEG": lambda: picture_content("JPEG"),
}


@pytest.fixture(params=MAKERS)
def content(request):
    return MAKERS[request.param]()


def overwrite(path, content):
    """Write in place: a file truncated to nothing first is flushed to disk by some systems."""
    with path.open("r+b" if path.exists() else "wb") as stream:
        stream.write(content)
        stream.truncate()


def read_or_refuse(path):
    """Read a damaged file; anything but a micrograph or an input error fails the test."""
    try:
        micrograph = read_micrograph(path)
    except NunatakError as error:
        assert isinstance(error, BadInput)
        assert str(path) in str(error)
        return None
    assert np.isfinite(micrograph.pixels).all()
    return micrograph


def test_1_2_3_17_every_truncation_is_refused(tmp_path, content):
    path = tmp_path / "cut.mrc"
    path.write_bytes(content)
    whole = read_micrograph(path).pixels.copy()
    for length in reversed(range(len(content))):
        os.truncate(path, length)
        try:
            micrograph = read_micrograph(path)
        except FormatError:
            continue
        # Some formats end in bytes that hold no pixel; what does get read must be whole.
        np.testing.assert_array_equal(micrograph.pixels, whole)
        assert length > 0.9 * len(content)


def test_5_to_12_flipped_header_bits_raise_nothing_else(tmp_path, content):
    path = tmp_path / "flipped.mrc"
    tracemalloc.start()
    try:
        # Every bit of an MRC header's fields; of other formats every seventh, which falls on
        # another bit in each next byte.
        mrc = content[208:211] == b"MAP"
        for bit in range(0, 8 * (224 if mrc else min(len(content), 600)), 1 if mrc else 7):
            damaged = bytearray(content)
            damaged[bit // 8] ^= 1 << bit % 8
            overwrite(path, damaged)
            tracemalloc.reset_peak()
            read_or_refuse(path)
            assert tracemalloc.get_traced_memory()[1] < 4 << 20, f"bit {bit}"
    finally:
        tracemalloc.stop()


def test_random_damage_raises_nothing_else(tmp_path, content):
    path = tmp_path / "random.mrc"
    generator = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(content)
        for position in generator.integers(0, len(damaged), size=8):
            damaged[position] = generator.integers(0, 256)
        overwrite(path, damaged)
        read_or_refuse(path)


def test_random_bytes_behind_every_magic(tmp_path):
    path = tmp_path / "random.mrc"
    generator = np.random.default_rng(2)
    magics = (b"", b"II*\0", b"MM\0*", b"II+\0", b"\x1f\x8b\x08\0", b"BZh9", b"\xff\xd8\xff")
    for magic in (*magics, b"\x89PNG\r\n\x1a\n"):
        for _ in range(40):
            overwrite(path, magic + generator.bytes(1500))
            with pytest.raises(BadInput):
                read_micrograph(path)


def test_16_unequal_shapes_and_saturated_pixels_are_read_as_they_are(tmp_path):
    path = tmp_path / "saturated.mrc"
    pixels = np.full((30, 20), 32767, dtype="i2")
    pixels[:, 5:] = -32768
    mrcfile.write(path, pixels)
    np.testing.assert_array_equal(read_micrograph(path).pixels, pixels)


@pytest.mark.parametrize("dtype", ["c8", "f2", "u2"])
def test_21_complex_half_and_unsigned(tmp_path, dtype):
    path = tmp_path / "image.mrc"
    values = np.array([[0, 1, 65535], [40000, 5, 6]]) if dtype == "u2" else PIXELS
    mrcfile.write(path, values.astype(dtype))
    if dtype == "c8":
        with pytest.raises(FormatError, match="mode 4"):
            read_info(path)
    else:
        pixels = read_micrograph(path).pixels
        np.testing.assert_array_equal(pixels, values.astype(dtype))
        assert pixels.dtype == {"f2": "f4", "u2": "u2"}[dtype]
