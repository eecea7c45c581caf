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
    highest, lowest = (65535, -65535) if dtype == "f4" else (np.iinfo(dtype).max, 0)
    damaged[rows, columns] = highest
    damaged[rows[:2], columns[:2]] = lowest
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
    left = np.argwhere(np.abs(repaired - 100) > 6)
    # Where they cross, most of what is around a pixel is extreme.
    assert count + len(left) == 300 * 3 - 2
    assert np.abs(left - [70.5, 210]).max() <= 2.5


def test_large_extreme_areas_stay():
    pixels = noise((500, 500))
    y, x = np.mgrid[:500, :500]
    bead = np.hypot(y - 250, x - 100) < 12
    pixels[bead] -= 40
    repaired, count = repair_hot_pixels(pixels)
    assert count == 0
    assert repaired is pixels


def test_single_pixels_beside_large_areas_are_repaired():
    pixels = noise((600, 500)) + 100
    pixels[:, :70] = 0
    pixels[300:340, 200:240] -= 60
    pixels[100, 300] = pixels[599, 499] = 9000
    repaired, count = repair_hot_pixels(pixels)
    assert repaired[100, 300] == pytest.approx(100, abs=3)
    assert repaired[599, 499] == pytest.approx(100, abs=3)
    assert count <= 2 + 4 * 3  # and the corners of the area
    np.testing.assert_array_equal(repaired[:, :70], 0)


@pytest.mark.parametrize("mean", [0.3, 1, 4, 20])
def test_electron_counts_are_ordinary(mean):
    counts = np.random.default_rng(0).poisson(mean, (1000, 900)).astype("u1")
    assert repair_hot_pixels(counts)[1] <= 9


def test_ordinary_noise_is_not_copied():
    pixels = noise((400, 300))
    repaired, count = repair_hot_pixels(pixels)
    assert repaired is pixels
    assert count == 0


def test_nothing_is_ordinary_where_most_pixels_are_equal():
    pixels = np.zeros((100, 100), dtype="f4")
    pixels[::10, ::10] = 1
    assert repair_hot_pixels(pixels)[1] == 0
