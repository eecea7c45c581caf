"""Parts of files that are not mapped: what is read, and what happens when the file changes."""

import itertools
import os
import tracemalloc

import numpy as np
import pytest
from mrc_samples import mrc_bytes, noise

from nunatak.errors import BadInput
from nunatak.images import file_part
from nunatak.images.file_part import read_part
from nunatak.images.reader import open_image, read_micrograph
from nunatak.images.stable import unchanged_while_reading
from nunatak.images.tomogram_reader import read_tomogram

PARTS_OF_A_SIDE = [lambda side: slice(0, side), lambda _: slice(1, 3), lambda side: slice(2, side)]


@pytest.mark.parametrize("skip_bytes", [0, 50, 200])
@pytest.mark.parametrize("buffer_bytes", [200, 1 << 20])
@pytest.mark.parametrize("dtype", ["u1", "<f4", ">i2"])
def test_any_part_of_an_array(tmp_path, rng, monkeypatch, *, skip_bytes, buffer_bytes, dtype):
    monkeypatch.setattr(file_part, "_SKIP_BYTES", skip_bytes)
    monkeypatch.setattr(file_part, "_BUFFER_BYTES", buffer_bytes)
    array = rng.integers(0, 100, (4, 5, 6)).astype(dtype)
    (tmp_path / "file").write_bytes(b"header" + array.tobytes())
    with (tmp_path / "file").open("rb", buffering=0) as stream:
        for choice in itertools.product(PARTS_OF_A_SIDE, repeat=3):
            part = tuple(cut(side) for cut, side in zip(choice, array.shape, strict=True))
            read = read_part(stream, 6, array.shape, array.dtype, part)
            np.testing.assert_array_equal(read, array[part])
            assert read.dtype == array.dtype


def test_a_thin_part_takes_little_memory(tmp_path):
    shape = (64, 1000, 1000)
    with (tmp_path / "file").open("wb") as stream:
        stream.truncate(np.prod(shape))
    with (tmp_path / "file").open("rb", buffering=0) as stream:
        tracemalloc.start()
        read_part(stream, 0, shape, np.dtype("u1"), (slice(0, 64), slice(0, 1000), slice(7, 8)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2 << 20


PERMUTED = {"mapc": 2, "mapr": 1, "mx": 31, "my": 20, "cell_x": 31.0, "cell_y": 20.0}


@pytest.mark.parametrize(
    ("stored", "fields"),
    [
        *((noise((20, 31), dtype=dtype), {}) for dtype in ("i1", "i2", "f4", "u2", "f2")),
        (noise((31, 20)), PERMUTED),
        (np.random.default_rng(1).integers(0, 256, (6, 8), "u1"), {"mode": 101, "nx": 15}),
        (np.random.default_rng(1).integers(0, 256, (6, 8), "u1"), {"mode": 101, "nx": 16}),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_parts_of_mrc_files_are_those_of_their_maps(tmp_path, stored, fields, order):
    path = tmp_path / "one.mrc"
    path.write_bytes(mrc_bytes(stored, order=order, **fields))
    with unchanged_while_reading(path) as state:
        source = open_image(path, state)
    mapped, _ = source.load()
    np.testing.assert_array_equal(source.load_unmapped()[0], mapped)
    for y, x in itertools.product([slice(0, 1), slice(3, 6)], [slice(0, 4), slice(3, 8)]):
        read = source.read_part((y, x))
        assert read.dtype == mapped.dtype
        np.testing.assert_array_equal(read, mapped[y, x])


def test_pixels_that_are_not_mapped_stay_when_the_file_is_cut(tmp_path):
    path = tmp_path / "one.mrc"
    pixels = noise((300, 200))
    path.write_bytes(mrc_bytes(pixels))
    micrograph = read_micrograph(path, is_mapped=False)
    os.truncate(path, 0)
    np.testing.assert_array_equal(micrograph.pixels, pixels)


def test_a_file_that_ends_too_early(tmp_path):
    path = tmp_path / "one.mrc"
    path.write_bytes(mrc_bytes(noise((300, 200))))
    with unchanged_while_reading(path) as state:
        source = open_image(path, state)
    os.truncate(path, 5000)
    with pytest.raises(BadInput, match="changed since it was opened, or was cut short"):
        source.load_unmapped()


def _cut(path):
    os.truncate(path, path.stat().st_size - 3000)


def _grow(path):
    with path.open("ab") as stream:
        stream.write(b"more")


def _replace(path):
    other = path.with_name("other.mrc")
    other.write_bytes(mrc_bytes(noise((4, 20, 20))))
    other.replace(path)


@pytest.mark.parametrize("change", [_cut, _grow, _replace])
def test_a_tomogram_that_changes_while_it_is_open(tmp_path, change):
    path = tmp_path / "one.mrc"
    volume = noise((12, 30, 40))
    path.write_bytes(mrc_bytes(volume, mz=12, cell_z=18.0, ispg=1))
    tomogram = read_tomogram(path, is_mapped=False)
    np.testing.assert_array_equal(tomogram.slab(0, 12), volume)
    change(path)
    with pytest.raises(BadInput, match="changed since it was opened"):
        tomogram.slab(0, 1)
