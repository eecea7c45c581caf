"""Single extreme pixels, and what they must not be mistaken for."""

import numpy as np
import pytest

from nunatak.images.hot_pixels import repair_hot_pixels


def noise(shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


@pytest.mark.parametrize("dtype", ["f4", "i2", "u2", "i1"])
def test_extreme_pixels_get_the_median_around_them(dtype):
    pixels = (noise((300, 200)) * 3 + 50).astype(dtype)
    damaged = pixels.copy()
    rows, columns = np.array([0, 0, 17, 299, 150]), np.array([0, 100, 33, 199, 0])
    damaged[rows, columns] = np.iinfo(dtype).max if dtype != "f4" else 65535
    before = damaged.copy()
    repaired, count = repair_hot_pixels(damaged)
    assert count == 5
    assert repaired.dtype == damaged.dtype
    np.testing.assert_array_equal(damaged, before)
    assert np.abs(repaired[rows, columns].astype(float) - 50).max() < 10
    untouched = np.ones(pixels.shape, dtype=bool)
    untouched[rows, columns] = False
    np.testing.assert_array_equal(repaired[untouched], pixels[untouched])


def test_dead_rows_and_hot_columns_are_repaired():
    damaged = noise((300, 300)) + 100
    damaged[70:72] = 0
    damaged[:, 210] = 1e6
    repaired, count = repair_hot_pixels(damaged)
    assert count == 300 * 3 - 2
    assert np.abs(repaired - 100).max() < 6


def test_large_extreme_areas_stay():
    pixels = noise((500, 500))
    y, x = np.mgrid[:500, :500]
    bead = np.hypot(y - 250, x - 100) < 12
    pixels[bead] -= 40
    repaired, count = repair_hot_pixels(pixels)
    assert count == 0
    assert repaired is pixels


def test_ordinary_noise_is_not_copied():
    pixels = noise((400, 300))
    repaired, count = repair_hot_pixels(pixels)
    assert repaired is pixels
    assert count == 0


def test_nothing_is_ordinary_where_most_pixels_are_equal():
    pixels = np.zeros((100, 100), dtype="f4")
    pixels[::10, ::10] = 1
    assert repair_hot_pixels(pixels)[1] == 0
