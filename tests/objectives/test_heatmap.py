import math

import pytest
import torch

from nunatak.objectives.heatmap import focal_loss, outside_discs, peak_targets


def test_peak_lies_where_the_particle_is() -> None:
    # Map pixel j is centred on image position 2 j + 1/2.
    target = peak_targets(torch.tensor([[10.5, 4.5]]), shape=(8, 12), stride=2, sigma_px=2.0)
    assert target.argmax() == 2 * 12 + 5
    assert target[2, 5] == 1.0
    # One map pixel away is two image pixels away, one standard deviation.
    assert target[2, 6] == pytest.approx(math.exp(-0.5))
    assert target[3, 6] == pytest.approx(math.exp(-1.0))


def test_maps_may_begin_at_the_first_pixel() -> None:
    # Map pixel j is centred on image position 2 j, as that of a patch classifier.
    where = {"shape": (8, 12), "stride": 2, "origin_px": 0.0}
    target = peak_targets(torch.tensor([[10.0, 4.0]]), sigma_px=2.0, **where)
    assert target[2, 5] == 1.0
    assert target[2, 4] == target[2, 6] == pytest.approx(math.exp(-0.5))
    assert outside_discs(torch.tensor([[10.0, 4.0, 1.0]]), **where)[2, 5] == 0.0
    assert outside_discs(torch.tensor([[10.0, 4.0, 1.0]]), **where).sum() == 8 * 12 - 1


def test_target_between_pixels_still_has_one_exact_peak() -> None:
    target = peak_targets(torch.tensor([[11.2, 4.5]]), shape=(8, 12), stride=2, sigma_px=2.0)
    assert (target == 1.0).sum() == 1


def test_particles_take_the_maximum_and_borders_clamp() -> None:
    near_edges = torch.tensor([[-0.5, -0.5], [23.4, 15.4]])
    target = peak_targets(near_edges, shape=(8, 12), stride=2, sigma_px=2.0)
    assert target[0, 0] == 1.0
    assert target[7, 11] == 1.0
    assert target.max() == 1.0


def test_no_particles_no_peaks() -> None:
    assert peak_targets(torch.empty(0, 2), shape=(4, 4), stride=2, sigma_px=2.0).sum() == 0
    assert outside_discs(torch.empty(0, 3), shape=(4, 4), stride=2).sum() == 16


def test_discs_are_left_out() -> None:
    weight = outside_discs(torch.tensor([[8.5, 8.5, 4.1]]), shape=(10, 10), stride=2)
    # Radius 2.05 map pixels around pixel (4, 4): the 13 pixels within two steps.
    assert (weight == 0).sum() == 13
    assert weight[4, 6] == 0
    assert weight[4, 7] == 1


def test_focal_loss_by_hand() -> None:
    logits = torch.tensor([0.0, 1.0, -2.0])
    target = torch.tensor([1.0, 0.5, 0.0])
    p = torch.sigmoid(logits)
    expected = (
        -((1 - p[0]) ** 2) * torch.log(p[0])
        - 0.5**4 * p[1] ** 2 * torch.log(1 - p[1])
        - p[2] ** 2 * torch.log(1 - p[2])
    )
    assert focal_loss(logits, target, torch.ones(3)).item() == pytest.approx(expected.item())


def test_ignored_places_have_no_gradient() -> None:
    logits = torch.zeros(3, requires_grad=True)
    loss = focal_loss(logits, torch.tensor([1.0, 0.0, 1.0]), torch.tensor([1.0, 0.0, 0.0]))
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0] < 0
    assert logits.grad[1:].tolist() == [0.0, 0.0]


def test_loss_survives_extreme_scores() -> None:
    logits = torch.tensor([-200.0, 200.0], requires_grad=True)
    loss = focal_loss(logits, torch.tensor([1.0, 0.0]), torch.ones(2))
    loss.backward()
    assert torch.isfinite(loss)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
