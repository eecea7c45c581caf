import math
from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats

from nunatak.errors import BadInput
from nunatak.objectives.ge_binomial import (
    CountDistribution,
    Divergence,
    binomial_penalty,
    ge_binomial,
)

DISTRIBUTIONS: tuple[CountDistribution, ...] = ("normal", "exact")
DIVERGENCES: tuple[Divergence, ...] = ("cross-entropy", "kl")


def logits_of(g: object) -> torch.Tensor:
    return torch.logit(torch.tensor(g, dtype=torch.float64))


def cross_entropy(q: np.ndarray, count: int, prior: float) -> float:
    return -float(q @ stats.binom.logpmf(np.arange(count + 1), count, prior))


def test_published_penalty_by_hand() -> None:
    g = np.array([0.2, 0.7, 0.1, 0.4])
    variance = (g * (1 - g)).sum()
    q = np.exp(-((np.arange(5) - g.sum()) ** 2) / (2 * variance))
    expected = -math.log(0.9) + cross_entropy(q / q.sum(), 4, 0.3)
    assert ge_binomial(logits_of([0.9]), logits_of(g), 0.3).item() == pytest.approx(expected)
    assert ge_binomial(
        logits_of([0.9]), logits_of(g), 0.3, slack=2.0
    ).item() - expected == pytest.approx(cross_entropy(q / q.sum(), 4, 0.3))


def test_exact_penalty_is_the_mean_over_all_outcomes() -> None:
    g = [0.2, 0.7, 0.1, 0.4, 0.05]
    expected = 0.0
    for outcome in product((0, 1), repeat=5):
        chance = math.prod(p if hit else 1 - p for hit, p in zip(outcome, g, strict=True))
        expected -= chance * stats.binom.logpmf(sum(outcome), 5, 0.3)
    penalty = binomial_penalty(logits_of(g), 0.3, distribution="exact")
    assert penalty.item() == pytest.approx(expected)


def test_divergence_is_zero_only_at_the_binomial() -> None:
    same = torch.logit(torch.full((40,), 0.1, dtype=torch.float64))
    kl = {"distribution": "exact", "divergence": "kl"}
    assert binomial_penalty(same, 0.1, **kl).item() == pytest.approx(0.0, abs=1e-12)
    assert binomial_penalty(same, 0.2, **kl).item() > 0.5
    assert binomial_penalty(logits_of([0.001] * 36 + [0.991] * 4), 0.1, **kl).item() > 0.5


def expected_over_minibatches(
    g: dict[float, float], count: int, prior: float, divergence: Divergence
) -> float:
    """Mean penalty of minibatches whose places have probability g with chance g[...]."""
    mean = 0.0
    for batch in product(g.items(), repeat=count):
        chance = math.prod(weight for _, weight in batch)
        penalty = binomial_penalty(
            logits_of([p for p, _ in batch]), prior, distribution="exact", divergence=divergence
        )
        mean += chance * penalty.item()
    return mean


def test_published_cross_entropy_depends_on_the_mean_probability_alone() -> None:
    # Both classifiers call 0.3 of all places positive; one knows which, the other nothing.
    knowing, ignorant = {0.95: 0.28, 0.04722222222222222: 0.72}, {0.3: 1.0}
    binomial = stats.binom.pmf(np.arange(7), 6, 0.3)
    expected = cross_entropy(binomial, 6, 0.25)
    for g in (knowing, ignorant):
        assert expected_over_minibatches(g, 6, 0.25, "cross-entropy") == pytest.approx(expected)


def test_divergence_charges_for_knowledge() -> None:
    knowing, ignorant = {0.95: 0.28, 0.04722222222222222: 0.72}, {0.3: 1.0}
    assert (
        expected_over_minibatches(knowing, 6, 0.3, "kl")
        > expected_over_minibatches(ignorant, 6, 0.3, "kl") + 0.5
    )


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_gradients_agree_with_finite_differences(
    distribution: CountDistribution, divergence: Divergence
) -> None:
    logits = torch.tensor([-2.0, 0.0, 1.5, -0.5], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x: ge_binomial(
            x[:2], x, 0.2, slack=0.5, distribution=distribution, divergence=divergence
        ),
        logits,
    )


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("divergence", DIVERGENCES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("scores", [[0.0], [-30.0] * 7, [40.0] * 7, [-1e4, 1e4, 0.0]])
def test_extremes_are_finite(
    distribution: CountDistribution,
    divergence: Divergence,
    dtype: torch.dtype,
    scores: list[float],
) -> None:
    logits = torch.tensor(scores, dtype=dtype, requires_grad=True)
    penalty = binomial_penalty(logits, 0.03, distribution=distribution, divergence=divergence)
    penalty.backward()
    assert torch.isfinite(penalty)
    assert penalty.dtype == torch.promote_types(dtype, torch.float32)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_sure_classifiers_cost_the_chance_of_their_count() -> None:
    none, all_of_them = torch.full((9,), -40.0), torch.full((9,), 40.0)
    for distribution in DISTRIBUTIONS:
        assert binomial_penalty(none, 0.03, distribution=distribution).item() == pytest.approx(
            -9 * math.log(0.97), rel=1e-5
        )
        assert binomial_penalty(
            all_of_them, 0.03, distribution=distribution
        ).item() == pytest.approx(-9 * math.log(0.03), rel=1e-5)


def test_only_the_exact_count_keeps_its_slope_when_nothing_is_found() -> None:
    def slope(distribution: CountDistribution) -> float:
        logits = torch.full((100,), -12.0, requires_grad=True)
        binomial_penalty(logits, 0.03, distribution=distribution).backward()
        assert logits.grad is not None
        return logits.grad.mean().item() / torch.sigmoid(torch.tensor(-12.0)).item()

    # One more positive where none is: log Binom(1) - log Binom(0) per unit of probability.
    assert slope("exact") == pytest.approx(-math.log(100 * 0.03 / 0.97), rel=0.01)
    assert slope("normal") == 0.0


def test_missing_parts_are_left_out() -> None:
    empty = torch.empty(0, requires_grad=True)
    one = torch.tensor([0.0])
    assert ge_binomial(one, empty, 0.3).item() == pytest.approx(math.log(2))
    assert ge_binomial(empty, one, 0.5, distribution="exact").item() == pytest.approx(math.log(2))
    ge_binomial(empty, empty, 0.5).backward()


def test_prior_is_checked() -> None:
    with pytest.raises(BadInput, match="class prior is 0"):
        ge_binomial(torch.zeros(1), torch.zeros(1), 0.0)
