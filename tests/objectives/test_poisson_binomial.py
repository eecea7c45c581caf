from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats

from nunatak.objectives.poisson_binomial import (
    binomial_log_pmf,
    discretised_normal,
    poisson_binomial,
)


def doubles(values: object) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def enumerated(probabilities: list[float]) -> torch.Tensor:
    """Sum over all outcomes."""
    pmf = torch.zeros(len(probabilities) + 1, dtype=torch.float64)
    for outcome in product((0, 1), repeat=len(probabilities)):
        chance = 1.0
        for hit, g in zip(outcome, probabilities, strict=True):
            chance *= g if hit else 1 - g
        pmf[sum(outcome)] += chance
    return pmf


def characteristic(g: np.ndarray) -> np.ndarray:
    """The pmf by one transform of the characteristic function (Hong 2013)."""
    z = np.exp(2j * np.pi * np.arange(len(g) + 1) / (len(g) + 1))
    values = np.prod(1 + (z[:, None] - 1) * g, axis=1)
    return np.fft.fft(values).real / (len(g) + 1)


@pytest.mark.parametrize(
    "g",
    [
        [],
        [0.3],
        [0.3, 0.9],
        [0.5, 0.5, 0.5],
        [0.0, 0.2, 1.0, 0.7, 0.01],
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    ],
)
def test_against_all_outcomes(g: list[float]) -> None:
    torch.testing.assert_close(poisson_binomial(doubles(g)), enumerated(g), atol=1e-15, rtol=0)


def test_against_the_characteristic_function() -> None:
    g = np.random.default_rng(1).random(240) ** 8
    torch.testing.assert_close(
        poisson_binomial(doubles(g)), doubles(characteristic(g)), atol=1e-14, rtol=0
    )


def test_equal_probabilities_are_binomial_also_when_many() -> None:
    pmf = poisson_binomial(torch.full((3000,), 0.02, dtype=torch.float64))
    np.testing.assert_allclose(pmf, stats.binom.pmf(np.arange(3001), 3000, 0.02), atol=1e-14)


def test_gradients_agree_with_finite_differences() -> None:
    # 0.5 makes a factor of the characteristic function vanish; 0 and 1 are the ends.
    g = doubles([0.5, 0.5, 0.0, 1.0, 0.25]).requires_grad_()
    assert torch.autograd.gradcheck(poisson_binomial, g)
    assert torch.autograd.gradcheck(discretised_normal, doubles([0.5, 0.2, 0.9]).requires_grad_())


def test_discretised_normal_by_hand() -> None:
    # Mean 1.1, variance 0.25 + 0.24.
    weights = np.exp(-((np.arange(3) - 1.1) ** 2) / (2 * 0.49))
    expected = doubles(weights / weights.sum())
    torch.testing.assert_close(discretised_normal(doubles([0.5, 0.6])), expected)


def test_normal_is_near_the_exact_at_the_published_size() -> None:
    g = doubles(np.random.default_rng(2).beta(0.1, 3.8, size=240))
    distance = 0.5 * (poisson_binomial(g) - discretised_normal(g)).abs().sum()
    assert 0.001 < distance < 0.06


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_sure_places_make_a_spike(value: float) -> None:
    g = torch.full((5,), value, dtype=torch.float64)
    spike = torch.zeros(6, dtype=torch.float64)
    spike[int(5 * value)] = 1.0
    torch.testing.assert_close(poisson_binomial(g), spike, atol=1e-15, rtol=0)
    torch.testing.assert_close(discretised_normal(g), spike)


@pytest.mark.parametrize("count", [0, 1, 7, 2600])
def test_binomial_against_scipy(count: int) -> None:
    expected = stats.binom.logpmf(np.arange(count + 1), count, 0.03)
    np.testing.assert_allclose(binomial_log_pmf(count, doubles(0.03)), expected, rtol=1e-9)
