import math

import numpy as np
import pytest
import torch

from nunatak.networks.drop_block import DropBlock3d, set_drop_rate
from nunatak.networks.unet3d import PRESETS, UNet3d, split_heads, unshuffled


@pytest.mark.parametrize(("classes", "channels"), [(1, (4,)), (3, (4, 6)), (2, (3, 4, 5))])
def test_shape_of_the_two_heads(classes: int, channels: tuple[int, ...]) -> None:
    network = UNet3d(classes=classes, channels=channels).eval()
    side = network.size_multiple
    logits, offset_px = split_heads(network(torch.randn(2, 1, 2 * side, side, 3 * side)))
    assert logits.shape == (2, classes, side, side // 2, 3 * side // 2)
    assert offset_px.shape == (2, 3, side, side // 2, 3 * side // 2)
    assert offset_px.abs().max() < network.output_stride


def test_untrained_network_expects_a_peak_in_a_hundred_voxels() -> None:
    torch.manual_seed(0)
    network = UNet3d(classes=2).eval()
    torch.nn.init.zeros_(network.heatmap.weight)
    logits, _ = split_heads(network(torch.randn(1, 1, 16, 16, 16)))
    np.testing.assert_allclose(torch.sigmoid(logits).detach().numpy(), 0.01, rtol=1e-3)


def test_presets_grow() -> None:
    sizes = [
        sum(weight.numel() for weight in UNet3d(classes=6, channels=channels).parameters())
        for channels in PRESETS.values()
    ]
    assert list(PRESETS) == ["small", "medium", "large"]
    assert 250_000 < sizes[0] < 400_000
    assert 3 * sizes[0] < sizes[1] < sizes[2] / 3


def test_unshuffling_orders_channels_by_z_y_x() -> None:
    volume = torch.arange(4 * 2 * 6.0).reshape(1, 1, 4, 2, 6)
    channels = unshuffled(volume)
    assert channels.shape == (1, 8, 2, 1, 3)
    for dz, dy, dx in np.ndindex(2, 2, 2):
        assert torch.equal(channels[0, 4 * dz + 2 * dy + dx], volume[0, 0, dz::2, dy::2, dx::2])


@pytest.mark.parametrize("axis", [-1, -2, -3])
def test_mirroring_the_network_mirrors_the_scores(axis: int) -> None:
    # All kernels mirrored: the output must be mirrored exactly, i.e. no level shifts the frame.
    torch.manual_seed(0)
    network = UNet3d(channels=(3, 4, 5)).eval()
    volume = torch.randn(1, 1, 16, 24, 16)
    plain = network(volume)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 5:
                parameter.copy_(parameter.flip(axis))
        stem = network.stem[0][0].weight
        # Channels of the stem are places too: 4 dz + 2 dy + dx.
        parities = stem.reshape(stem.shape[0], 2, 2, 2, 3, 3, 3)
        stem.copy_(parities.flip({-1: 3, -2: 2, -3: 1}[axis]).reshape(stem.shape))
    mirrored = network(volume.flip(axis)).flip(axis)
    torch.testing.assert_close(mirrored, plain, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_context_covers_the_receptive_field(depth: int) -> None:
    network = UNet3d(channels=(1,) * depth).double().eval().requires_grad_(requires_grad=False)
    for parameter in network.parameters():
        parameter.abs_().add_(0.1)
    cell = network.size_multiple
    volume = torch.rand(1, 1, 4 * network.context_px, cell, cell, dtype=torch.float64)
    volume.requires_grad_()
    first = volume.shape[2] // 2
    split_heads(network(volume))[0][0, 0, first // 2 : (first + cell) // 2].sum().backward()
    assert volume.grad is not None
    reached = np.flatnonzero(volume.grad[0, 0].abs().sum(dim=(1, 2)).numpy())
    reach = max(first - reached.min(), reached.max() - (first + cell - 1))
    assert network.context_px / 3 < reach <= network.context_px


def test_blocks_are_dropped_in_training_and_below_the_finest_level() -> None:
    network = UNet3d(channels=(3, 4, 5), drop_rate=0.5)
    blocks = [module for module in network.modules() if isinstance(module, DropBlock3d)]
    assert len(blocks) == 2
    volume = torch.randn(1, 1, 32, 32, 32)
    network.eval()
    assert torch.equal(network(volume), network(volume))
    network.train()
    assert not torch.equal(network(volume), network(volume))
    set_drop_rate(network, 0.0)
    assert [block.rate for block in blocks] == [0.0, 0.0]
    assert torch.equal(network(volume), network(volume))
    assert not any("drop" in name for name in network.state_dict())


def test_heads_stay_in_full_precision() -> None:
    torch.manual_seed(0)
    network = UNet3d(channels=(4, 4)).eval()
    volume = torch.randn(1, 1, 16, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        low = network(volume)
    assert low.dtype == torch.float32
    # The last rounding would leave 8 bits of every score.
    assert not torch.equal(low, low.bfloat16().float())
    assert (low - network(volume)).abs().max() < 0.05


def test_gradients_reach_every_weight_and_agree_with_finite_differences() -> None:
    torch.manual_seed(1)
    network = UNet3d(channels=(2, 2), classes=2).double()
    volume = torch.randn(1, 1, 8, 8, 8, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(1, 5, 4, 4, 4, dtype=torch.float64)

    def loss() -> torch.Tensor:
        return (network(volume) * weights).sum()

    loss().backward()
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        assert parameter.grad is not None
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        step = 1e-6 * direction
        with torch.no_grad():
            ahead = parameter.add_(step) is not None and loss()
            behind = parameter.sub_(2 * step) is not None and loss()
            parameter.add_(step)
        slope = (parameter.grad * direction).sum().item()
        assert (ahead - behind).item() / 2e-6 == pytest.approx(slope, rel=1e-3, abs=1e-4)
    assert math.isfinite(loss().item())
