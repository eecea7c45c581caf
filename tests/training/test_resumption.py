"""Interrupted, killed and resumed trainings end where uninterrupted ones do, bit by bit."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import toy_training
from toy_training import CONFIG, HEAD, HELD_BACK, Spots, Toy, spots_at, train

from nunatak.errors import FormatError, Interrupted, Mismatch
from nunatak.training.checkpoint import BEST, LAST, load_checkpoint
from nunatak.training.metrics import read_metrics


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As in the program: sums in another order are other sums."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("uninterrupted")
    train(folder)
    torch.set_num_threads(before)
    return folder


def _require_same(folder: Path, expected: Path) -> None:
    for name in (LAST, BEST):
        found, wanted = load_checkpoint(folder / name), load_checkpoint(expected / name)
        assert found.tensors.keys() == wanted.tensors.keys()
        for key, tensor in wanted.tensors.items():
            assert torch.equal(found.tensors[key], tensor), key
        assert found.record.best_value == wanted.record.best_value
        assert found.record.step == wanted.record.step
    course, expected_course = (read_metrics(f / "metrics.jsonl") for f in (folder, expected))
    assert [(e.step, e.loss, e.validation) for e in course] == [
        (e.step, e.loss, e.validation) for e in expected_course
    ]


def _interrupted_at(step: int) -> Callable[[int], Spots]:
    """Ask to stop while the batch of a step is made."""

    def batch_at(wanted: int) -> Spots:
        if wanted == step:
            os.kill(os.getpid(), signal.SIGTERM)
        return spots_at(wanted)

    return batch_at


@pytest.mark.parametrize("step", [1, 2, 7, 13, 20])
def test_interrupted_and_resumed(tmp_path: Path, uninterrupted: Path, step: int) -> None:
    with pytest.raises(Interrupted, match=f"after {step - 1} of 20 steps, which are kept in"):
        train(tmp_path, batch_at=_interrupted_at(step))
    assert load_checkpoint(tmp_path / LAST).record.step == step - 1
    train(tmp_path)
    _require_same(tmp_path, uninterrupted)


def test_interrupted_again_and_again(tmp_path: Path, uninterrupted: Path) -> None:
    for step in (3, 4, 9, 17):
        with pytest.raises(Interrupted):
            train(tmp_path, batch_at=_interrupted_at(step))
    train(tmp_path)
    _require_same(tmp_path, uninterrupted)


def test_interrupted_while_only_the_head_learns_and_after(tmp_path: Path) -> None:
    options = {"config": HELD_BACK, "head": HEAD}
    train(tmp_path / "whole", **options)
    for step in (7, 10, 11, 15):
        with pytest.raises(Interrupted):
            train(tmp_path / "parts", batch_at=_interrupted_at(step), **options)
    train(tmp_path / "parts", **options)
    _require_same(tmp_path / "parts", tmp_path / "whole")


def test_a_request_during_a_step_waits_for_its_end(tmp_path: Path) -> None:
    def loss(network: Toy, batch: Spots, teacher: Toy) -> torch.Tensor:
        os.kill(os.getpid(), signal.SIGINT)
        return toy_training.loss(network, batch, teacher)

    with pytest.raises(Interrupted, match="after 1 of 20 steps"):
        toy_training.fit(Toy(), spots_at, loss, CONFIG, folder=tmp_path)  # type: ignore[arg-type]
    assert load_checkpoint(tmp_path / LAST).record.step == 1


def test_without_a_folder_nothing_is_kept() -> None:
    with pytest.raises(Interrupted, match="after 4 of 20 steps; nothing was kept"):
        train(None, batch_at=_interrupted_at(5))


def test_a_finished_training_is_only_read_again(tmp_path: Path) -> None:
    first = train(tmp_path)
    second = train(tmp_path, batch_at=_never)
    assert (first.step, first.validation) == (second.step, second.validation)
    state = second.network.state_dict()
    assert all(torch.equal(tensor, state[k]) for k, tensor in first.network.state_dict().items())


def _never(step: int) -> Spots:
    raise AssertionError(f"step {step} is done already")


def test_an_early_stop_is_remembered(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"patience": 1, "validate_every": 2})
    values = iter([0.5, 0.6, 0.4])
    options = {"config": config, "validate": lambda _network: next(values)}
    assert train(tmp_path, **options).last_step == 4
    again = train(tmp_path, batch_at=_never, **options)
    assert (again.step, again.last_step, again.stopped_early) == (2, 4, True)


def test_starting_over_is_possible(tmp_path: Path, uninterrupted: Path) -> None:
    with pytest.raises(Interrupted):
        train(tmp_path, batch_at=_interrupted_at(9), seed=4)
    train(tmp_path, resume=False)
    _require_same(tmp_path, uninterrupted)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 3}, "seed"),
        ({"config": CONFIG.model_copy(update={"steps": 30})}, "steps"),
        ({"fingerprint": {"labels": "abc"}}, "labels"),
        ({"network": Toy(seed=1)}, "first weights"),
        ({"validate": None}, "validated"),
    ],
)
def test_another_training_is_not_continued(
    uninterrupted: Path, change: dict[str, object], named: str
) -> None:
    before = (uninterrupted / LAST).read_bytes()
    with pytest.raises(Mismatch, match=f"other settings or data .{named}: "):
        train(uninterrupted, **change)
    assert (uninterrupted / LAST).read_bytes() == before


def test_a_damaged_checkpoint_is_not_continued(tmp_path: Path) -> None:
    (tmp_path / LAST).write_bytes(b"no checkpoint")
    with pytest.raises(FormatError, match=r"last\.safetensors: not a whole safetensors file"):
        train(tmp_path)


def _program(folder: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-W", "error", toy_training.__file__, str(folder), "--seconds", "0.03"]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)


def _wait_for_lines(folder: Path, count: int, program: subprocess.Popen[str]) -> None:
    path, deadline = folder / "metrics.jsonl", time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert program.poll() is None, program.communicate()[1]
        assert time.monotonic() < deadline, "the training does not advance"
        time.sleep(0.005)


def test_killed_then_terminated_then_resumed(tmp_path: Path, uninterrupted: Path) -> None:
    with _program(tmp_path) as program:
        _wait_for_lines(tmp_path, 7, program)
        program.kill()
    killed_at = load_checkpoint(tmp_path / LAST).record.step
    assert killed_at % CONFIG.checkpoint_every == 0
    with _program(tmp_path) as program:
        _wait_for_lines(tmp_path, killed_at + 5, program)
        program.terminate()
        _, said = program.communicate(timeout=60)
    assert program.returncode == 130, said
    assert "Give the same command again" in said
    assert killed_at < load_checkpoint(tmp_path / LAST).record.step < CONFIG.steps
    train(tmp_path)
    _require_same(tmp_path, uninterrupted)
