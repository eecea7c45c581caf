"""Micrographs as tiles and thumbnails."""

import bz2
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest
import tifffile
from PIL import Image

from nunatak.errors import ResourceError
from nunatak.images.reader import read_micrograph
from nunatak.server.pictures import Pictures, pyramids
from nunatak.server.pictures.array_file import write_array_file
from nunatak.server.pictures.cache import PictureCache
from nunatak.server.pictures.grey_pyramid import build_pyramid
from nunatak.server.pictures.greys import to_values
from nunatak.server.pictures.shelf import Bounds
from nunatak.workspace.connection import Workspace, connected
from nunatak.workspace.images import image_of


@pytest.fixture
def pixels(rng):
    """A smooth ramp, which JPEG changes little, with some noise: 700 × 1100 pixels."""
    y, x = np.indices((700, 1100))
    return (y + 2 * x + rng.normal(0, 30, y.shape)).astype(np.float32)


@pytest.fixture
def shown(show, write_mrc, tmp_path, pixels):
    return show(write_mrc(tmp_path / "mic.mrc", pixels))


def test_the_pyramid_says_where_its_tiles_lie(shown):
    pyramid = shown.pictures.pyramid(shown.images[0])
    assert pyramid.tile_px == 512
    assert [(one.scale, one.width, one.height) for one in pyramid.levels] == [
        (1, 1100, 700),
        (2, 550, 350),
        (4, 275, 175),
    ]
    assert 0 < pyramid.usual_low < pyramid.usual_high < 255


def test_tiles_show_the_stored_pixels(shown, pixels, decoded):
    image = shown.images[0]
    pyramid = shown.pictures.pyramid(image)
    for level, about in enumerate(pyramid.levels):
        rows, columns = -(-about.height // 512), -(-about.width // 512)
        tiles = [
            [
                decoded(shown.pictures.tile(image, level, row, column).jpeg)
                for column in range(columns)
            ]
            for row in range(rows)
        ]
        greys = np.vstack([np.hstack(row) for row in tiles]).astype(float)
        exact = build_pyramid(pixels).levels[level].greys
        assert greys.shape == exact.shape == (about.height, about.width)
        assert np.abs(greys - exact).mean() < 3
        values = to_values(greys, about)
        means = pixels[: 32 * int(about.scale), : 32 * int(about.scale)].mean()
        assert values[:32, :32].mean() == pytest.approx(means, rel=0.05)


def test_a_bright_pixel_is_at_its_place_in_its_tile(show, write_mrc, tmp_path, decoded):
    pixels = np.zeros((700, 1100), dtype=np.int16)
    pixels[::2] = 1
    pixels[613, 1041] = 4
    shown = show(write_mrc(tmp_path / "mic.mrc", pixels))
    for level, (row, column) in enumerate([(1, 2), (0, 1), (0, 0)]):
        tile = decoded(shown.pictures.tile(shown.images[0], level, row, column).jpeg)
        found = np.unravel_index(np.argmax(tile), tile.shape)
        assert found == ((613 >> level) - 512 * row, (1041 >> level) - 512 * column)


def test_no_tile_outside(shown):
    for address in [(0, 2, 0), (0, 0, 3), (2, 0, 1), (3, 0, 0), (10**6, 10**6, 10**6)]:
        assert shown.pictures.tile(shown.images[0], *address) is None


def test_a_micrograph_has_no_slices(shown):
    assert shown.pictures.slices(shown.images[0]) is None
    assert shown.pictures.slice(shown.images[0], "xy", 0) is None


def _tiff(path, pixels):
    tifffile.imwrite(path, pixels, compression="zlib")


def _png(path, pixels):
    Image.fromarray((pixels / pixels.max() * 255).clip(0, 255).astype(np.uint8)).save(path)


def _mrc_bz2(path, pixels, write_mrc):
    plain = write_mrc(path.with_name("plain.mrc"), pixels)
    path.write_bytes(bz2.compress(plain.read_bytes()))


@pytest.mark.parametrize("name", ["mic.tif", "mic.png", "mic.mrc.bz2"])
def test_every_format_is_shown(name, show, write_mrc, tmp_path, *, pixels, decoded):
    path, pixels = tmp_path / name, pixels[:300, :520]
    if name.endswith("bz2"):
        _mrc_bz2(path, pixels, write_mrc)
    else:
        {".tif": _tiff, ".png": _png}[path.suffix](path, pixels)
    shown = show(path)
    tile = decoded(shown.pictures.tile(shown.images[0], 0, 0, 0).jpeg).astype(float)
    exact = build_pyramid(read_micrograph(path).pixels).tile(0, 0, 0)
    assert np.abs(tile - exact).mean() < 3


def test_pixels_that_are_no_numbers_are_replaced(show, write_mrc, tmp_path, pixels, decoded):
    pixels[100:110, 200:210] = np.nan
    shown = show(write_mrc(tmp_path / "mic.mrc", pixels))
    tile = decoded(shown.pictures.tile(shown.images[0], 0, 0, 0).jpeg)
    assert 90 < tile[102:108, 202:208].mean() < 165


def test_the_size_is_known_after_the_first_look(shown):
    assert image_of(shown.workspace, shown.images[0]).shape is None
    shown.pictures.thumbnail(shown.images[0])
    record = image_of(shown.workspace, shown.images[0])
    assert record.shape == (700, 1100)
    assert record.pixel_size_A == 2.0


def test_a_thumbnail_looks_the_same_with_and_without_a_pyramid(shown, decoded):
    image = shown.images[0]
    before = decoded(shown.pictures.thumbnail(image).jpeg).astype(float)
    shown.pictures.pyramid(image)
    for file in shown.workspace.cache.glob("*.thumbnail"):
        file.unlink()
    after = decoded(shown.pictures.thumbnail(image).jpeg).astype(float)
    assert before.shape == after.shape == (163, 256)
    assert np.abs(before - after).mean() < 3
    # The ramp rises to the right and down.
    assert before[:, :20].mean() < 80
    assert before[:, -20:].mean() > 170


def test_a_small_image_is_its_own_thumbnail(show, write_mrc, tmp_path, rng, decoded):
    shown = show(write_mrc(tmp_path / "m.mrc", rng.normal(0, 1, (30, 40)).astype(np.float32)))
    assert decoded(shown.pictures.thumbnail(shown.images[0]).jpeg).shape == (30, 40)


def test_the_cache_is_used_by_the_next_server(shown, monkeypatch):
    image = shown.images[0]
    before = shown.pictures.tile(image, 1, 0, 0).jpeg, shown.pictures.thumbnail(image).jpeg
    shown.pictures.close()
    assert sorted(file.suffix for file in shown.workspace.cache.iterdir()) == [
        ".pyramid",
        ".thumbnail",
    ]
    monkeypatch.setattr(pyramids, "build_pyramid", lambda _: pytest.fail("made again"))
    again = Pictures(shown.workspace)
    assert (again.tile(image, 1, 0, 0).jpeg, again.thumbnail(image).jpeg) == before
    again.close()


def test_the_cache_may_be_deleted_or_damaged(shown):
    image = shown.images[0]
    before = shown.pictures.tile(image, 1, 0, 0).jpeg
    shown.pictures.close()
    for damage in (os.unlink, lambda file: file.write_bytes(b"nunatak greys 1\n" + b"\0" * 100)):
        for file in shown.workspace.cache.iterdir():
            damage(file)
        again = Pictures(shown.workspace)
        assert again.tile(image, 1, 0, 0).jpeg == before
        again.close()


def test_without_a_cache_pictures_are_drawn_all_the_same(shown, caplog):
    shown.workspace.cache.write_text("in the way")
    image = shown.images[0]
    assert shown.pictures.tile(image, 0, 0, 0) is not None
    assert shown.pictures.thumbnail(image).jpeg == shown.pictures.thumbnail(image).jpeg
    shown.pictures.close()
    assert "The page works, but more slowly" in caplog.text


def test_a_file_that_changes_is_drawn_anew(shown, write_mrc, tmp_path, pixels, decoded):
    image = shown.images[0]
    before = shown.pictures.tile(image, 2, 0, 0)
    path = write_mrc(tmp_path / "mic.mrc", pixels[:, ::-1])
    os.utime(path, (1, 1))
    after = shown.pictures.tile(image, 2, 0, 0)
    assert after.version != before.version
    assert shown.pictures.pyramid(image).version == after.version
    assert np.abs(decoded(after.jpeg)[:, ::-1].astype(int) - decoded(before.jpeg)).mean() < 4


def test_the_same_picture_is_made_once(shown, monkeypatch):
    made, go_on = [], threading.Event()
    build = pyramids.build_pyramid

    def slowly(pixels):
        made.append(1)
        assert go_on.wait(10)
        return build(pixels)

    monkeypatch.setattr(pyramids, "build_pyramid", slowly)
    with ThreadPoolExecutor(6) as pool:
        tiles = [pool.submit(shown.pictures.tile, shown.images[0], 0, 0, 0) for _ in range(6)]
        while not made:
            threading.Event().wait(0.001)
        go_on.set()
        assert len({tile.result(10).jpeg for tile in tiles}) == 1
    assert len(made) == 1


@pytest.mark.parametrize("bounds", [Bounds(2, 1 << 30), Bounds(9, 2 * 60 * 70)])
def test_only_the_last_pyramids_stay_open(bounds, show, write_mrc, *, tmp_path, rng, monkeypatch):
    monkeypatch.setattr(pyramids, "BOUNDS", bounds)
    monkeypatch.setattr(PictureCache, "writing", _never)
    pixels = rng.normal(0, 1, (60, 70)).astype(np.float32)
    shown = show(*[write_mrc(tmp_path / f"mic{number}.mrc", pixels) for number in range(4)])
    for image in shown.images:
        assert shown.pictures.tile(image, 0, 0, 0) is not None
    assert len(shown.pictures._pyramids._shelf._open) == 2


def _never(_cache, path):
    raise ResourceError(f"{path}: the disk is full.")


def test_the_cache_may_be_deleted_while_it_is_in_use(shown, monkeypatch):
    image = shown.images[0]
    before = shown.pictures.tile(image, 1, 0, 0).jpeg
    shown.pictures.close()
    for lose in (os.unlink, lambda path: os.truncate(path, 3000)):
        again = Pictures(shown.workspace)
        assert again.tile(image, 1, 0, 0).jpeg == before
        (file,) = shown.workspace.cache.glob("*.pyramid")
        lose(file)
        assert again.tile(image, 1, 0, 0).jpeg == before
        again.close()


@pytest.mark.parametrize("about", [{}, {"ranges": []}, {"ranges": [[0, 1]] * 2}])
def test_a_file_of_the_cache_that_holds_something_else(shown, about):
    image = shown.images[0]
    before = shown.pictures.tile(image, 1, 0, 0).jpeg
    shown.pictures.close()
    (file,) = shown.workspace.cache.glob("*.pyramid")
    shapes = [(4, 4)] * len(about.get("ranges") or [1])
    write_array_file(file, about, shapes, [np.zeros(shape, dtype=np.uint8) for shape in shapes])
    again = Pictures(shown.workspace)
    assert again.tile(image, 1, 0, 0).jpeg == before
    again.close()


def test_pictures_are_shown_while_another_program_holds_the_database(shown, caplog):
    patient = shown.workspace
    hurried = Pictures(Workspace(patient.folder, wait_s=0.05))
    with closing(connected(patient.database)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert hurried.tile(shown.images[0], 0, 0, 0) is not None
        other.execute("ROLLBACK")
    hurried.close()
    assert caplog.text
    assert image_of(patient, shown.images[0]).shape is None
