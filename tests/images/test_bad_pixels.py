"""NaN, infinite and blank images."""

import numpy as np
import pytest
from mrc_samples import mrc_bytes, noise

from nunatak.errors import BadInput
from nunatak.images.bad_pixels import refuse_blank, replace_bad
from nunatak.images.reader import read_micrograph


def test_bad_pixels_get_the_median_and_are_marked(tmp_path):
    pixels = noise((40, 50))
    pixels[3, 4], pixels[7, 8], pixels[9, 9] = np.nan, np.inf, -np.inf
    path = tmp_path / "image.mrc"
    path.write_bytes(mrc_bytes(pixels))
    micrograph = read_micrograph(path)
    assert np.argwhere(micrograph.bad).tolist() == [[3, 4], [7, 8], [9, 9]]
    good = pixels[np.isfinite(pixels)]
    np.testing.assert_allclose(micrograph.pixels[micrograph.bad], np.median(good))
    np.testing.assert_array_equal(micrograph.pixels[~micrograph.bad], good)
    assert micrograph.pixels.dtype == np.float32


def test_opposite_infinities_do_not_hide_each_other(tmp_path):
    pixels = noise((40, 50))
    pixels[0, 0], pixels[0, 1] = np.inf, -np.inf
    _, bad = replace_bad(pixels, tmp_path / "image.mrc")
    assert bad is not None
    assert np.count_nonzero(bad) == 2


def test_finite_pixels_are_not_copied(tmp_path):
    pixels = noise((40, 50))
    same, bad = replace_bad(pixels, tmp_path / "image.mrc")
    assert same is pixels
    assert bad is None


def test_huge_finite_pixels_overflow_no_check(tmp_path):
    pixels = np.full((40, 50), 3e38, dtype="f4")
    same, bad = replace_bad(pixels, tmp_path / "image.mrc")
    assert same is pixels
    assert bad is None


def test_more_than_one_percent_is_refused(tmp_path):
    pixels = noise((40, 50))
    pixels.ravel()[:21] = np.nan
    path = tmp_path / "image.mrc"
    path.write_bytes(mrc_bytes(pixels))
    with pytest.raises(BadInput) as caught:
        read_micrograph(path)
    assert str(caught.value).startswith(
        f"{path}: 21 of 2000 pixels (1.1%) are NaN or infinite, more than 1%."
    )


@pytest.mark.parametrize("dtype", ["f4", "i1", "u2"])
def test_blank_is_refused(tmp_path, dtype):
    path = tmp_path / "image.mrc"
    path.write_bytes(mrc_bytes(np.full((40, 50), 7, dtype=dtype)))
    with pytest.raises(BadInput, match=r"every pixel is 7(\.0)?, so there is nothing to find"):
        read_micrograph(path)


def test_one_deviating_pixel_off_the_coarse_grid_is_not_blank(tmp_path):
    pixels = np.zeros((200, 300), dtype="i1")
    pixels[100, 100] = 1
    refuse_blank(pixels, tmp_path / "image.mrc")
