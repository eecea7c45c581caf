import math

import numpy as np
import pytest
import torch
from scipy import stats

from nunatak.objectives.heatmap import focal_loss
from nunatak.objectives.registry import OnScoreMaps
from nunatak.objectives.score_map import ScoreMapLabels
from nunatak.objectives.score_map_ge import ge_binomial_on_score_maps, ge_kl_on_score_maps

BOTH = (ge_kl_on_score_maps, ge_binomial_on_score_maps)


def labels(expected: float) -> ScoreMapLabels:
    """A map of 8 x 12, cells of 4: one labelled particle in the first, one cell half known."""
    target = torch.zeros(1, 1, 8, 12)
    target[0, 0, 1, 1] = 1.0
    known = torch.zeros(1, 1, 8, 12, dtype=torch.bool)
    known[0, 0, :4, :4] = True
    known[0, 0, :4, 4:6] = True
    return ScoreMapLabels(target, known, torch.zeros_like(known), torch.tensor(expected))


def peaks(*probabilities: float) -> torch.Tensor:
    """Score map with one peak in each of the five cells that count, and flat elsewhere."""
    logits = torch.full((1, 1, 8, 12), -8.0)
    places = ((2, 7), (2, 9), (6, 2), (6, 6), (6, 10))
    for (y, x), p in zip(places, probabilities, strict=True):
        logits[0, 0, y, x] = math.log(p / (1 - p))
    return logits


def fit(logits: torch.Tensor, case: ScoreMapLabels) -> float:
    return focal_loss(logits, case.target, case.known.float()).item()


def test_ge_kl_by_hand() -> None:
    logits, case = peaks(0.9, 0.2, 0.3, 0.8, 0.1), labels(1.5)
    prior, rate = 1.5 / 5, 2.3 / 5
    kl = prior * math.log(prior / rate) + (1 - prior) * math.log((1 - prior) / (1 - rate))
    expected = fit(logits, case) + 10 * kl
    assert ge_kl_on_score_maps(logits, case, cell_px=4).item() == pytest.approx(expected, rel=1e-4)


def test_ge_binomial_by_hand() -> None:
    g = (0.9, 0.2, 0.3, 0.8, 0.1)
    logits, case = peaks(*g), labels(1.5)
    q = np.ones(1)
    for p in g:
        q = np.convolve(q, [1 - p, p])
    expected = fit(logits, case) - 2 * q @ stats.binom.logpmf(np.arange(6), 5, 0.3)
    found = ge_binomial_on_score_maps(logits, case, cell_px=4, slack=2.0)
    assert found.item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("loss", BOTH)
def test_the_expected_number_is_where_the_penalty_is_least(loss: OnScoreMaps) -> None:
    # The right number of sure particles, one too few, two too many.
    right, few, many = (
        loss(peaks(*[0.98] * n, *[0.02] * (5 - n)), labels(2.0), cell_px=4).item()
        for n in (2, 1, 4)
    )
    assert right < few < many


@pytest.mark.parametrize("loss", BOTH)
def test_gradients_agree_with_finite_differences(loss: OnScoreMaps) -> None:
    generator = torch.Generator().manual_seed(5)
    logits = torch.randn(1, 1, 8, 12, generator=generator, dtype=torch.float64).requires_grad_()
    case = labels(1.5)
    assert torch.autograd.gradcheck(lambda x: loss(x, case, cell_px=4), logits)


@pytest.mark.parametrize("loss", BOTH)
@pytest.mark.parametrize("expected", [0.0, 1.5, 500.0])
@pytest.mark.parametrize("level", [-60.0, 0.0, 60.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_extremes_are_finite(
    loss: OnScoreMaps, expected: float, level: float, dtype: torch.dtype
) -> None:
    logits = torch.full((1, 1, 8, 12), level, dtype=dtype, requires_grad=True)
    value = loss(logits, labels(expected), cell_px=4)
    value.backward()
    assert value.dtype == torch.float32
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("loss", BOTH)
def test_everything_known_is_the_focal_loss(loss: OnScoreMaps) -> None:
    case = labels(0.0)
    case.known[:] = True
    logits = peaks(0.9, 0.2, 0.3, 0.8, 0.1)
    assert loss(logits, case, cell_px=4).item() == pytest.approx(fit(logits, case))


def test_particles_in_cells_that_do_not_count_are_not_expected_in_the_others() -> None:
    logits, case = peaks(0.9, 0.2, 0.3, 0.8, 0.1), labels(1.7)
    case.known[0, 0, :4, 4:7] = True  # leaves the first of five cells a quarter
    prior, rate = 1.7 * 64 / 68 / 4, 1.4 / 4
    kl = prior * math.log(prior / rate) + (1 - prior) * math.log((1 - prior) / (1 - rate))
    expected = fit(logits, case) + 10 * kl
    assert ge_kl_on_score_maps(logits, case, cell_px=4).item() == pytest.approx(expected, rel=1e-4)
