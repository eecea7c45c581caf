import pytest
import torch

from nunatak.errors import BadInput
from nunatak.objectives.logistic import loss_as_negative, loss_as_positive
from nunatak.objectives.nonnegative_pu import non_negative, nonnegative_pu_risk


def parts(positive: torch.Tensor, unlabelled: torch.Tensor, prior: float) -> list[torch.Tensor]:
    first = prior * loss_as_positive(positive).mean()
    return [
        first,
        loss_as_negative(unlabelled).mean() - prior * loss_as_negative(positive).mean(),
    ]


def leaf(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_above_zero_it_is_the_plain_sum() -> None:
    positive, unlabelled = leaf([0.3, -1.0]), leaf([1.0, 0.2, -0.5])
    first, second = parts(positive, unlabelled, 0.3)
    assert second > 0
    risk = nonnegative_pu_risk(positive, unlabelled, 0.3)
    assert risk.item() == pytest.approx((first + second).item())
    torch.testing.assert_close(
        torch.autograd.grad(risk, [positive, unlabelled]),
        torch.autograd.grad(first + second, [positive, unlabelled]),
    )


def test_below_zero_it_steps_back_along_the_second_part_alone() -> None:
    # Overfitted: sure of the labelled, and sure that nothing else is positive.
    positive, unlabelled = leaf([5.0, 6.0]), leaf([-5.0, -4.0, -6.0])
    first, second = parts(positive, unlabelled, 0.5)
    assert second < 0
    risk = nonnegative_pu_risk(positive, unlabelled, 0.5)
    assert risk.item() == pytest.approx(first.item())
    torch.testing.assert_close(
        torch.autograd.grad(risk, [positive, unlabelled]),
        torch.autograd.grad(-second, [positive, unlabelled]),
    )


def test_beta_moves_the_bound() -> None:
    positive, unlabelled = leaf([5.0]), leaf([-5.0])
    first, second = parts(positive, unlabelled, 0.5)
    assert second.item() == pytest.approx(-2.5, abs=0.01)
    loose = nonnegative_pu_risk(positive, unlabelled, 0.5, beta=3.0)
    assert loose.item() == pytest.approx((first + second).item())
    tight = nonnegative_pu_risk(positive, unlabelled, 0.5, beta=1.0)
    assert tight.item() == pytest.approx(first.item() - 1.0)


def test_gradients_agree_with_finite_differences() -> None:
    positive, unlabelled = leaf([0.3, -1.0]), leaf([1.0, 0.2, -0.5])
    assert torch.autograd.gradcheck(
        lambda p, u: nonnegative_pu_risk(p, u, 0.3), (positive, unlabelled)
    )


def test_without_positives_it_is_not_pn() -> None:
    logits = leaf([1.0, 2.0])
    empty = torch.empty(0, dtype=torch.float64)
    risk = nonnegative_pu_risk(empty, logits, 0.2) + nonnegative_pu_risk(logits, empty, 0.2)
    risk.backward()
    assert risk.item() == 0.0
    assert logits.grad is not None
    assert logits.grad.tolist() == [0.0, 0.0]


def test_extreme_scores_stay_finite() -> None:
    logits = torch.tensor([-1e4, 1e4], requires_grad=True)
    nonnegative_pu_risk(logits, -logits, 0.1).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_value_is_exact() -> None:
    # The surrogate that carries the gradient must not round the value.
    first, second = torch.tensor(1e-4), torch.tensor(-3e3)
    assert non_negative(first, second).item() == first.item()


def test_prior_is_checked() -> None:
    with pytest.raises(BadInput, match="class prior is 0"):
        nonnegative_pu_risk(torch.zeros(1), torch.zeros(1), 0.0)
