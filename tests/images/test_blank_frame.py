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
    np.testing.assert_array_equal(mask[40], np.arange(60) < 4)
    np.testing.assert_array_equal(mask[:, 30], np.arange(80) < 8)


def test_a_frame_too_narrow_for_a_pixel_is_no_mask():
    assert BlankFrame(top=2, right=2).mask((400, 300), (80, 60)) is None
