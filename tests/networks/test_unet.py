import pytest
import torch

from nunatak.networks.unet import UNet


@pytest.mark.parametrize(("classes", "width", "depth"), [(1, 4, 2), (3, 6, 4)])
def test_shape_of_the_scores(classes: int, width: int, depth: int) -> None:
    network = UNet(classes=classes, width=width, depth=depth).eval()
    side = network.size_multiple
    scores = network(torch.zeros(2, 1, 3 * side, 2 * side))
    assert scores.shape == (2, classes, 3 * side // 2, 2 * side // 2)


def test_untrained_network_expects_few_particles() -> None:
    torch.manual_seed(0)
    scores = torch.sigmoid(UNet(width=8, depth=3).eval()(torch.randn(1, 1, 64, 64)))
    assert scores.mean() < 0.1


def test_mirroring_the_network_mirrors_the_scores() -> None:
    # All kernels mirrored: the output must be mirrored exactly, i.e. no level shifts the frame.
    torch.manual_seed(0)
    network = UNet(width=4, depth=3).eval()
    image = torch.randn(1, 1, 64, 64)
    plain = network(image)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.copy_(parameter.flip(-1))
    torch.testing.assert_close(network(image.flip(-1)).flip(-1), plain, atol=1e-5, rtol=1e-4)


def test_the_scores_are_made_from_the_features() -> None:
    torch.manual_seed(0)
    network = UNet(classes=2, width=4, depth=3).eval()
    image = torch.randn(2, 1, 64, 48)
    scores, features = network.looked_at(image)
    assert features.shape == (2, network.hidden_channels, 32, 24)
    torch.testing.assert_close(scores, network(image))
    torch.testing.assert_close(network.head(features), scores)
