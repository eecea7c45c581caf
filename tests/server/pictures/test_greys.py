"""Pixel values as greys."""

import numpy as np
import pytest

from nunatak.server.pictures.greys import (
    USUAL_HIGH,
    USUAL_LOW,
    GreyRange,
    as_clipped,
    settle_range,
    to_greys,
    to_values,
)


def test_nearly_all_pixels_lie_within_the_usual_contrast(rng):
    pixels = rng.normal(-3.0, 0.2, (300, 400))
    greys = to_greys(pixels, settle_range(pixels))
    assert np.mean(greys < USUAL_LOW) == pytest.approx(0.01, abs=0.002)
    assert np.mean(greys > USUAL_HIGH) == pytest.approx(0.01, abs=0.002)
    assert np.mean((greys == 0) | (greys == 255)) < 1e-4


def test_greys_stand_for_values(rng):
    pixels = rng.normal(100.0, 5.0, (50, 60)).astype(np.float32)
    between = settle_range(pixels)
    back = to_values(to_greys(pixels, between), between)
    step = (between.high - between.low) / 255
    inside = (pixels > between.low) & (pixels < between.high)
    assert np.abs(back - pixels)[inside].max() <= 0.51 * step


@pytest.mark.parametrize("value", [0.0, 7.0, -1e30, 1e36, 16_777_217.0])
def test_a_constant_image_is_mid_grey(value):
    pixels = np.full((4, 5), value)
    greys = to_greys(pixels, settle_range(pixels))
    assert set(greys.ravel()) <= {127, 128}


def test_an_image_that_is_constant_but_for_a_few_pixels_is_not_flat():
    pixels = np.zeros((100, 100), dtype=np.int16)
    pixels[50, 50] = 9
    greys = to_greys(pixels, settle_range(pixels))
    assert greys[50, 50] > greys[0, 0] + 100


def test_pixels_that_are_no_numbers_are_mid_grey():
    pixels = np.linspace(0, 1, 100).reshape(10, 10)
    pixels[3, 3], pixels[4, 4], pixels[5, 5] = np.nan, np.inf, -np.inf
    greys = to_greys(pixels, settle_range(pixels))
    assert greys[3, 3] in {127, 128}
    assert greys[4, 4] == 255
    assert greys[5, 5] == 0


def test_nothing_but_nan():
    pixels = np.full((3, 3), np.nan)
    assert np.all(np.abs(to_greys(pixels, settle_range(pixels)).astype(int) - 127) <= 1)


@pytest.mark.parametrize(
    "dtype", ["i1", "u1", "<i2", ">i2", "<u2", "<i4", "<f4", ">f4", "<f8", "?"]
)
def test_any_type_of_pixel(dtype, rng):
    pixels = (rng.random((20, 30)) > 0.5).astype(dtype)
    greys = to_greys(pixels, settle_range(pixels))
    assert greys.dtype == np.uint8
    assert np.array_equal(greys > 127, pixels.astype(bool))


def test_huge_values_overflow_nothing():
    pixels = np.array([[-3e38, 0.0, 3e38]], dtype=np.float32)
    greys = to_greys(pixels, settle_range(pixels))[0]
    assert greys[0] < greys[1] < greys[2]


def test_clipping_copies(rng):
    pixels = rng.normal(0, 1, (5, 5)).astype(np.float32)
    before = pixels.copy()
    as_clipped(pixels, GreyRange(-0.1, 0.1))
    assert np.array_equal(pixels, before)


def test_the_range_for_display_has_room_for_particles():
    shown = GreyRange(0.0, 255.0).for_display()
    assert 0 < shown.low < USUAL_LOW < USUAL_HIGH < shown.high < 255
