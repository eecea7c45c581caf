"""PNG and JPEG pictures of micrographs."""

import struct
import zlib

import numpy as np
import pytest
from mrc_samples import noise
from PIL import Image

from nunatak.errors import FormatError
from nunatak.images.reader import read_info, read_micrograph


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_png_is_exact(tmp_path, dtype):
    pixels = noise((37, 50), dtype) * np.dtype(dtype).type(200 if dtype == "u2" else 1)
    path = tmp_path / "picture.dat"
    Image.fromarray(pixels).save(path, format="PNG", dpi=(300, 300))
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.pixels, pixels)
    assert micrograph.info.dtype == dtype
    assert (micrograph.info.format, micrograph.pixel_size_A) == ("PNG", None)


def test_jpeg_is_close(tmp_path):
    pixels = np.tile(np.linspace(0, 255, 50).astype("u1"), (37, 1))
    path = tmp_path / "picture.dat"
    Image.fromarray(pixels).save(path, format="JPEG", quality=95)
    micrograph = read_micrograph(path)
    assert micrograph.info.format == "JPEG"
    assert np.abs(micrograph.pixels.astype(int) - pixels).max() <= 6


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA"])
def test_grey_saved_as_colours_comes_back(tmp_path, mode):
    pixels = noise((37, 50), "u1")
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).convert(mode).save(path)
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.pixels, pixels)
    assert f"colours ({mode}) are read as luminance" in micrograph.info.notes


def test_super_resolution_pictures_pass_without_a_warning(tmp_path):
    path = tmp_path / "picture.png"
    pixels = np.zeros((8184, 11520), dtype="u1")
    pixels[0, 0] = 1
    Image.fromarray(pixels).save(path, compress_level=1)
    assert read_info(path).shape == (8184, 11520)


def test_declared_size_beyond_what_a_png_can_hold(tmp_path):
    def chunk(kind, body):
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 200_000, 200_000, 8, 0, 0, 0, 0))
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    with pytest.raises(FormatError, match="declares 200000 × 200000 pixels"):
        read_info(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_cut_pictures_are_refused(tmp_path, kind):
    path = tmp_path / "picture"
    Image.fromarray(noise((37, 50), "u1")).save(path, format=kind)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError, match="damaged or cut short"):
        read_micrograph(path)
