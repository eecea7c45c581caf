import numpy as np
import pytest
from scipy import stats

from nunatak.errors import BadInput
from nunatak.images import mixture
from nunatak.images.mixture import fit_mixture, mixture_normalise


@pytest.fixture
def ice() -> np.ndarray:
    rng = np.random.default_rng(5)
    return (1000 + 25 * rng.standard_normal((120, 150))).astype(np.float32)


@pytest.fixture
def with_carbon(ice: np.ndarray) -> np.ndarray:
    spoiled = ice.copy()
    spoiled[:, :50] -= 200.0
    return spoiled


def test_plain_ice_becomes_standard(ice: np.ndarray, rng: np.random.Generator) -> None:
    result = mixture_normalise(ice, rng=rng, sampling=1)
    assert result.dtype == np.float32
    assert result.mean() == pytest.approx(0.0, abs=0.02)
    assert result.std() == pytest.approx(1.0, abs=0.02)


def test_carbon_does_not_change_the_scale_of_the_ice(
    ice: np.ndarray, with_carbon: np.ndarray, rng: np.random.Generator
) -> None:
    expected = mixture_normalise(ice, rng=rng, sampling=1)
    result = mixture_normalise(with_carbon, rng=rng, sampling=1)
    np.testing.assert_allclose(result[:, 50:], expected[:, 50:], atol=0.05)


def test_the_posterior_is_that_of_the_mixture_it_names(with_carbon: np.ndarray) -> None:
    pixels = with_carbon.ravel().astype(np.float64)
    fit = fit_mixture(pixels)
    dark_mean = with_carbon[:, :50].mean(dtype=np.float64)  # eight standard deviations apart
    density = fit.ice_share * stats.norm.pdf(pixels, fit.ice_mean, fit.sigma)
    density += (1 - fit.ice_share) * stats.norm.pdf(pixels, dark_mean, fit.sigma)
    posterior = np.log(density).sum() + stats.beta.logpdf(fit.ice_share, 900, 1)
    assert fit.log_posterior == pytest.approx(posterior, rel=1e-5)
    assert fit.ice_share == pytest.approx((12_000 + 899) / (18_000 + 899), abs=1e-3)


def test_one_gaussian_is_described_as_one(ice: np.ndarray) -> None:
    pixels = ice.ravel().astype(np.float64)
    fit = fit_mixture(pixels)
    likelihood = stats.norm.logpdf(pixels, pixels.mean(), pixels.std()).sum()
    # One Gaussian is a candidate, weighed by the logarithm of the prior's density.
    assert fit.log_posterior >= likelihood + np.log(900.0) - 1e-6
    assert fit.ice_share > 0.98
    assert fit.ice_mean == pytest.approx(pixels.mean(), abs=1.0)


def test_a_sample_of_pixels_gives_nearly_the_same(with_carbon: np.ndarray) -> None:
    all_pixels = mixture_normalise(with_carbon, rng=np.random.default_rng(0), sampling=1)
    sampled = mixture_normalise(with_carbon, rng=np.random.default_rng(0), sampling=10)
    again = mixture_normalise(with_carbon, rng=np.random.default_rng(0), sampling=10)
    np.testing.assert_array_equal(sampled, again)
    np.testing.assert_allclose(sampled[:, 50:], all_pixels[:, 50:], atol=0.25)


def test_bad_pixels_are_left_out_and_become_zero(ice: np.ndarray, rng: np.random.Generator) -> None:
    bad = np.zeros(ice.shape, bool)
    bad[10:30, 10:30] = True
    spoiled = ice.copy()
    spoiled[bad] = 1e9
    result = mixture_normalise(spoiled, bad=bad, rng=rng, sampling=1)
    assert not result[bad].any()
    assert result[~bad].std() == pytest.approx(1.0, abs=0.05)


def test_an_image_of_one_value_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(BadInput, match="no contrast"):
        mixture_normalise(np.full((20, 20), 7.0, np.float32), rng=rng)


def test_pixels_of_nearly_one_value_may_be_grouped(
    with_carbon: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    grouped = fit_mixture(with_carbon.ravel())
    monkeypatch.setattr(mixture, "MOST_GROUPS", with_carbon.size)
    exact = fit_mixture(with_carbon.ravel())
    assert grouped.ice_mean == pytest.approx(exact.ice_mean, abs=1e-3 * exact.sigma)
    assert grouped.sigma == pytest.approx(exact.sigma, rel=1e-3)
    assert grouped.log_posterior == pytest.approx(exact.log_posterior, rel=1e-5)
    assert grouped.log_posterior != exact.log_posterior
