import pytest
import torch

from nunatak.objectives.anchor import anchor_loss
from nunatak.objectives.score_map import ScoreMapLabels


def labels(*, ignored: torch.Tensor | None = None, expected: float = 3.0) -> ScoreMapLabels:
    shape = (2, 1, 4, 4)
    target = torch.zeros(shape)
    target[0, 0, 1, 1] = 1.0
    none = torch.zeros(shape, dtype=torch.bool)
    return ScoreMapLabels(
        target, target > 0, none if ignored is None else ignored, torch.tensor(expected)
    )


def test_agreement_costs_nothing_and_pulls_nowhere() -> None:
    logits = torch.randn(2, 1, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = anchor_loss(logits, logits.detach(), labels())
    loss.backward()
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-6


def test_it_is_the_divergence_of_the_two_probabilities_per_particle() -> None:
    start, now = torch.full((2, 1, 4, 4), 0.4), torch.full((2, 1, 4, 4), -0.7)
    p, q = torch.sigmoid(start).double(), torch.sigmoid(now).double()
    divergence = (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()).sum()
    assert anchor_loss(now, start, labels()).item() == pytest.approx(divergence.item() / 4)


def test_ignored_places_do_not_count() -> None:
    ignored = torch.ones((2, 1, 4, 4), dtype=torch.bool)
    assert (
        anchor_loss(torch.ones(2, 1, 4, 4), torch.zeros(2, 1, 4, 4), labels(ignored=ignored)) == 0
    )
