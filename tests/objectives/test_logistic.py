import math

import pytest
import torch

from nunatak.objectives.logistic import (
    full_precision,
    loss_as_negative,
    loss_as_positive,
    mean_or_zero,
)


def test_losses_are_the_logarithms_of_the_probability() -> None:
    logits = torch.tensor([0.0, 2.0, -3.0])
    p = torch.sigmoid(logits)
    torch.testing.assert_close(loss_as_positive(logits), -torch.log(p))
    torch.testing.assert_close(loss_as_negative(logits), -torch.log(1 - p))


def test_losses_do_not_overflow() -> None:
    assert loss_as_positive(torch.tensor(-1e4)).item() == 1e4
    assert loss_as_negative(torch.tensor(1e4)).item() == 1e4


def test_half_precision_is_widened_and_double_is_kept() -> None:
    assert full_precision(torch.zeros(1, dtype=torch.bfloat16)).dtype == torch.float32
    assert full_precision(torch.zeros(1, dtype=torch.float64)).dtype == torch.float64
    # log 2 to seven digits, not to bfloat16's two.
    half = torch.zeros(1, dtype=torch.bfloat16)
    assert loss_as_positive(half).item() == pytest.approx(math.log(2), rel=1e-6)


def test_mean_of_nothing_is_zero_and_differentiable() -> None:
    values = torch.empty(0, requires_grad=True)
    mean_or_zero(values).backward()
    assert mean_or_zero(values).item() == 0.0
    assert mean_or_zero(torch.tensor([1.0, 4.0])).item() == 2.5
