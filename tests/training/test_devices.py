"""Devices, and what stays light without them."""

import subprocess
import sys
from dataclasses import dataclass
from typing import NamedTuple

import torch

from nunatak.training.devices import moved, open_fabric


@dataclass(frozen=True)
class _Labels:
    target: torch.Tensor
    name: str


class _Batch(NamedTuple):
    image: torch.Tensor
    labels: _Labels


def test_every_tensor_of_a_batch_moves() -> None:
    image = torch.randn(2, 3, 4, 4)
    batch = _Batch(image, _Labels(torch.ones(2, dtype=torch.bool), "x"))
    found = moved(({"batch": [batch]}, 3), torch.device("meta"))
    assert found[1] == 3
    inner = found[0]["batch"][0]
    assert isinstance(inner, _Batch)
    assert inner.image.device == inner.labels.target.device == torch.device("meta")
    assert inner.labels.name == "x"
    assert inner.image.is_contiguous(memory_format=torch.channels_last)


def test_the_precision_is_that_of_the_convolutions() -> None:
    convolve = torch.nn.Conv2d(1, 1, 3)
    for precision, dtype in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        fabric = open_fabric("cpu", precision=precision)  # type: ignore[arg-type]
        with fabric.autocast():
            assert convolve(torch.zeros(1, 1, 3, 3)).dtype == dtype
        assert fabric.world_size == 1


def test_picking_does_without_lightning() -> None:
    program = "import sys, nunatak.detection.pick; print('lightning_fabric' in sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert output.stdout == "False\n"
