"""Small models whose behaviour is known."""

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
