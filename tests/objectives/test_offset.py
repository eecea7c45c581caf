import pytest
import torch

from nunatak.objectives.offset import offset_loss


def case() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Four voxels in a row, three components each; the last voxel is outside."""
    offset = torch.zeros(1, 3, 1, 1, 4)
    target = torch.zeros(1, 3, 1, 1, 4)
    target[0, :, 0, 0, 0] = torch.tensor([0.5, -2.0, 0.0])
    target[0, :, 0, 0, 1] = torch.tensor([1.0, 0.0, 0.0])
    target[0, :, 0, 0, 3] = 9.0
    inside = torch.tensor([True, True, True, False]).reshape(1, 1, 1, 1, 4)
    return offset, target, inside


def test_by_hand() -> None:
    # 0.5²/2 + (2 - 1/2) + 0, then 1/2, then 0: over three voxels.
    assert offset_loss(*case()).item() == pytest.approx((0.125 + 1.5 + 0.5) / 3)


def test_transition() -> None:
    # With a transition at 2 voxels all errors are on the parabola e² / 4.
    found = offset_loss(*case(), transition_px=2.0).item()
    assert found == pytest.approx((0.0625 + 1.0 + 0.25) / 3)


def test_only_voxels_near_a_particle_have_a_gradient() -> None:
    offset, target, inside = case()
    offset.requires_grad_()
    ignored = torch.tensor([True, False, False, False]).reshape(1, 1, 1, 1, 4)
    loss = offset_loss(offset, target, inside, ignored=ignored)
    loss.backward()
    assert loss.item() == pytest.approx(0.5 / 2)
    assert offset.grad is not None
    assert offset.grad[0, :, 0, 0].T.tolist() == [[0, 0, 0], [-0.5, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_no_particle_no_loss() -> None:
    offset, target, inside = case()
    offset.requires_grad_()
    loss = offset_loss(offset, target, torch.zeros_like(inside))
    loss.backward()
    assert loss.item() == 0.0
    assert offset.grad is not None
    assert offset.grad.abs().sum() == 0


def test_gradients_agree_with_finite_differences() -> None:
    _, target, inside = case()
    offset = torch.randn(1, 3, 1, 1, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: offset_loss(x, target, inside), offset)


def test_half_precision_is_widened() -> None:
    offset, target, inside = case()
    assert offset_loss(offset.bfloat16(), target, inside).dtype == torch.float32
