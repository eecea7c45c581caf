"""The files of the cache."""

import os

import numpy as np
import pytest

from nunatak.server.pictures.array_file import LostFile, read_array_file, write_array_file


@pytest.fixture
def arrays(rng):
    return [
        rng.integers(0, 256, shape, dtype=np.uint8) for shape in [(30, 40), (15, 20), (3, 4, 5)]
    ]


@pytest.fixture
def path(tmp_path, arrays):
    file = tmp_path / "one.pyramid"
    write_array_file(file, {"ranges": [1.5]}, [array.shape for array in arrays], arrays)
    return file


def test_arrays_come_back(path, arrays):
    read = read_array_file(path)
    assert read.about == {"ranges": [1.5]}
    for one, other in zip(read.arrays, arrays, strict=True):
        assert one.shape == other.shape
        part = tuple(slice(1, side) for side in other.shape)
        assert np.array_equal(one[part], other[part])


def test_any_part_of_a_file_is_no_file(path):
    content = path.read_bytes()
    for length in [*range(0, 120), *range(120, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:length])
        assert read_array_file(path) is None


def test_any_changed_byte_of_the_header_does_no_harm(path):
    content = path.read_bytes()
    for place in range(80):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        read_array_file(path)


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{}",
        b'{"about": {}, "shapes": [[-1]]}',
        b'{"about": {}, "shapes": 3}',
        b'{"about": {}, "shapes": [["a"]]}',
        b'{"about": {}, "shapes": []}',
        b"\xff",
    ],
)
def test_a_header_of_something_else(path, header):
    path.write_bytes(b"nunatak greys 1\n" + len(header).to_bytes(8, "little") + header + b"1")
    assert read_array_file(path) is None


def test_a_file_that_is_not_there(tmp_path):
    assert read_array_file(tmp_path / "none") is None


def _replace(path):
    content = path.read_bytes()
    path.with_name("other").write_bytes(content)
    path.with_name("other").replace(path)


@pytest.mark.parametrize("lose", [os.unlink, _replace, lambda path: os.truncate(path, 200)])
def test_a_file_that_is_lost_while_it_is_in_use(path, lose):
    (first, *_) = read_array_file(path).arrays
    lose(path)
    with pytest.raises(LostFile, match=r"one\.pyramid: cannot be read any more"):
        first[0:1, 0:1]
