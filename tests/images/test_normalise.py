import numpy as np
import pytest
import torch

from nunatak.errors import BadInput
from nunatak.images.normalise import CLIP, _background, normalise


@pytest.fixture
def ice() -> np.ndarray:
    rng = np.random.default_rng(3)
    return (1000 + 25 * rng.standard_normal((301, 407))).astype(np.float32)


def _interior_std(image: np.ndarray) -> float:
    return float(image[60:200, 60:250].std())


def test_clean_ice_has_zero_mean_and_unit_deviation(ice: np.ndarray) -> None:
    result = normalise(ice)
    assert result.dtype == np.float32
    assert result.mean() == pytest.approx(0.0, abs=0.02)
    assert result.std() == pytest.approx(1.0, abs=0.02)


def test_grey_scale_does_not_matter(ice: np.ndarray) -> None:
    np.testing.assert_allclose(normalise(ice), normalise(3.5 * ice - 900), atol=2e-3)


def test_gradient_is_removed(ice: np.ndarray) -> None:
    y, x = np.mgrid[: ice.shape[0], : ice.shape[1]]
    sloped = ice + (0.3 * x - 0.2 * y).astype(np.float32)
    result = normalise(sloped)
    left, right = result[60:240, 60:150].mean(), result[60:240, 250:340].mean()
    assert abs(left - right) < 0.15


@pytest.mark.parametrize("kind", ["gold", "carbon", "border", "hot pixels"])
def test_other_matter_does_not_change_the_scale_of_the_ice(ice: np.ndarray, kind: str) -> None:
    spoiled = ice.copy()
    if kind == "gold":
        spoiled[220:250, 260:400] = 5.0
    elif kind == "carbon":
        spoiled[:, 300:] -= 250.0
    elif kind == "border":
        spoiled[:25] = 0.0
        spoiled[:, -20:] = 0.0
    else:
        spoiled[::37, ::41] = 60000.0
    result = normalise(spoiled)
    assert _interior_std(result) == pytest.approx(1.0, abs=0.12)
    assert np.abs(result).max() <= CLIP


def test_bad_pixels_are_left_out_and_become_zero(ice: np.ndarray) -> None:
    bad = np.zeros(ice.shape, bool)
    bad[100:140, 100:140] = True
    spoiled = ice.copy()
    spoiled[bad] = 1e9
    result = normalise(spoiled, bad=bad)
    assert (result[bad] == 0).all()
    assert result[~bad].std() == pytest.approx(1.0, abs=0.03)


def test_positions_survive() -> None:
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:401, :443]
    image = 0.02 * x + rng.standard_normal(x.shape)
    corners = [(top, left) for top in range(60, 320, 40) for left in range(60, 360, 40)]
    for top, left in corners:
        squared = (x - (left + 12.3)) ** 2 + (y - (top + 12.6)) ** 2
        image -= 4.0 * np.exp(-0.5 * squared / 4.0**2)
    result = normalise(image.astype(np.float32))
    mean = np.mean([result[top : top + 25, left : left + 25] for top, left in corners], axis=0)
    weight = np.maximum(np.median(mean) - 1.0 - mean, 0.0)
    wy, wx = np.mgrid[:25, :25]
    assert (wx * weight).sum() / weight.sum() == pytest.approx(12.3, abs=0.05)
    assert (wy * weight).sum() / weight.sum() == pytest.approx(12.6, abs=0.05)


def test_mostly_constant_image_still_has_a_scale() -> None:
    image = np.zeros((64, 64), np.float32)
    image[:20] = np.random.default_rng(0).standard_normal((20, 64))
    assert np.isfinite(normalise(image)).all()


def test_image_without_contrast_is_refused() -> None:
    with pytest.raises(BadInput, match="no contrast"):
        normalise(np.full((64, 64), 3.0, np.float32))


@pytest.mark.parametrize("width", [1000, 1001, 1005])
def test_the_background_lies_where_the_image_does(width: int) -> None:
    # Far from its ends, the Gaussian average of a slope is the slope itself.
    slope = torch.arange(width, dtype=torch.float32).expand(64, width)
    background = _background(slope, None)
    assert background.shape == slope.shape
    for column in (200, 500, 800):
        assert background[32, column].item() == pytest.approx(column, abs=0.1)
