"""The folder of pictures that were made already."""

import os
import time

import pytest

from nunatak.errors import ResourceError
from nunatak.server.pictures.cache import PictureCache


def put(cache, name, size, age_s=0.0):
    path = cache.path(name, "pyramid")
    with cache.writing(path) as temporary:
        temporary.write_bytes(b"x" * size)
    if path.exists():
        then = time.time() - age_s
        os.utime(path, (then, then))
    return path


def names(cache):
    return sorted(path.stem for path in cache.folder.iterdir())


def test_those_not_used_for_longest_go_first(tmp_path):
    cache = PictureCache(tmp_path / "cache", most_bytes=1000)
    for number, age_s in enumerate([400, 100, 300, 200]):
        put(cache, f"image{number}", 240, age_s)
    cache.note_use(cache.path("image0", "pyramid"))
    put(cache, "image4", 240)
    assert names(cache) == ["image0", "image1", "image4"]


def test_what_is_used_again_soon_is_not_noted_each_time(tmp_path):
    cache = PictureCache(tmp_path / "cache")
    path = put(cache, "image", 1, age_s=10)
    before = path.stat().st_mtime
    cache.note_use(path)
    assert path.stat().st_mtime == before


def test_a_picture_larger_than_the_cache_does_not_stay(tmp_path):
    cache = PictureCache(tmp_path / "cache", most_bytes=100)
    assert not put(cache, "image", 101).exists()


def test_what_a_killed_writer_left_is_removed(tmp_path):
    cache = PictureCache(tmp_path / "cache")
    put(cache, "image", 1)
    old, new = cache.folder / ".writing-old.pyramid", cache.folder / ".writing-new.pyramid"
    old.write_bytes(b"x")
    new.write_bytes(b"x")
    os.utime(old, (time.time() - 9000,) * 2)
    put(cache, "image2", 1)
    assert not old.exists()
    assert new.exists()


def test_a_file_that_goes_meanwhile_is_no_error(tmp_path):
    cache = PictureCache(tmp_path / "cache")
    cache.note_use(cache.path("image", "pyramid"))


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "cache").write_text("a file")
    cache = PictureCache(tmp_path / "cache")
    with pytest.raises(ResourceError, match="cannot write"):
        put(cache, "image", 1)
    with pytest.raises(ResourceError, match="cannot be read"):
        cache.make_room()
