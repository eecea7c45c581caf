"""Crops of picks: the particle in the middle, its surroundings, any grey scale."""

import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.pruning.classes import class_of
from nunatak.pruning.crops import CropSpec, cut_crops, levelled

SPEC = CropSpec(side_px=32, particle_diameters=1.6, context_diameters=4.0)


def micrograph(rng, *, side=300, disc_at=(150, 120)):
    image = rng.normal(0.0, 1.0, (side, side)).astype(np.float32)
    y, x = np.mgrid[:side, :side]
    image[np.hypot(x - disc_at[0], y - disc_at[1]) <= SPEC.diameter_px / 2] -= 6.0
    return image


def test_particle_lies_in_the_middle_of_both_channels(rng):
    crops = cut_crops(micrograph(rng), np.array([[150.0, 120.0]]), SPEC)
    assert crops.shape == (1, 2, 32, 32) and crops.dtype == np.float32
    radius = np.hypot(*(np.mgrid[:32, :32] - 16))
    for channel, diameters in zip(crops[0], (1.6, 4.0), strict=True):
        inside = radius < 0.4 * 32 / diameters
        assert channel[inside].mean() < channel[radius > 0.7 * 32 / diameters].mean() - 2


def test_grey_scale_and_slope_of_the_micrograph_do_not_matter(rng):
    image = micrograph(rng)
    slope = np.linspace(0, 3, image.shape[1], dtype=np.float32)[None]
    centres = np.array([[150.0, 120.0], [60.0, 200.0]])
    plain, scaled, sloping = (
        cut_crops(pixels, centres, SPEC) for pixels in (image, 250.0 + 30.0 * image, image + slope)
    )
    np.testing.assert_allclose(scaled, plain, atol=2e-3)
    np.testing.assert_allclose(sloping[:, 0], plain[:, 0], atol=2e-3)


def test_surroundings_show_the_edge_and_the_close_up_does_not(rng):
    crops = cut_crops(micrograph(rng), np.array([[2.0, 150.0]]), SPEC)
    close_up, around = crops[0]
    assert (around[:, :8] == 0).all()
    assert close_up[:, :8].std() > 0.5


def test_a_flat_crop_is_zero():
    assert (levelled(np.full((1, 16, 16), 7.0, np.float32)) == 0).all()


def test_an_image_without_contrast_is_refused():
    with pytest.raises(BadInput, match="no contrast"):
        cut_crops(np.ones((200, 200), np.float32), np.array([[100.0, 100.0]]), SPEC)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("GOOD", "particle"), (" bad ", "junk"), ("Off-Center", "off_centre"), ("ice", "ice")],
)
def test_words_of_people(word, expected):
    assert class_of(word) == expected


def test_unknown_word_is_named():
    with pytest.raises(BadInput, match="'maybe' is not known"):
        class_of("maybe")
