import hashlib
import zlib

import numpy as np
import pytest
import torch
from torch import nn

from nunatak.networks.resnet18 import ResNet18

# Of torchvision 0.28's resnet18(), on torch 2.13: the SHA-256 of one line "name shape" for every
# entry of its state dict, in order; and, with the weights of `filled` and in evaluation mode, the
# logits of `images` at every 125th of the 1000 classes.
NAMES_AND_SHAPES_SHA256 = "84fb10d9c6905a1cbb020b284537dc97c4f4ec55fb2a780a41152a23a2dd0e9d"
PARAMETERS = 11_689_512
LOGITS = (
    (43.942074, 8.387791, 29.672215, 3.429997, 10.015106, 27.740425, 25.786371, 12.579715),
    (52.572823, 8.700617, 29.084160, 4.054650, 15.995751, 35.131374, 24.676842, 13.811343),
)


def noise(name: str, count: int) -> np.ndarray:
    """Numbers in [-1, 1) that look random and are the same everywhere: integers modulo 2³²."""
    j = np.arange(count, dtype=np.uint64)
    mixed = (
        j * j * np.uint64(2654435761) + j * np.uint64(40503) + np.uint64(zlib.crc32(name.encode()))
    )
    return (mixed % np.uint64(2**32)).astype(np.float64) / 2**31 - 1.0


def filled(network: nn.Module) -> nn.Module:
    """Fill a network by a formula; a normalisation's scales and variances lie about 1."""
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            values = noise(name, tensor.numel()).reshape(tensor.shape)
            if tensor.ndim == 4:
                values *= np.sqrt(6.0 / np.prod(tensor.shape[1:]))
            elif name.endswith(("running_var", "weight")) and tensor.ndim == 1:
                values = 1.0 + 0.5 * values
            else:
                values *= 0.1
            tensor.copy_(torch.from_numpy(values))
    return network.eval()


def images() -> torch.Tensor:
    """Sides that no stride divides, so that a wrong padding shows."""
    return torch.from_numpy(noise("images", 2 * 3 * 61 * 75).reshape(2, 3, 61, 75)).float()


def test_parameters_have_the_names_and_shapes_of_the_field() -> None:
    with torch.device("meta"):
        network = ResNet18()
    lines = [f"{name} {tuple(tensor.shape)}" for name, tensor in network.state_dict().items()]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == NAMES_AND_SHAPES_SHA256
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS


def test_logits_are_the_reference_s() -> None:
    with torch.inference_mode():
        logits = filled(ResNet18())(images())
    assert logits.shape == (2, 1000)
    torch.testing.assert_close(logits[:, ::125], torch.tensor(LOGITS), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("width", "in_channels"), [(8, 2), (12, 1)])
def test_other_widths_and_channels(width: int, in_channels: int) -> None:
    network = ResNet18(width, in_channels, classes=None).eval()
    crops = torch.randn(3, in_channels, 64, 64)
    features = network(crops)
    assert features.shape == (3, 8 * width)
    assert network.feature_maps(crops).shape == (3, 8 * width, 2, 2)
    assert "fc.weight" not in network.state_dict()
    torch.testing.assert_close(features, network.features(crops))


def test_an_untrained_network_keeps_the_scale_of_its_input() -> None:
    torch.manual_seed(0)
    maps = ResNet18(16, 2, classes=None)(torch.randn(4, 2, 64, 64))
    assert 0.1 < maps.std() < 10.0


def convolutions_at_work(network: ResNet18, crops: torch.Tensor) -> dict[str, tuple[int, ...]]:
    """Shapes of what every convolution of a network is given."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(
                lambda _, given, name=name: shapes.__setitem__(name, tuple(given[0].shape))
            )
    network.features(crops)
    return shapes


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_gradients_in_bfloat16_agree_with_float32_down_to_2_by_2(
    layout: torch.memory_format,
) -> None:
    # Some builds of the matrix library get weight gradients of tiny maps wrong in three
    # dimensions. Each convolution is tried by itself: over the whole network rounding turns
    # ReLUs on and off, and the comparison would tell nothing.
    torch.manual_seed(0)
    network = ResNet18(32, 2, classes=None).to(memory_format=layout)
    shapes = convolutions_at_work(network, torch.randn(5, 2, 64, 64))
    assert shapes["layer4.1.conv2"] == (5, 256, 2, 2)
    assert len(shapes) == 20
    for name, shape in shapes.items():
        conv = network.get_submodule(name).bfloat16().float()
        x = torch.randn(shape).bfloat16().float().contiguous(memory_format=layout)
        x.requires_grad_()
        y = conv(x)
        pull = torch.randn_like(y).bfloat16().float()
        exact = torch.autograd.grad(y, (x, conv.weight), pull)
        with torch.autocast("cpu", torch.bfloat16):
            rounded_y = conv(x)
        rounded = torch.autograd.grad(rounded_y, (x, conv.weight), pull.bfloat16())
        for one, other in zip(exact, rounded, strict=True):
            assert ((other - one).norm() / one.norm()).item() < 0.02, name
