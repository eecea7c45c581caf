import math

import pytest
import torch

from nunatak.errors import BadInput
from nunatak.objectives.pn import pn_mean, pn_risk


def test_risk_by_hand() -> None:
    positive, unlabelled = torch.tensor([0.0, 1.0]), torch.tensor([-1.0, 0.5, 2.0])
    hits = [math.log(2), math.log(1 + math.exp(-1))]
    misses = [math.log(1 + math.exp(f)) for f in (-1.0, 0.5, 2.0)]
    assert pn_risk(positive, unlabelled, 0.2).item() == pytest.approx(
        0.2 * sum(hits) / 2 + 0.8 * sum(misses) / 3
    )
    assert pn_mean(positive, unlabelled).item() == pytest.approx((sum(hits) + sum(misses)) / 5)


def test_a_minibatch_of_one_class_has_no_risk() -> None:
    logits = torch.tensor([1.0, 2.0], requires_grad=True)
    empty = torch.empty(0)
    risk = pn_risk(empty, logits, 0.2) + pn_risk(logits, empty, 0.2)
    risk.backward()
    assert risk.item() == 0.0
    assert logits.grad is not None
    assert logits.grad.tolist() == [0.0, 0.0]


def test_the_plain_mean_takes_whatever_there_is() -> None:
    logits = torch.tensor([1.0, 2.0])
    expected = torch.log(1 + torch.exp(logits)).mean()
    assert pn_mean(torch.empty(0), logits).item() == pytest.approx(expected.item())
    assert pn_mean(torch.empty(0), torch.empty(0)).item() == 0.0


def test_prior_is_checked() -> None:
    with pytest.raises(BadInput, match=r"class prior is 1\.5"):
        pn_risk(torch.zeros(1), torch.zeros(1), 1.5)
