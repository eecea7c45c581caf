"""gzip and bzip2 by content, bounded by what the MRC header declares."""

import bz2
import gzip
import tracemalloc

import numpy as np
import pytest
from mrc_samples import mrc_bytes, noise

from nunatak.errors import FormatError
from nunatak.images.reader import read_info, read_micrograph

METHODS = {"gzip": gzip.compress, "bzip2": bz2.compress}


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


def test_reads_by_content_whatever_the_name(tmp_path, method):
    pixels = noise()
    path = tmp_path / "plain_name.mrc"
    path.write_bytes(METHODS[method](mrc_bytes(pixels, order=">", nsymbt=3)))
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.pixels, pixels)
    assert micrograph.pixel_size_A == pytest.approx(1.5)
    assert micrograph.info.detail["compression"] == method
    assert read_info(path).shape == (20, 31)


def test_plain_mrc_with_a_compressed_name(tmp_path):
    path = tmp_path / "image.mrc.gz"
    path.write_bytes(mrc_bytes(noise()))
    assert "compression" not in read_info(path).detail


def test_trailing_bytes_are_noted(tmp_path, method):
    path = tmp_path / "image.mrc.gz"
    path.write_bytes(METHODS[method](mrc_bytes(noise()) + b"\0" * 500))
    assert read_micrograph(path).info.notes == ("bytes after the last pixel were ignored",)


def test_image_cut_before_compression(tmp_path, method):
    path = tmp_path / "image.mrc.gz"
    path.write_bytes(METHODS[method](mrc_bytes(noise())[:-1]))
    with pytest.raises(
        FormatError, match=f"declares 3504 bytes, but only 3503 come out of {method}"
    ):
        read_micrograph(path)


def test_damage_is_found_by_the_checksum(tmp_path):
    content = bytearray(gzip.compress(mrc_bytes(noise())))
    content[-6] ^= 1
    path = tmp_path / "image.mrc.gz"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="the gzip stream is damaged or cut short"):
        read_micrograph(path)


def test_bomb_is_decompressed_no_further_than_declared(tmp_path, method):
    path = tmp_path / "bomb.mrc.gz"
    path.write_bytes(METHODS[method](mrc_bytes(noise()) + bytes(200 << 20)))
    tracemalloc.start()
    try:
        read_micrograph(path)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_declared_size_beyond_what_gzip_can_hold(tmp_path):
    path = tmp_path / "image.mrc.gz"
    path.write_bytes(gzip.compress(mrc_bytes(noise(), nx=1 << 20, ny=1 << 20)))
    with pytest.raises(FormatError, match="bytes of gzip can hold"):
        read_info(path)


def test_compressed_text_is_not_an_image(tmp_path, method):
    path = tmp_path / "notes.gz"
    path.write_bytes(METHODS[method](b"not an image " * 200))
    with pytest.raises(FormatError):
        read_info(path)
