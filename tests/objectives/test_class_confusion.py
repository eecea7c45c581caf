"""The loss that keeps classes apart."""

import math

import pytest
import torch

from nunatak.objectives.class_confusion import confusion_loss


def five(values: list[list[float]]) -> torch.Tensor:
    """Voxels of several classes, a list each."""
    return torch.tensor(values).reshape(1, len(values), 1, 1, -1)


def test_by_hand() -> None:
    # A particle of the first class between two voxels, and one of the second at a third.
    logits = five([[0.0, math.log(3), 5.0, 0.0], [0.0, 0.0, 5.0, 0.0]])
    positive = five([[0.25, 0.75, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    each = (0.25 * math.log(2) + 0.75 * math.log(4 / 3), math.log(2))
    assert confusion_loss(logits, positive).item() == pytest.approx(sum(each) / 2)
    weight = torch.tensor([2.0, 0.5])
    weighed = confusion_loss(logits, positive, class_weight=weight).item()
    assert weighed == pytest.approx((2.0 * each[0] + 0.5 * each[1]) / 2)


def test_how_sure_it_is_of_a_particle_does_not_matter() -> None:
    logits = torch.randn(2, 3, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    positive = torch.zeros_like(logits)
    positive[0, 1, 2, 2, 2] = positive[1, 0, 1, 3, 2] = 1.0
    shifted = logits + torch.linspace(-5, 5, 64).reshape(4, 4, 4)
    expected = confusion_loss(logits, positive).item()
    assert confusion_loss(shifted, positive).item() == pytest.approx(expected, rel=1e-5)


def test_only_particles_that_count_do() -> None:
    logits = torch.zeros(1, 2, 1, 1, 3, requires_grad=True)
    positive = five([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    ignored = torch.tensor([False, True, False]).expand(1, 2, 1, 1, 3)
    loss = confusion_loss(logits, positive, ignored=ignored)
    assert loss.item() == pytest.approx(math.log(2))
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0, :, 0, 0].tolist() == [[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0]]


def test_a_class_alone_and_no_particle_have_nothing_to_learn() -> None:
    logits = torch.randn(1, 1, 2, 2, 2, requires_grad=True)
    alone = confusion_loss(logits, torch.ones_like(logits))
    assert alone.item() == pytest.approx(0.0)
    none = confusion_loss(logits, torch.zeros_like(logits))
    (alone + none).backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() == 0
