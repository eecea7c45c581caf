from collections.abc import Iterator

import pytest
import torch
from torch import nn

from nunatak.errors import NunatakError
from nunatak.networks.unet import UNet
from nunatak.training.batches import Batch
from nunatak.training.loop import TrainingConfig, fit


def _spots(seed: int) -> Iterator[Batch]:
    """Dark spots two pixels wide on noise."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        image = 0.3 * torch.randn(8, 1, 32, 32, generator=generator)
        target = torch.zeros(8, 1, 16, 16)
        for index in range(8):
            y, x = torch.randint(1, 15, (2,), generator=generator).tolist()
            image[index, 0, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2] -= 4.0
            target[index, 0, y, x] = 1.0
        yield Batch(image, target, torch.ones_like(target))


def _small() -> UNet:
    torch.manual_seed(0)
    return UNet(width=4, depth=2)


_CONFIG = TrainingConfig(
    steps=60, batch_size=8, learning_rate=1e-2, averaging=0.9, precision="float32"
)


def test_learns_to_find_spots() -> None:
    losses: list[float] = []
    network = fit(_small(), _spots(1), _CONFIG, on_step=lambda _step, loss: losses.append(loss))
    assert len(losses) == 60
    assert losses[-1] < 0.3 * losses[0]
    batch = next(_spots(2))
    with torch.no_grad():
        scores = network(batch.image).flatten(1)
    found = scores.argmax(dim=1) == batch.target.flatten(1).argmax(dim=1)
    assert found.float().mean() >= 7 / 8
    assert not network.training


def test_one_seed_one_result() -> None:
    config = _CONFIG.model_copy(update={"steps": 5})
    first, second = (fit(_small(), _spots(1), config).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_result_is_the_average_not_the_last_step() -> None:
    config = _CONFIG.model_copy(update={"steps": 5, "averaging": 0.99})
    last = _small()
    averaged = fit(last, _spots(1), config)
    assert not torch.equal(averaged.head.weight, last.head.weight)  # type: ignore[union-attr, arg-type]


def test_divergence_is_reported_with_its_step() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image[:, :, ::2, ::2] * self.scale * float("nan")

    with pytest.raises(NunatakError, match="the loss of step 1 is nan"):
        fit(Broken(), _spots(1), _CONFIG)
