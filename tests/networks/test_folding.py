import pytest
import torch
from torch import nn

from nunatak.networks.folding import fold_batch_norms
from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.unet import UNet
from nunatak.networks.unet3d import UNet3d

NORMS = (nn.BatchNorm2d, nn.BatchNorm3d)


def trained(network: DetectorNetwork) -> DetectorNetwork:
    """Give every normalisation statistics and scales of its own."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, NORMS):
            mean, variance = module.running_mean, module.running_var
            assert mean is not None
            assert variance is not None
            with torch.no_grad():
                mean.normal_(0.0, 0.3, generator=generator)
                variance.uniform_(0.3, 2.0, generator=generator)
                module.weight.uniform_(0.5, 1.5, generator=generator)
                module.bias.normal_(0.0, 0.3, generator=generator)
    return network.eval()


@pytest.mark.parametrize(
    ("network", "side"),
    [(UNet3d(classes=2, channels=(3, 4, 5)), (16, 24, 16)), (UNet(width=4, depth=3), (24, 32))],
)
def test_the_folded_network_gives_the_same_scores(
    network: DetectorNetwork, side: tuple[int, ...]
) -> None:
    image = torch.randn(1, 1, *side, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = trained(network)(image)
        fold_batch_norms(network)
        torch.testing.assert_close(network(image), expected, atol=1e-5, rtol=1e-5)
    assert not any(isinstance(module, NORMS) for module in network.modules())


def test_other_normalisations_stay() -> None:
    first, last = nn.BatchNorm3d(2), nn.BatchNorm3d(2)
    layers = nn.Sequential(first, nn.Conv3d(2, 2, 1), nn.ReLU(), last).eval()
    fold_batch_norms(layers)
    assert layers[0] is first
    assert layers[3] is last
