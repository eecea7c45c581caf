"""One training by two processes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import toy_training
from toy_training import HEAD, HELD_BACK, Spots, Toy, plain_toy, spots_at, train

from nunatak.training.metrics import read_metrics

TIMEOUT_S = 120


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    words = [sys.executable, "-W", "error", toy_training.__file__, str(folder), "--processes", "2"]
    run = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert run.returncode == 0, f"{run.returncode}: {run.stderr}"
    return folder


def test_both_end_with_the_same_weights(trained: Path) -> None:
    with np.load(trained / "rank0.npz") as first, np.load(trained / "rank1.npz") as second:
        assert len(first.files) == 2 * len(Toy().state_dict()) + 2 * len(plain_toy().state_dict())
        for name in first.files:
            assert np.array_equal(first[name], second[name]), name


@pytest.mark.parametrize(
    ("name", "options"),
    [("plain", {}), ("held", {"config": HELD_BACK, "head": HEAD})],
    ids=["plain", "head first"],
)
def test_gradients_are_averaged(trained: Path, name: str, options: dict[str, Any]) -> None:
    def both(step: int) -> Spots:
        first, second = spots_at(step), spots_at(step, rank=1)
        return Spots(
            torch.cat([first.image, second.image]), torch.cat([first.target, second.target])
        )

    together = train(None, batch_at=both, network=plain_toy(), validate=None, **options).network
    with np.load(trained / "rank1.npz") as found:
        for key, tensor in together.state_dict().items():
            assert found[f"{name}.{key}"] == pytest.approx(tensor.numpy(), abs=1e-5), key


def test_only_the_first_writes(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    results = {"rank0.npz", "rank1.npz"}
    assert names - results == {"last.safetensors", "best.safetensors", "metrics.jsonl"}
    assert [entry.step for entry in read_metrics(trained / "metrics.jsonl")] == list(range(21))
