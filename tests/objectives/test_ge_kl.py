import math

import pytest
import torch

from nunatak.errors import BadInput
from nunatak.objectives.ge_kl import ge_kl, ge_kl_running, kl_penalty


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def bernoulli_kl(prior: float, rate: float) -> float:
    return prior * math.log(prior / rate) + (1 - prior) * math.log((1 - prior) / (1 - rate))


def test_by_hand() -> None:
    positive = torch.tensor([logit(0.8)])
    unlabelled = torch.tensor([logit(0.1), logit(0.6), logit(0.2)])
    expected = -math.log(0.8) + 10 * bernoulli_kl(0.2, 0.3)
    assert ge_kl(positive, unlabelled, 0.2).item() == pytest.approx(expected, rel=1e-5)


def test_no_penalty_at_the_prior_and_none_for_an_impossible_event() -> None:
    logits = torch.tensor([logit(0.1), logit(0.5)], dtype=torch.float64)
    assert kl_penalty(logits, 0.3).item() == pytest.approx(0.0, abs=1e-12)
    assert kl_penalty(logits, 0.0).item() == pytest.approx(-math.log(0.7))
    assert kl_penalty(logits, 1.0).item() == pytest.approx(-math.log(0.3))


def test_gradients_agree_with_finite_differences() -> None:
    logits = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: ge_kl(x, x - 1, 0.2), logits)


@pytest.mark.parametrize("extreme", [-300.0, 300.0])
def test_slope_survives_sure_scores(extreme: float) -> None:
    logits = torch.full((4,), extreme, requires_grad=True)
    penalty = kl_penalty(logits, 0.2)
    penalty.backward()
    assert torch.isfinite(penalty)
    assert logits.grad is not None
    # The mean probability underflows, its logarithm does not: the slope leads back.
    assert (logits.grad * math.copysign(1.0, extreme) > 0.04).all()


def test_missing_parts_are_left_out() -> None:
    empty = torch.empty(0, requires_grad=True)
    logits = torch.tensor([0.0])
    assert ge_kl(empty, logits, 0.5).item() == pytest.approx(0.0)
    assert ge_kl(logits, empty, 0.5).item() == pytest.approx(math.log(2))
    ge_kl(empty, empty, 0.5).backward()


def test_running_mean_with_full_momentum_is_the_minibatch() -> None:
    positive, unlabelled = torch.tensor([1.0]), torch.tensor([0.5, -2.0])
    loss, running = ge_kl_running(positive, unlabelled, 0.2, torch.tensor(0.9), momentum=1.0)
    assert loss.item() == pytest.approx(ge_kl(positive, unlabelled, 0.2).item())
    assert running.item() == pytest.approx(torch.sigmoid(unlabelled).mean().item())


def test_running_mean_is_passed_on_by_hand() -> None:
    positive, unlabelled = torch.tensor([logit(0.8)]), torch.tensor([logit(0.6)])
    _, running = ge_kl_running(positive, torch.tensor([logit(0.1)]), 0.2, None, momentum=0.25)
    loss, running = ge_kl_running(positive, unlabelled, 0.2, running, momentum=0.25)
    blend = 0.75 * 0.1 + 0.25 * 0.6
    assert running.item() == pytest.approx(blend)
    assert not running.requires_grad
    expected = -math.log(0.8) + 10 / 0.25 * bernoulli_kl(0.2, blend)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_momentum_keeps_the_size_of_the_gradient() -> None:
    def slope(momentum: float) -> float:
        logits = torch.tensor([logit(0.4)], dtype=torch.float64, requires_grad=True)
        running = torch.tensor(0.4, dtype=torch.float64)
        loss, _ = ge_kl_running(torch.empty(0), logits, 0.2, running, momentum=momentum)
        return torch.autograd.grad(loss, logits)[0].item()

    assert slope(0.1) == pytest.approx(slope(1.0))


def test_prior_is_checked() -> None:
    for call in (
        lambda: ge_kl(torch.zeros(1), torch.zeros(1), 1.0),
        lambda: ge_kl_running(torch.zeros(1), torch.zeros(1), 1.0, None, momentum=0.5),
    ):
        with pytest.raises(BadInput, match="class prior is 1"):
            call()
