"""A network that trains in moments, for tests of the training; also run as a program.

``python toy_training.py FOLDER [--seconds S] [--processes N]`` trains it in FOLDER.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from nunatak.errors import Interrupted
from nunatak.training.config import TrainingConfig
from nunatak.training.devices import open_fabric
from nunatak.training.loop import fit
from nunatak.training.progress import Fitted

CONFIG = TrainingConfig(
    steps=20,
    batch_size=4,
    learning_rate=1e-2,
    averaging=0.9,
    precision="float32",
    validate_every=6,
    checkpoint_every=4,
)

HELD_BACK = CONFIG.model_copy(update={"head_first": 0.5, "body_rate": 0.1})
HEAD = ("head.weight", "head.bias")


class Toy(nn.Module):
    """Convolutions, batch statistics and dropout: everything that carries state."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            self.convolve = nn.Conv2d(1, 4, 3, padding=1)
            self.normalise = nn.BatchNorm2d(4)
            self.drop = nn.Dropout(0.3)
            self.head = nn.Conv2d(4, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.head(self.drop(self.normalise(self.convolve(image)).relu()))
        return scores


def plain_toy() -> Toy:
    """Return a toy whose gradient of two batches is the mean of the gradients of each."""
    network = Toy()
    network.normalise = nn.Identity()  # type: ignore[assignment]
    network.drop.p = 0.0
    return network


class Spots(NamedTuple):
    """Dark spots on noise, and where they are."""

    image: Tensor
    target: Tensor


def spots_at(step: int, *, seed: int = 5, rank: int = 0) -> Spots:
    rng = np.random.default_rng([seed, rank, step])
    image = rng.normal(0, 0.3, (4, 1, 8, 8)).astype(np.float32)
    target = (rng.random((4, 1, 8, 8)) < 0.1).astype(np.float32)
    return Spots(torch.from_numpy(image - 3 * target), torch.from_numpy(target))


def loss(network: nn.Module, batch: Spots, teacher: nn.Module) -> Tensor:
    """Learn the truth and, a little, what the teacher says."""
    logits = network(batch.image)
    entropy = nn.functional.binary_cross_entropy_with_logits
    return entropy(logits, batch.target) + 0.1 * entropy(logits, teacher(batch.image).sigmoid())


def agreement(network: nn.Module) -> float:
    """A validation: minus the loss on spots that no step shows."""
    torch.rand(3)  # draws from the global generator, which must not matter to the training
    with torch.no_grad():
        batch = spots_at(0)
        logits = network(batch.image)
    return -float(nn.functional.binary_cross_entropy_with_logits(logits, batch.target))


def train(folder: Path | None, **options: Any) -> Fitted[Toy]:
    """Train the toy; ``options`` replace those of `fit`."""
    batch_at: Callable[[int], Spots] = options.pop("batch_at", spots_at)
    config, network = options.pop("config", CONFIG), options.pop("network", None)
    chosen = {"folder": folder, "validate": agreement, **options}
    return fit(network or Toy(), batch_at, loss, config, **chosen)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=0.0, help="of every step")
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    fabric = open_fabric(precision="float32", process_count=asked.processes)

    def batch_at(step: int) -> Spots:
        time.sleep(asked.seconds)
        return spots_at(step, rank=fabric.global_rank)

    network = Toy(seed=fabric.global_rank)
    try:
        fitted = train(asked.folder, batch_at=batch_at, network=network, fabric=fabric)
    except Interrupted as interruption:
        sys.stderr.write(f"{interruption}\n")
        return interruption.exit_code
    plain, held = (
        train(None, batch_at=batch_at, network=plain_toy(), fabric=fabric, validate=None, **options)
        for options in ({}, {"config": HELD_BACK, "head": HEAD})
    )
    tensors = {
        **fitted.network.state_dict(),
        **network.state_dict(prefix="last."),
        **plain.network.state_dict(prefix="plain."),
        **held.network.state_dict(prefix="held."),
    }
    values = {name: tensor.numpy() for name, tensor in tensors.items()}
    np.savez(asked.folder / f"rank{fabric.global_rank}.npz", **values)
    return 0


if __name__ == "__main__":
    sys.exit(main())
