"""Small models whose behaviour is known."""

from collections.abc import Callable
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import torch

from nunatak.detection.header import ModelHeader, NetworkSpec, UNetParameters
from nunatak.detection.model import DetectorModel
from nunatak.images import normalise
from nunatak.networks.unet import UNet


@pytest.fixture
def tiny_header() -> ModelHeader:
    parameters = UNetParameters(classes=1, width=4, depth=2)
    return ModelHeader(
        name="tiny",
        network=NetworkSpec(parameters=parameters),
        normalisation=normalise.VERSION,
        provenance={"recipe": "none", "seeds": [1, 2]},
    )


@pytest.fixture
def tiny_model(tiny_header: ModelHeader) -> DetectorModel:
    """A network with fixed random weights: its scores mean nothing but never change."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = UNet(**tiny_header.network.parameters.model_dump())
    return DetectorModel(tiny_header, network.eval().requires_grad_(requires_grad=False))


@pytest.fixture
def blob_model() -> DetectorModel:
    """A detector made by hand: it answers to what is darker than its surroundings.

    Its only feature is the mean of 6 × 6 pixels with the sign turned, so that a smooth dark
    spot has one peak, at its centre.
    """
    parameters = UNetParameters(classes=1, width=1, depth=1)
    network = UNet(**parameters.model_dump()).eval().requires_grad_(requires_grad=False)
    first, shortcut = network.stem[0], network.stem[1].second
    first[0].weight.fill_(-1 / 36)
    shortcut[0].weight.zero_()
    network.head.weight.fill_(4.0)
    network.head.bias.fill_(-6.0)
    header = ModelHeader(
        name="blob",
        network=NetworkSpec(parameters=parameters),
        normalisation=normalise.VERSION,
        score_floor=0.05,
    )
    return DetectorModel(header, network, sha256="blob")


PIXEL_SIZE_A = 2.0
DIAMETER_A = 120.0


@pytest.fixture
def write_spots() -> Callable[..., np.ndarray]:
    """Write a noisy micrograph of smooth spots, return their centres (x, y)."""

    def write(
        path: Path,
        *,
        shape: tuple[int, int] = (700, 601),
        count: int = 12,
        seed: int = 0,
        light: bool = False,
        pixel_size_A: float = PIXEL_SIZE_A,
    ) -> np.ndarray:
        rng = np.random.default_rng(seed)
        spacing = DIAMETER_A / PIXEL_SIZE_A
        centres: list[np.ndarray] = []
        while len(centres) < count:
            point = rng.uniform(spacing, np.array(shape[::-1]) - spacing)
            if all(np.hypot(*(point - other)) > 1.5 * spacing for other in centres):
                centres.append(point)
        rows, columns = np.indices(shape)
        image = rng.standard_normal(shape)
        for x, y in centres:
            distance_squared = (rows - y) ** 2 + (columns - x) ** 2
            image -= 1.3 * np.exp(-0.5 * distance_squared / (spacing / 5) ** 2)
        with mrcfile.new(path, overwrite=True) as file:
            file.set_data((-image if light else image).astype(np.float32))
            file.voxel_size = pixel_size_A
        return np.array(centres).reshape(-1, 2)

    return write
