import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from nunatak.objectives.focal import heatmap_focal_loss
from nunatak.objectives.volume_ge import ge_binomial_on_heatmaps, ge_kl_on_heatmaps
from nunatak.objectives.volume_pu import VolumeLabels

BOTH = (ge_kl_on_heatmaps, ge_binomial_on_heatmaps)
SHAPE = (4, 8, 12)
PLACES = ((2, 2, 6), (2, 2, 10), (2, 6, 2), (2, 6, 6), (2, 6, 10))
"""Middles of the cells of 4³ without a label."""


def labels(*expected: float) -> VolumeLabels:
    """Volumes of which every class has one labelled particle, in the first cell."""
    heatmap = torch.zeros(1, len(expected), *SHAPE)
    heatmap[:, :, 2, 1, 1] = 1.0
    known = torch.zeros(heatmap.shape, dtype=torch.bool)
    known[:, :, :, :4, :4] = True
    return VolumeLabels(heatmap, heatmap, known, torch.zeros_like(known), torch.tensor(expected))


def peaks(*by_class: tuple[float, ...]) -> Tensor:
    """Heatmaps with one peak in each cell without a label, and flat elsewhere."""
    logits = torch.full((1, len(by_class), *SHAPE), -8.0)
    for kind, probabilities in enumerate(by_class):
        for (z, y, x), p in zip(PLACES, probabilities, strict=True):
            logits[0, kind, z, y, x] = math.log(p / (1 - p))
    return logits


FIRST, SECOND = (0.9, 0.2, 0.3, 0.8, 0.1), (0.1, 0.1, 0.6, 0.1, 0.1)


def fit(logits: Tensor, case: VolumeLabels) -> float:
    return heatmap_focal_loss(logits, case.heatmap, case.positive, ignored=case.unknown).item()


def kl(rate: float, prior: float) -> float:
    return prior * math.log(prior / rate) + (1 - prior) * math.log((1 - prior) / (1 - rate))


def cross_entropy(probabilities: tuple[float, ...], prior: float) -> float:
    q = np.ones(1)
    for p in probabilities:
        q = np.convolve(q, [1 - p, p])
    return float(-q @ stats.binom.logpmf(np.arange(6), 5, prior))


def test_ge_kl_by_hand_is_the_mean_over_classes() -> None:
    logits, case = peaks(FIRST, SECOND), labels(1.5, 0.5)
    penalty = (kl(2.3 / 5, 1.5 / 5) + kl(1.0 / 5, 0.5 / 5)) / 2
    found = ge_kl_on_heatmaps(logits, case, cell_px=(4, 4)).item()
    assert found == pytest.approx(fit(logits, case) + 10 * penalty, rel=1e-4)


def test_ge_binomial_by_hand_is_the_mean_over_classes() -> None:
    logits, case = peaks(FIRST, SECOND), labels(1.5, 0.5)
    penalty = (cross_entropy(FIRST, 0.3) + cross_entropy(SECOND, 0.1)) / 2
    found = ge_binomial_on_heatmaps(logits, case, cell_px=(4, 4), slack=2.0).item()
    assert found == pytest.approx(fit(logits, case) + 2 * penalty, rel=1e-4)


@pytest.mark.parametrize("loss", BOTH)
def test_every_class_is_held_to_its_own_number(loss: Callable[..., Tensor]) -> None:
    def with_sure(first: int, second: int) -> float:
        chances = [(*[0.98] * n, *[0.02] * (5 - n)) for n in (first, second)]
        return float(loss(peaks(*chances), labels(1.0, 3.0), cell_px=(4, 4)))

    assert with_sure(1, 3) < min(with_sure(3, 1), with_sure(2, 2), with_sure(1, 1))


@pytest.mark.parametrize("loss", BOTH)
def test_only_unlabelled_places_count_in_the_penalty(loss: Callable[..., Tensor]) -> None:
    case = labels(1.5)
    case.ignored[..., 8:] = True
    logits = peaks(FIRST).requires_grad_()
    loss(logits, case, cell_px=(4,)).backward()
    assert logits.grad is not None
    assert not logits.grad[..., 8:].any()
    assert logits.grad[0, 0, 2, 2, 6] != 0
    everything = labels(0.0)
    everything.known[:] = True
    assert loss(logits, everything, cell_px=(4,)).item() == pytest.approx(fit(logits, everything))


@pytest.mark.parametrize("loss", BOTH)
def test_gradients_agree_with_finite_differences(loss: Callable[..., Tensor]) -> None:
    generator = torch.Generator().manual_seed(5)
    logits = torch.randn(1, 2, *SHAPE, generator=generator, dtype=torch.float64).requires_grad_()
    case = labels(1.5, 2.5)
    assert torch.autograd.gradcheck(lambda x: loss(x, case, cell_px=(4, 3)), logits)
