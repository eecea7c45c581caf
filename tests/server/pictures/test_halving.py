"""Means of two by two pixels, exact also at the edges."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nunatak.server.pictures.halving import block_means, halved, last_share

SIDE = st.integers(1, 70)


def exact(pixels, factor):
    """Return means of blocks, each written out."""
    ny, nx = pixels.shape
    return np.array(
        [
            [pixels[y : y + factor, x : x + factor].mean() for x in range(0, nx, factor)]
            for y in range(0, ny, factor)
        ]
    )


@given(SIDE, SIDE)
def test_halving_again_and_again_gives_exact_means(ny, nx):
    pixels = np.random.default_rng(ny * 100 + nx).normal(0, 1, (ny, nx)).astype(np.float32)
    level, scale = pixels, 1
    while max(level.shape) > 1:
        level = halved(level, (ny, nx), scale)
        scale *= 2
        np.testing.assert_allclose(level, exact(pixels, scale), atol=1e-5)


@given(SIDE, SIDE, st.sampled_from([1, 2, 4, 8, 16]))
def test_blocks_in_one_step_are_the_same(ny, nx, factor):
    pixels = np.random.default_rng(ny * 100 + nx).normal(0, 1, (ny, nx)).astype(np.float32)
    np.testing.assert_allclose(block_means(pixels, factor), exact(pixels, factor), atol=1e-5)


def test_the_share_of_the_last_pixel():
    assert last_share(8, 4) == 1.0
    assert last_share(9, 4) == 0.25
    assert last_share(7, 1) == 1.0
