"""Blank edges: how wide they are, and where they lie after resampling."""

import numpy as np
import pytest
from mrc_samples import noise

from nunatak.images.blank_frame import BlankFrame, blank_frame


@pytest.mark.parametrize(
    ("top", "bottom", "left", "right"), [(0, 0, 0, 0), (3, 0, 0, 7), (2, 5, 11, 1), (0, 0, 4, 0)]
)
def test_each_edge_is_measured(top, bottom, left, right):
    pixels = noise((60, 71))
    pixels[:top] = 5
    pixels[60 - bottom :] = 0
    pixels[top : 60 - bottom, :left] = -1
    pixels[top : 60 - bottom, 71 - right :] = 2
    assert blank_frame(pixels) == (top, bottom, left, right)


def test_the_mask_follows_the_resampling():
    mask = BlankFrame(top=40, left=20).mask((400, 300), (80, 60))
    assert mask is not None
    assert mask.shape == (80, 60)
    np.testing.assert_array_equal(mask[40], np.arange(60) < 4 + 1)
    np.testing.assert_array_equal(mask[:, 30], np.arange(80) < 8 + 1)


def test_a_narrow_frame_covers_the_pixels_that_it_touches():
    mask = BlankFrame(bottom=1, right=1).mask((400, 300), (80, 60))
    assert mask is not None
    np.testing.assert_array_equal(mask[0], np.arange(60) >= 58)
    np.testing.assert_array_equal(mask[:, 0], np.arange(80) >= 78)


def test_without_a_frame_there_is_no_mask():
    assert BlankFrame().mask((400, 300), (80, 60)) is None


@pytest.mark.parametrize(
    ("pixels", "frame"),
    [
        (np.array([[1.0, 2.0, 3.0]]), (0, 0, 0, 0)),
        (np.array([[1.0], [2.0]]), (0, 0, 0, 0)),
        (np.array([[0.0, 0.0], [0.0, 1.0]]), (1, 0, 0, 0)),
        (np.eye(3)[:, :2], (0, 1, 0, 0)),
    ],
)
def test_images_of_a_few_pixels(pixels, frame):
    assert blank_frame(pixels) == frame
