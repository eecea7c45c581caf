"""Slices and thumbnails of tomograms."""

import os
import time

import numpy as np
import pytest

from nunatak.images.write_volume import write_ome_zarr
from nunatak.server.pictures import Pictures
from nunatak.server.pictures.array_file import write_array_file
from nunatak.server.pictures.greys import settle_range, to_greys
from nunatak.server.pictures.volume import layers_around, middle_box
from nunatak.workspace.images import image_of

SHAPE = (20, 120, 90)


@pytest.fixture
def voxels(rng):
    """Voxels whose values rise along each axis, by different steps."""
    z, y, x = np.indices(SHAPE)
    return (10 * z + 2 * y + x + rng.normal(0, 3, SHAPE)).astype(np.float32)


@pytest.fixture(params=["mrc", "zarr"])
def shown(request, show, write_mrc, tmp_path, voxels):
    if request.param == "mrc":
        return show(write_mrc(tmp_path / "tomo.mrc", voxels), ndim=3)
    write_ome_zarr(tmp_path / "tomo.zarr", voxels, 2.0)
    return show(tmp_path / "tomo.zarr", ndim=3)


def wait_for_copy(shown):
    for _ in range(1000):
        if list(shown.workspace.cache.glob("[!.]*.volume")):
            return
        time.sleep(0.01)
    pytest.fail("no copy was made")


def test_slices_say_what_there_is(shown):
    slices = shown.pictures.slices(shown.images[0])
    assert slices.shape == list(SHAPE)
    assert slices.scales == [1]
    assert image_of(shown.workspace, shown.images[0]).shape == SHAPE


def test_large_tomograms_have_several_sizes(show, write_mrc, tmp_path, rng):
    volume = rng.normal(0, 1, (4, 1030, 600)).astype(np.float32)
    shown = show(write_mrc(tmp_path / "tomo.mrc", volume), ndim=3)
    image = shown.images[0]
    slices = shown.pictures.slices(image)
    assert slices.scales == [1, 2, 4]
    assert shown.pictures.slice(image, "xy", 0, size=3) is None


@pytest.mark.parametrize(
    ("plane", "index", "thickness"),
    [("xy", 0, 1), ("xy", 19, 5), ("xz", 60, 1), ("xz", 3, 9), ("yz", 89, 1), ("yz", 40, 4)],
)
def test_slices_show_the_stored_voxels(shown, voxels, decoded, plane, *, index, thickness):
    image = shown.images[0]
    axis = {"xy": 0, "xz": 1, "yz": 2}[plane]
    layers = layers_around(index, thickness, SHAPE[axis])
    exact = voxels.take(range(layers.start, layers.stop), axis=axis).mean(axis=axis)
    for _ in range(2):
        greys = decoded(shown.pictures.slice(image, plane, index, thickness=thickness).jpeg).astype(
            float
        )
        assert greys.shape == exact.shape
        if thickness == 1:
            between = settle_range(voxels[middle_box(SHAPE, 1)])
            assert np.abs(greys - to_greys(exact, between)).mean() < 3
        # Whatever the range of this thickness is: brighter where there is more.
        inside = (greys > 5) & (greys < 250)
        assert np.corrcoef(greys[inside], exact[inside])[0, 1] > 0.98
        wait_for_copy(shown)


def test_the_copy_shows_the_same(shown, decoded):
    image = shown.images[0]
    asked = [(plane, 10, thickness) for plane in ("xy", "xz", "yz") for thickness in (1, 7)]

    def drawn():
        return [
            decoded(shown.pictures.slice(image, plane, index, thickness=thickness).jpeg)
            for plane, index, thickness in asked
        ]

    before = drawn()
    wait_for_copy(shown)
    shown.pictures.close()
    shown.pictures = Pictures(shown.workspace)
    for one, other in zip(before, drawn(), strict=True):
        assert np.abs(one.astype(int) - other).mean() < 2


def test_halved_slices(show, write_mrc, tmp_path, rng, decoded):
    volume = rng.normal(0, 1, (5, 700, 600)).astype(np.float32)
    volume[2:4, 300:340, 500:540] += 10
    shown = show(write_mrc(tmp_path / "tomo.mrc", volume), ndim=3)
    image = shown.images[0]
    for plane, index, shape, middle in [
        ("xy", 2, (350, 300), (159.5, 259.5)),
        ("xz", 320, (3, 300), (1, 259.5)),
        ("yz", 520, (3, 350), (1, 159.5)),
    ]:
        half = decoded(shown.pictures.slice(image, plane, index, size=1).jpeg)
        assert half.shape == shape
        found = np.median(np.argwhere(half >= 253), axis=0)
        # Few pixels of a thin picture are as bright, and JPEG moves some of them.
        assert np.abs(found - middle).max() < 1.5


def test_there_is_no_slice_outside(shown):
    image = shown.images[0]
    for plane, side in [("xy", 20), ("xz", 120), ("yz", 90)]:
        assert shown.pictures.slice(image, plane, side - 1) is not None
        assert shown.pictures.slice(image, plane, side) is None
    assert shown.pictures.slice(image, "xy", 0, size=1) is None
    assert shown.pictures.slice(image, "xy", 0, thickness=101) is not None


def test_a_tomogram_has_no_tiles(shown):
    assert shown.pictures.pyramid(shown.images[0]) is None
    assert shown.pictures.tile(shown.images[0], 0, 0, 0) is None


def test_the_thumbnail_shows_the_middle(shown, decoded):
    thumbnail = decoded(shown.pictures.thumbnail(shown.images[0]).jpeg)
    assert thumbnail.shape == (120, 90)
    assert thumbnail[:20].mean() < 80
    assert thumbnail[-20:].mean() > 170


def test_a_tomogram_too_large_for_the_cache_is_not_copied(show, write_mrc, tmp_path, voxels):
    shown = show(write_mrc(tmp_path / "tomo.mrc", voxels), ndim=3, cache_bytes=voxels.size)
    for _ in range(3):
        assert shown.pictures.slice(shown.images[0], "yz", 3) is not None
    shown.pictures.close()
    assert not list(shown.workspace.cache.glob("*"))


def test_a_copy_is_given_up_when_the_server_ends(shown, monkeypatch):
    pictures = shown.pictures
    monkeypatch.setattr(pictures._volumes._stopped, "is_set", lambda: True)
    pictures.slices(shown.images[0])
    pictures.close()
    assert not list(shown.workspace.cache.glob("*"))


def test_only_the_last_tomograms_stay_open(show, write_mrc, tmp_path, voxels):
    paths = [write_mrc(tmp_path / f"tomo{number}.mrc", voxels) for number in range(6)]
    shown = show(*paths, ndim=3)
    for image in shown.images * 2:
        assert shown.pictures.slice(image, "xy", 10) is not None
    assert len(shown.pictures._volumes._shelf._open) == 4


@pytest.mark.parametrize("lose", [os.unlink, lambda path: os.truncate(path, 3000)])
def test_a_copy_that_is_lost_while_it_is_in_use(shown, lose):
    image = shown.images[0]
    shown.pictures.slices(image)
    wait_for_copy(shown)
    shown.pictures.close()
    shown.pictures = Pictures(shown.workspace)
    before = shown.pictures.slice(image, "xz", 10).jpeg
    (file,) = shown.workspace.cache.glob("*.volume")
    lose(file)
    assert shown.pictures.slice(image, "xz", 10).jpeg == before
    wait_for_copy(shown)


def test_a_copy_that_holds_something_else_is_made_again(shown):
    image = shown.images[0]
    before = shown.pictures.slice(image, "xz", 10).jpeg
    wait_for_copy(shown)
    shown.pictures.close()
    (file,) = shown.workspace.cache.glob("*.volume")
    write_array_file(file, {}, [(4, 4)], [np.zeros((4, 4), dtype=np.uint8)])
    shown.pictures = Pictures(shown.workspace)
    assert shown.pictures.slice(image, "xz", 10).jpeg == before
