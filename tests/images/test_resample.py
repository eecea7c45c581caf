import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak.errors import BadInput
from nunatak.geometry import Scale, resampled_to_source
from nunatak.images.resample import resample, working_shape


def _blob(shape: tuple[int, int], x_px: float, y_px: float, sigma_px: float) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    squared = (x - x_px) ** 2 + (y - y_px) ** 2
    return np.exp(-0.5 * squared / sigma_px**2).astype(np.float32)


def _centroid(image: np.ndarray) -> tuple[float, float]:
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    total = float(image.sum(dtype=np.float64))
    return float((x * image).sum() / total), float((y * image).sum() / total)


@settings(max_examples=25, deadline=None)
@given(
    source=st.tuples(st.integers(301, 420), st.integers(301, 420)),
    target=st.tuples(st.integers(61, 200), st.integers(61, 200)),
    centre=st.tuples(st.floats(0.4, 0.6), st.floats(0.4, 0.6)),
)
def test_known_position_is_recovered_to_a_twentieth_of_a_pixel(
    source: tuple[int, int], target: tuple[int, int], centre: tuple[float, float]
) -> None:
    x_px, y_px = centre[0] * source[1], centre[1] * source[0]
    found_x, found_y = _centroid(resample(_blob(source, x_px, y_px, sigma_px=12.0), target))
    scale = Scale(source, target)
    assert float(resampled_to_source(found_x, scale.ratio_x)) == pytest.approx(x_px, abs=0.05)
    assert float(resampled_to_source(found_y, scale.ratio_y)) == pytest.approx(y_px, abs=0.05)


def test_enlarging_follows_the_same_rule() -> None:
    image = _blob((61, 53), 25.3, 31.8, sigma_px=4.0)
    large = resample(image, (150, 131))
    found_x, found_y = _centroid(large)
    assert float(resampled_to_source(found_x, 53 / 131)) == pytest.approx(25.3, abs=0.05)
    assert float(resampled_to_source(found_y, 61 / 150)) == pytest.approx(31.8, abs=0.05)


def test_frequencies_beyond_the_new_nyquist_do_not_fold_back() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((400, 400)).astype(np.float32)
    # White noise averaged over 8 × 8 pixels keeps an eighth of its standard deviation; sampling
    # every eighth pixel would keep all of it.
    assert 0.7 / 8 < resample(noise, (50, 50)).std() < 1.1 / 8


def test_mean_is_kept_and_input_untouched() -> None:
    image = np.full((101, 67), 7.25, np.float32)
    image.setflags(write=False)
    np.testing.assert_allclose(resample(image, (31, 22)), 7.25, rtol=1e-5)


@pytest.mark.parametrize("dtype", [">i2", "<i2", "u1", "i1", ">f4", "u2"])
def test_any_stored_type_and_byte_order(dtype: str) -> None:
    image = np.arange(100 * 80).reshape(100, 80) % 100
    result = resample(image.astype(dtype), (25, 20))
    np.testing.assert_allclose(result, resample(image.astype(np.float32), (25, 20)))


def test_same_shape_is_a_copy() -> None:
    image = np.ones((9, 9), np.float32)
    result = resample(image, (9, 9))
    result[0, 0] = 5.0
    assert image[0, 0] == 1.0


def test_working_shape_rounds_each_axis_by_itself() -> None:
    assert working_shape((1240, 1200), pixel_size_A=1.5, diameter_A=122, diameter_px=20) == (
        305,
        295,
    )


@pytest.mark.parametrize(("pixel", "diameter"), [(0.0, 100.0), (1.0, 0.0), (-1.0, 100.0)])
def test_impossible_sizes_are_refused(pixel: float, diameter: float) -> None:
    with pytest.raises(BadInput, match="must be positive"):
        working_shape((512, 512), pixel_size_A=pixel, diameter_A=diameter, diameter_px=20)


def test_image_smaller_than_a_particle_is_refused() -> None:
    with pytest.raises(BadInput, match=r"100 × 90 pixels of 1.0 Å holds no particle of 2000 Å"):
        working_shape((90, 100), pixel_size_A=1.0, diameter_A=2000, diameter_px=20)
