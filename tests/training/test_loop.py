"""The loop: learning, validation, early stop, what it tells and keeps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from toy_training import CONFIG, HEAD, HELD_BACK, Spots, Toy, agreement, loss, spots_at, train

from nunatak.errors import NunatakError
from nunatak.networks.unet import UNet
from nunatak.training.batches import Batch, supervised_loss
from nunatak.training.config import TrainingConfig
from nunatak.training.loop import fit
from nunatak.training.metrics import read_metrics
from nunatak.training.progress import Progress


def _dark_spots(step: int) -> Batch:
    """Dark spots two pixels wide on noise."""
    rng = np.random.default_rng([1, step])
    image = 0.3 * rng.normal(size=(8, 1, 32, 32)).astype(np.float32)
    target = np.zeros((8, 1, 16, 16), np.float32)
    for index, (y, x) in enumerate(rng.integers(1, 15, (8, 2))):
        image[index, 0, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2] -= 4.0
        target[index, 0, y, x] = 1.0
    return Batch(torch.from_numpy(image), torch.from_numpy(target), torch.ones(8, 1, 16, 16))


def _equal(first: nn.Module, second: nn.Module) -> bool:
    a, b = first.state_dict(), second.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_learns_to_find_spots(precision: str) -> None:
    torch.manual_seed(0)
    config = TrainingConfig.model_validate(
        {"steps": 60, "learning_rate": 1e-2, "averaging": 0.9, "precision": precision}
    )
    told: list[Progress] = []
    fitted = fit(UNet(width=4, depth=2), _dark_spots, supervised_loss, config, on_step=told.append)
    assert [progress.step for progress in told] == list(range(1, 61))
    assert told[-1].loss < 0.3 * told[0].loss  # type: ignore[operator]
    batch = _dark_spots(1000)
    with torch.no_grad():
        scores = fitted.network(batch.image).flatten(1)
    found = scores.argmax(dim=1) == batch.target.flatten(1).argmax(dim=1)
    assert found.float().mean() >= 7 / 8
    assert not fitted.network.training
    assert (fitted.step, fitted.last_step, fitted.stopped_early) == (60, 60, False)


def test_one_seed_one_result_whatever_the_state_of_the_global_generator() -> None:
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.random.get_rng_state()
        results.append(train(None).network)
        assert torch.equal(torch.random.get_rng_state(), before)
    assert _equal(*results)
    assert not _equal(results[0], train(None, seed=1).network)  # other dropout


def test_result_is_the_average_not_the_last_step() -> None:
    network = Toy()
    fitted = train(None, network=network, validate=None)
    assert not _equal(fitted.network, network.eval())
    plain = CONFIG.model_copy(update={"averaging": 0.0})
    network = Toy()
    fitted = train(None, network=network, validate=None, config=plain)
    assert _equal(fitted.network, network.eval())


def test_divergence_is_reported_with_its_step() -> None:
    def broken(step: int) -> Spots:
        return spots_at(step)._replace(image=torch.full((4, 1, 8, 8), float("nan")))

    with pytest.raises(NunatakError, match="the loss of step 1 is nan"):
        train(None, batch_at=broken, validate=None)


def test_without_decay_it_is_plain_adam_and_the_clip_is_optional() -> None:
    config = CONFIG.model_copy(
        update={
            "weight_decay": 0.0,
            "schedule": "constant",
            "gradient_clip": None,
            "averaging": 0.0,
            "steps": 5,
        }
    )

    def plain(network: nn.Module, batch: Spots, _teacher: nn.Module) -> torch.Tensor:
        return 100 * nn.functional.mse_loss(network(batch.image), batch.target)

    def without_dropout() -> Toy:
        network = Toy()
        network.drop.p = 0.0
        return network

    fitted = fit(without_dropout(), spots_at, plain, config)
    reference = without_dropout().train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    adam = torch.optim.Adam(reference.parameters(), lr=config.learning_rate)
    for step in range(1, 6):
        adam.zero_grad()
        plain(reference, spots_at(step), reference).backward()
        adam.step()
    for name, tensor in reference.state_dict().items():
        assert torch.allclose(fitted.network.state_dict()[name], tensor, atol=1e-6), name


def test_validation_comes_at_the_start_at_intervals_and_at_the_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    fitted = train(tmp_path, on_step=told.append)
    values = {p.step: p.validation for p in told if p.validation is not None}
    assert sorted(values) == [0, 6, 12, 18, 20]
    best = max(values, key=lambda step: values[step])
    assert (fitted.step, fitted.validation) == (best, values[best])
    assert agreement(fitted.network) == pytest.approx(values[best], abs=1e-6)
    course = read_metrics(tmp_path / "metrics.jsonl")
    assert [entry.step for entry in course] == list(range(21))
    assert [entry.validation for entry in course] == [values.get(step) for step in range(21)]
    assert course[0].loss is None
    assert told[0].seconds_left is None
    assert told[-1].seconds_left == 0


def test_the_result_is_never_worse_than_the_start() -> None:
    start = Toy()
    patient = CONFIG.model_copy(update={"validate_every": 2, "patience": 3})
    values = iter([0.9, 0.3, 0.9, 0.4])
    fitted = train(None, network=start, config=patient, validate=lambda _network: next(values))
    assert (fitted.step, fitted.validation) == (0, 0.9)
    assert (fitted.last_step, fitted.stopped_early) == (6, True)
    assert _equal(fitted.network, Toy().eval())


def test_what_validation_does_to_its_network_does_not_matter() -> None:
    def destructive(network: Toy) -> float:
        value = agreement(network)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.zero_()
        return value

    assert _equal(train(None, validate=destructive).network, train(None).network)


def test_frozen_weights_stay() -> None:
    network = Toy()
    network.convolve.requires_grad_(requires_grad=False)
    fitted = train(None, network=network, validate=None)
    assert torch.equal(fitted.network.convolve.weight, Toy().convolve.weight)
    assert not torch.equal(fitted.network.head.weight, Toy().head.weight)


def test_the_head_learns_first() -> None:
    network = Toy()
    start = {name: one.detach().clone() for name, one in network.named_parameters()}
    as_at_start: dict[str, list[bool]] = {name: [] for name in start}

    def watched(wrapped: nn.Module, batch: Spots, teacher: nn.Module) -> torch.Tensor:
        for name, one in network.named_parameters():
            as_at_start[name].append(torch.equal(one, start[name]))
        return loss(wrapped, batch, teacher)

    fit(network, spots_at, watched, HELD_BACK, head=HEAD)
    # Before each of 20 steps, of which ten are the head's alone.
    for name, seen in as_at_start.items():
        assert seen == [True] * (1 if name in HEAD else 11) + [False] * (
            19 - 10 * (name not in HEAD)
        )


def test_the_body_learns_at_its_own_rate() -> None:
    def first_step(body_rate: float) -> Toy:
        config = CONFIG.model_copy(
            update={"body_rate": body_rate, "steps": 1, "averaging": 0.0, "weight_decay": 0.0}
        )
        return train(None, config=config, head=HEAD, validate=None).network

    start, full, tenth = Toy(), first_step(1.0), first_step(0.1)
    assert torch.equal(full.head.weight, tenth.head.weight)
    far, near = (one.convolve.weight - start.convolve.weight for one in (full, tenth))
    assert far.abs().max() > 0
    assert torch.allclose(near, 0.1 * far, atol=1e-7)


def test_a_network_whose_training_ends_early_may_be_trained_again() -> None:
    network = Toy()
    with pytest.raises(ZeroDivisionError):
        fit(network, spots_at, loss, HELD_BACK, head=HEAD, on_step=lambda progress: 1 // 0)
    assert all(weight.requires_grad for weight in network.parameters())


def test_what_holds_nothing_back_is_no_other_training(tmp_path: Path) -> None:
    train(tmp_path)
    again = train(tmp_path, config=HELD_BACK)
    assert again.last_step == CONFIG.steps


def test_a_head_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no weights are called head\.wait"):
        train(None, head=["head.wait"])


def test_progress_tells_the_time_left() -> None:
    told: list[Progress] = []
    train(None, on_step=told.append)
    half = next(progress for progress in told if progress.step == 10)
    assert half.seconds_left == pytest.approx(half.seconds, rel=0.05)
    assert replace(half, step=10) == half


def test_the_toy_loss_asks_the_teacher() -> None:
    asked: list[bool] = []

    def watched(network: nn.Module, batch: Spots, teacher: nn.Module) -> torch.Tensor:
        asked.append(teacher(batch.image).requires_grad)
        return loss(network, batch, teacher)

    fit(Toy(), spots_at, watched, CONFIG.model_copy(update={"steps": 2}))
    assert asked == [False, False]
