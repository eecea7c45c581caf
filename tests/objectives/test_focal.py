import math

import pytest
import torch

from nunatak.objectives.focal import class_balance, heatmap_focal_loss, voxel_losses
from nunatak.objectives.heatmap import focal_loss


def five(values: list[float], classes: int = 1) -> torch.Tensor:
    return torch.tensor(values).reshape(1, classes, 1, 1, -1)


def test_by_hand() -> None:
    # Scores of p = 1/2, 3/4, 1/4 and 1/5; a particle between the first two voxels.
    logits = five([0.0, math.log(3), -math.log(3), -math.log(4)])
    heatmap = five([0.9, 0.8, 0.5, 0.0])
    positive = five([0.6, 0.4, 0.0, 0.0])
    expected = (
        0.6 * 0.25 * math.log(2)
        + 0.1**4 * 0.25 * math.log(2)
        + 0.4 * 0.0625 * math.log(4 / 3)
        + 0.2**4 * 0.5625 * math.log(4)
        + 0.5**4 * 0.0625 * math.log(4 / 3)
        + 0.04 * math.log(5 / 4)
    )
    assert heatmap_focal_loss(logits, heatmap, positive).item() == pytest.approx(expected)


def test_with_one_voxel_a_particle_it_is_the_published_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, 4, 4, generator=generator)
    heatmap = torch.rand(2, 3, 4, 4, 4, generator=generator)
    heatmap[:, :, 2, 1, 3] = 1.0
    positive = (heatmap == 1.0).float()
    published = focal_loss(logits, heatmap, torch.ones_like(heatmap)).item()
    assert heatmap_focal_loss(logits, heatmap, positive).item() == pytest.approx(published)


def test_it_is_a_loss_per_particle() -> None:
    logits, heatmap, positive = five([1.0, -1.0]), five([1.0, 0.1]), five([1.0, 0.0])
    once = heatmap_focal_loss(logits, heatmap, positive)
    often = heatmap_focal_loss(*(torch.cat([t] * 3) for t in (logits, heatmap, positive)))
    assert often.item() == pytest.approx(once.item())


def test_without_particles_misses_count_whole() -> None:
    logits = five([2.0, 2.0])
    empty = torch.zeros_like(logits)
    expected = 2 * voxel_losses(logits, empty, empty)[0, 0, 0, 0, 0]
    assert heatmap_focal_loss(logits, empty, empty).item() == pytest.approx(expected.item())


def test_few_particles_may_be_divided_by_more() -> None:
    logits, heatmap, positive = five([1.0, -1.0]), five([1.0, 0.1]), five([1.0, 0.0])
    plain = heatmap_focal_loss(logits, heatmap, positive).item()
    fewer = heatmap_focal_loss(logits, heatmap, positive, least_particles=torch.tensor(4.0))
    assert fewer.item() == pytest.approx(plain / 4)
    many = (torch.cat([tensor] * 8) for tensor in (logits, heatmap, positive))
    assert heatmap_focal_loss(*many, least_particles=4.0).item() == pytest.approx(plain)


def test_ignored_voxels_are_neither_hit_nor_miss_nor_counted() -> None:
    logits = five([0.0, 1.0, -1.0, 0.5], classes=2).requires_grad_()
    heatmap = five([1.0, 0.0, 1.0, 0.0], classes=2)
    positive = heatmap.clone()
    ignored = torch.tensor([True, False]).reshape(1, 1, 1, 1, 2)  # for both classes
    loss = heatmap_focal_loss(logits, heatmap, positive, ignored=ignored)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[..., 0].tolist() == [[[[0.0]], [[0.0]]]]
    assert (logits.grad[..., 1] > 0).all()
    expected = voxel_losses(logits, heatmap, positive)[..., 1].sum().item()
    assert loss.item() == pytest.approx(expected)


def test_classes_are_weighed() -> None:
    logits, target = five([0.3, -0.7], classes=2), five([1.0, 1.0], classes=2)
    each = voxel_losses(logits, target, target).flatten()
    loss = heatmap_focal_loss(logits, target, target, class_weight=torch.tensor([2.0, 0.5]))
    assert loss.item() == pytest.approx((2.0 * each[0] + 0.5 * each[1]).item() / 2)


def test_balance_of_classes() -> None:
    assert class_balance(torch.tensor([16, 4, 1])).tolist() == [0.5, 1.0, 2.0]
    # The median of an even number of classes lies between the middle two.
    assert class_balance(torch.tensor([6, 10])).tolist() == pytest.approx(
        [math.sqrt(8 / 6), math.sqrt(8 / 10)]
    )
    assert class_balance(torch.tensor([9, 0])).tolist() == [1.0, 1.0]
    assert class_balance(torch.zeros(2)).tolist() == [1.0, 1.0]


def test_descent_makes_a_peak_that_is_highest_at_the_centre() -> None:
    place = torch.arange(15.0)
    heatmap = torch.exp(-0.5 * ((place - 7.0) / 2.5) ** 2).reshape(1, 1, 1, 1, -1)
    positive = torch.where(heatmap > 0.5, heatmap, 0.0)
    positive /= positive.sum()
    logits = torch.full_like(heatmap, -4.6).requires_grad_()
    optimiser = torch.optim.Adam([logits], lr=0.3)
    for _ in range(100):
        optimiser.zero_grad()
        heatmap_focal_loss(logits, heatmap, positive).backward()
        optimiser.step()
    p = torch.sigmoid(logits.detach()).flatten()
    assert (p[:7].diff() > 0)[2:].all()
    assert (p[7:].diff() < 0)[:-2].all()
    assert p[7] > 0.8
    assert p[[0, 14]].max() < 0.1


def test_gradients_agree_with_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    shape = (2, 2, 2, 3, 2)
    logits = torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_()
    heatmap = torch.rand(shape, dtype=torch.float64, generator=generator)
    positive = torch.rand(shape, dtype=torch.float64, generator=generator)
    ignored = torch.rand((2, 1, 2, 3, 2), generator=generator) < 0.3
    weight = torch.tensor([0.7, 1.3])
    assert torch.autograd.gradcheck(
        lambda x: heatmap_focal_loss(x, heatmap, positive, ignored=ignored, class_weight=weight),
        logits,
    )


def test_extreme_and_half_precision_scores() -> None:
    logits = five([-200.0, 200.0]).requires_grad_()
    loss = heatmap_focal_loss(logits, five([1.0, 0.0]), five([1.0, 0.0]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()
    half = heatmap_focal_loss(five([0.3, 1.0]).bfloat16(), five([1.0, 0.0]), five([1.0, 0.0]))
    assert half.dtype == torch.float32
