"""The averaged network."""

import pytest
import torch
from toy_training import Toy

from nunatak.training.averaging import AveragedNetwork


def _weights(network: torch.nn.Module, value: float) -> None:
    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.fill_(value)


def test_weights_and_statistics_follow_the_formula() -> None:
    network = Toy()
    _weights(network, 1.0)
    average = AveragedNetwork(network, 0.9, warmup=False)
    expected = 1.0
    for step, value in enumerate([2.0, 5.0, -3.0], start=1):
        _weights(network, value)
        average.update(network, step)
        expected = 0.9 * expected + 0.1 * value
    state = average.module.state_dict()
    assert state.pop("normalise.num_batches_tracked") == -3
    for tensor in state.values():
        assert tensor == pytest.approx(torch.full_like(tensor, expected))


def test_with_warm_up_a_short_training_leaves_its_start_behind() -> None:
    network = Toy()
    left = {}
    for warmup in (True, False):
        _weights(network, 1.0)
        average = AveragedNetwork(network, 0.998, warmup=warmup)
        _weights(network, 0.0)
        for step in range(1, 51):
            average.update(network, step)
        left[warmup] = float(average.module.state_dict()["head.bias"])
    assert left[True] < 1e-6
    assert left[False] > 0.9


def test_warm_up_ends_at_the_momentum() -> None:
    average = AveragedNetwork(Toy(), 0.9)
    assert average.momentum(1) == pytest.approx(2 / 11)
    assert average.momentum(10_000) == 0.9


def test_teacher_scores_as_in_use_and_without_gradients() -> None:
    network = Toy().train()
    teacher = AveragedNetwork(network, 0.9).train()
    image = torch.randn(2, 1, 8, 8)
    first, second = teacher(image), teacher(image)
    assert torch.equal(first, second)  # no dropout
    assert not first.requires_grad
    assert torch.equal(first, network.eval()(image))
