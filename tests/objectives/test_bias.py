"""A toy problem with known truth: PN is biased by a known amount, the others are not.

Two Gaussians on nine places, tabulated as integer counts, and a free logit for each place, so that
the minimum of every objective is known in closed form and nothing but the objective can err.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nunatak.objectives.ge_binomial import CountDistribution, ge_binomial
from nunatak.objectives.ge_kl import ge_kl
from nunatak.objectives.nonnegative_pu import nonnegative_pu_risk
from nunatak.objectives.pn import pn_mean, pn_risk

PRIOR = 0.3
PLACES = torch.arange(9.0, dtype=torch.float64)
POSITIVES = 3000
UNLABELLED = 10_000


def table() -> tuple[Tensor, Tensor, Tensor]:
    """Place of each positive and each unlabelled sample, and the true probability by place."""
    positive = torch.exp(-0.5 * ((PLACES - 5) / 1.2) ** 2)
    negative = torch.exp(-0.5 * ((PLACES - 3) / 1.2) ** 2)
    n_positive = (POSITIVES * positive / positive.sum()).round()
    n_negative = ((UNLABELLED - POSITIVES) * negative / negative.sum()).round()
    # The unlabelled hold as many positives as are labelled, place by place.
    n_unlabelled = n_positive + n_negative
    places = PLACES.long()
    return (
        places.repeat_interleave(n_positive.long()),
        places.repeat_interleave(n_unlabelled.long()),
        n_positive / n_unlabelled,
    )


P, U, TRUTH = table()
TRUE_PRIOR = len(P) / len(U)


def minimise(risk: Callable[[Tensor], Tensor]) -> Tensor:
    """Probability by place at the minimum."""
    logits = torch.zeros(9, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [logits], max_iter=300, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = risk(logits)
        loss.backward()
        return loss

    optimiser.step(closure)
    return torch.sigmoid(logits.detach())


def descend_from_pn(risk: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Probability by place after stochastic descent on random unlabelled minibatches of 240."""
    generator = torch.Generator().manual_seed(3)
    logits = torch.logit(biased_by_pn()).clamp_min(-8.0).requires_grad_()
    optimiser = torch.optim.Adam([logits], lr=0.05)
    averaged = torch.zeros(9, dtype=torch.float64)
    for step in range(800):
        chosen = U[torch.randint(len(U), (240,), generator=generator)]
        optimiser.zero_grad()
        risk(logits[P], logits[chosen]).backward()
        optimiser.step()
        if step >= 400:
            averaged += torch.sigmoid(logits.detach()) / 400
    return averaged


def biased_by_pn() -> Tensor:
    """Minimum of PN in closed form."""
    return TRUTH / (TRUTH + 1 - TRUE_PRIOR)


def error(found: Tensor) -> float:
    """Mean absolute error of the probability of an unlabelled sample."""
    return (found - TRUTH)[U].abs().mean().item()


def test_the_table_is_what_it_says() -> None:
    assert pytest.approx(PRIOR, abs=1e-3) == TRUE_PRIOR
    assert TRUTH.min() < 0.02
    assert TRUTH.max() > 0.95
    assert TRUTH[U].mean().item() == pytest.approx(TRUE_PRIOR)


def test_pn_is_biased_as_derived() -> None:
    found = minimise(lambda f: pn_risk(f[P], f[U], TRUE_PRIOR))
    torch.testing.assert_close(found, biased_by_pn(), atol=1e-4, rtol=0)
    # Nothing reaches the odds of one, however sure: 1 / (2 - π) = 0.59.
    assert found.max() < 0.59
    assert found[U].mean() < 0.85 * TRUE_PRIOR
    assert error(found) > 0.05


@pytest.mark.parametrize("labelled", [100, 1000])
def test_plain_mean_is_biased_by_the_labelled_share(labelled: int) -> None:
    chosen = P[:: len(P) // labelled]
    counts = torch.bincount(chosen, minlength=9).double()
    found = minimise(lambda f: pn_mean(f[chosen], f[U]))
    expected = counts / (counts + torch.bincount(U, minlength=9))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    share = len(chosen) / (len(chosen) + len(U))
    closed_form = share * TRUTH / (share * TRUTH + (1 - share) * TRUE_PRIOR)
    torch.testing.assert_close(found, closed_form, atol=0.03, rtol=0)
    assert found.max() < 0.3


def test_nonnegative_pu_finds_the_truth() -> None:
    found = minimise(lambda f: nonnegative_pu_risk(f[P], f[U], TRUE_PRIOR))
    torch.testing.assert_close(found, TRUTH, atol=1e-4, rtol=0)


def test_ge_kl_finds_the_truth_as_slack_grows() -> None:
    found = minimise(lambda f: ge_kl(f[P], f[U], TRUE_PRIOR, slack=1e4))
    assert error(found) < 1e-3


def test_ge_kl_at_the_published_slack_is_the_truth_but_for_a_scale() -> None:
    found = minimise(lambda f: ge_kl(f[P], f[U], TRUE_PRIOR))
    free = (found < 0.999) & (TRUTH > 0)
    scale = (found / TRUTH)[free]
    assert free.sum() == 5
    torch.testing.assert_close(scale, scale.mean().expand(len(scale)), atol=0.01, rtol=0)
    # With p̂ the mean, λ dKL/dp̂ = 1 / (c π) at the minimum:
    mean = found[U].mean().item()
    slope = 10 * ((1 - TRUE_PRIOR) / (1 - mean) - TRUE_PRIOR / mean)
    assert slope == pytest.approx(1 / (scale[-1].item() * TRUE_PRIOR), rel=1e-3)
    assert 1.1 * TRUE_PRIOR < mean < 1.25 * TRUE_PRIOR


def test_ge_binomial_finds_the_truth_but_for_half_a_particle() -> None:
    # Over random minibatches the exact penalty is that of the mean probability at every place
    # (`test_ge_binomial`), which makes the expected objective a function to minimise.
    def expected(f: Tensor) -> Tensor:
        everywhere = torch.logit(torch.sigmoid(f[U]).mean()).expand(240)
        return ge_binomial(f[P], everywhere, TRUE_PRIOR, distribution="exact")

    found = minimise(expected)
    assert error(found) < 0.003
    # One labelled particle pulls up, the cross-entropy half a particle down.
    surplus = 240 * (found[U].mean().item() - TRUE_PRIOR)
    assert surplus == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("distribution", ["normal", "exact"])
def test_ge_binomial_leaves_the_bias_of_pn_behind(distribution: CountDistribution) -> None:
    found = descend_from_pn(lambda p, u: ge_binomial(p, u, TRUE_PRIOR, distribution=distribution))
    assert error(found) < 0.25 * error(biased_by_pn())
    assert found[U].mean().item() == pytest.approx(TRUE_PRIOR, rel=0.02)


def test_divergence_with_the_entropy_is_biased_towards_ignorance() -> None:
    found = descend_from_pn(
        lambda p, u: ge_binomial(p, u, TRUE_PRIOR, distribution="exact", divergence="kl")
    )
    assert found[U].mean().item() == pytest.approx(TRUE_PRIOR, rel=0.02)
    assert TRUTH[6] > 0.85
    assert found[6] < 0.75
    assert found[U].var() < 0.7 * TRUTH[U].var()
