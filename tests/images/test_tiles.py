"""Tiles: the kept parts partition the image, whatever its size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nunatak.images.tiles import assemble, mosaic_shape, tile_windows


@st.composite
def tilings(draw):
    """A shape, and tiles that are larger than their overlap."""
    multiple = draw(st.sampled_from([1, 2, 4, 8, 16]))
    overlap = draw(st.integers(0, 40))
    least = 2 * -(-overlap // (2 * multiple)) + 1
    tile = multiple * draw(st.integers(least, least + 8))
    # At most a few dozen tiles a side: small tiles on small images show the same.
    sides = st.integers(1, min(300, 24 * tile))
    shape = (draw(sides), draw(sides))
    return shape, tile, overlap, multiple


@given(tilings())
def test_kept_parts_partition_the_image(tiling):
    shape, tile, overlap, multiple = tiling
    kept = np.zeros(shape, dtype=int)
    for window in tile_windows(shape, tile, overlap, multiple):
        kept[
            window.y.keep_start : window.y.keep_stop, window.x.keep_start : window.x.keep_stop
        ] += 1
    assert (kept == 1).all()


@given(tilings())
def test_sides_starts_and_seams_are_multiples_and_sides_bounded(tiling):
    shape, tile, overlap, multiple = tiling
    for window in tile_windows(shape, tile, overlap, multiple):
        for span, length in zip((window.y, window.x), shape, strict=True):
            assert span.size % multiple == span.start % multiple == span.keep_start % multiple == 0
            assert span.keep_stop % multiple == 0 or span.keep_stop == length
            assert span.size <= tile
            assert span.start + span.size < length + multiple


@given(tilings())
def test_kept_pixels_stay_half_the_overlap_away_from_inner_borders(tiling):
    shape, tile, overlap, multiple = tiling
    for window in tile_windows(shape, tile, overlap, multiple):
        for span, length in zip((window.y, window.x), shape, strict=True):
            assert span.start == 0 or span.keep_start - span.start >= overlap / 2
            stop = span.start + span.size
            assert stop >= length or stop - span.keep_stop >= overlap / 2


@given(tilings())
def test_the_image_comes_back(tiling):
    shape, tile, overlap, multiple = tiling
    image = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape)
    windows = tile_windows(shape, tile, overlap, multiple)
    tiles = [window.read(image) for window in windows]
    assert all(read.shape == window.shape for read, window in zip(tiles, windows, strict=True))
    np.testing.assert_array_equal(assemble(windows, tiles, shape), image)


@given(tilings())
def test_maps_at_a_stride_come_back(tiling):
    shape, tile, overlap, multiple = tiling
    image = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape)
    windows = tile_windows(shape, tile, overlap, multiple)
    tiles = (window.read(image)[::multiple, ::multiple] for window in windows)
    mosaic = assemble(windows, tiles, shape, stride=multiple)
    assert mosaic.shape == mosaic_shape(shape, multiple)
    np.testing.assert_array_equal(mosaic, image[::multiple, ::multiple])


def test_a_filter_no_wider_than_half_the_overlap_shows_no_seam():
    image = np.random.default_rng(0).normal(size=(152, 200)).astype("f4")

    def blurred(pixels):
        # Every pixel becomes the sum of its 9 × 9 neighbours, mirrored at the edges.
        padded = np.pad(pixels, 4, mode="symmetric")
        views = np.lib.stride_tricks.sliding_window_view(padded, (9, 9))
        return views.sum(axis=(2, 3))

    windows = tile_windows(image.shape, tile=64, overlap=8, multiple=8)
    assert len(windows) == 12
    mosaic = assemble(windows, (blurred(window.read(image)) for window in windows), image.shape)
    np.testing.assert_allclose(mosaic, blurred(image), rtol=1e-5, atol=1e-4)


def test_reading_inside_the_image_copies_nothing():
    image = np.zeros((64, 64), dtype="f4")
    for window in tile_windows((64, 64), tile=32, overlap=8, multiple=8):
        assert np.shares_memory(window.read(image), image)


def test_channels_are_placed_together():
    windows = tile_windows((20, 30), tile=16, overlap=4, multiple=4)
    image = np.random.default_rng(0).normal(size=(3, 20, 30)).astype("f4")
    mosaic = np.zeros_like(image)
    for window in windows:
        tile = np.stack([window.read(channel) for channel in image])
        window.place(tile, mosaic)
    np.testing.assert_array_equal(mosaic, image)


@pytest.mark.parametrize(
    "arguments",
    [
        {"tile": 16, "overlap": 16, "multiple": 4},
        {"tile": 0, "overlap": 0, "multiple": 4},
        {"tile": 16, "overlap": -1, "multiple": 4},
        {"tile": 16, "overlap": 4, "multiple": 0},
    ],
)
def test_impossible_tilings(arguments):
    with pytest.raises(ValueError, match=r"must be positive|cannot overlap"):
        tile_windows((100, 100), **arguments)
