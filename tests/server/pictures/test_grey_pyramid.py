"""All levels of a micrograph."""

import numpy as np
import pytest

from nunatak.server.pictures.grey_pyramid import TILE_PX, build_pyramid, level_shapes
from nunatak.server.pictures.greys import as_clipped, to_greys
from nunatak.server.pictures.halving import block_means


@pytest.mark.parametrize("shape", [(600, 1100), (513, 512), (512, 512), (1, 2049), (1025, 7)])
def test_every_level_holds_the_means_of_the_stored_pixels(shape, rng):
    pixels = rng.normal(10, 2, shape).astype(np.float32)
    levels = build_pyramid(pixels).levels
    clipped = as_clipped(pixels, levels[0].between)
    for index, level in enumerate(levels):
        assert level.scale == 2**index
        expected = to_greys(block_means(clipped, level.scale), level.between)
        # Sums in another order may round the other way.
        assert np.abs(level.greys.astype(int) - expected).max() <= 1
    assert [level.greys.shape for level in levels] == level_shapes(shape)
    assert max(levels[-1].greys.shape) <= TILE_PX
    assert len(levels) == 1 or max(levels[-2].greys.shape) > TILE_PX


def test_a_bright_place_is_found_at_every_level(rng):
    pixels = rng.uniform(0, 1, (1400, 1800))
    y, x = 1203, 777
    pixels[y - 8 : y + 8, x - 8 : x + 8] += 4
    for level in build_pyramid(pixels).levels:
        found = np.argwhere(level.greys >= 250).mean(axis=0)
        # The middle of pixel i of a level is at (i + 0.5) * scale - 0.5.
        there = (found + 0.5) * level.scale - 0.5
        assert np.abs(there - (y - 0.5, x - 0.5)).max() <= level.scale


def test_tiles_put_together_are_the_level(rng):
    pyramid = build_pyramid(rng.normal(0, 1, (1100, 700)))
    rows = [np.hstack([pyramid.tile(0, row, column) for column in range(2)]) for row in range(3)]
    assert np.array_equal(np.vstack(rows), pyramid.levels[0].greys)
    assert pyramid.tile(0, 2, 1).shape == (1100 - 1024, 700 - 512)


@pytest.mark.parametrize("address", [(0, 3, 0), (0, 0, 2), (1, 2, 0), (3, 0, 0), (0, 10**6, 0)])
def test_there_is_no_tile_outside(address, rng):
    assert build_pyramid(rng.normal(0, 1, (1100, 700))).tile(*address) is None


def test_a_hot_pixel_stays_a_point(rng):
    pixels = rng.normal(0, 1, (1100, 1100)).astype(np.float32)
    clean = build_pyramid(pixels).levels
    pixels[600, 600] = 1e9
    for without, level in zip(clean, build_pyramid(pixels).levels, strict=True):
        off = np.abs(level.greys.astype(int) - without.greys) > 1
        assert np.count_nonzero(off) <= 1


def test_every_level_has_its_own_contrast(rng):
    levels = build_pyramid(rng.normal(0, 1, (2048, 2048))).levels
    spreads = [level.greys.std() for level in levels]
    assert max(spreads) < 1.1 * min(spreads)
    widths = [level.between.high - level.between.low for level in levels]
    assert widths[0] / widths[2] == pytest.approx(4.0, rel=0.1)
