"""Small models whose behaviour is known."""

import pytest

from nunatak.detection.header import ModelHeader, NetworkSpec, UNetParameters
from nunatak.detection.model import DetectorModel
from nunatak.images import normalise
from nunatak.networks.unet import UNet


@pytest.fixture(scope="session")
def blob_detector() -> DetectorModel:
    """A detector made by hand: its logit is 4 × (mean darkness of 6 × 6 pixels) - 6."""
    parameters = UNetParameters(classes=1, width=1, depth=1)
    network = UNet(**parameters.model_dump()).eval().requires_grad_(requires_grad=False)
    first, shortcut = network.stem[0], network.stem[1].second
    first[0].weight.fill_(-1 / 36)
    shortcut[0].weight.zero_()
    network.head.weight.fill_(4.0)
    network.head.bias.fill_(-6.0)
    header = ModelHeader(
        name="blob", network=NetworkSpec(parameters=parameters), normalisation=normalise.VERSION
    )
    return DetectorModel(header, network)
