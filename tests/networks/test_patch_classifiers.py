"""Patch classifiers: published sizes, and the same scores for patches and for whole images."""

from collections.abc import Iterator
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.networks.plain_classifiers import Conv31, Conv63, Conv127
from nunatak.networks.registry import build
from nunatak.networks.residual_classifiers import ResNet8, ResNet16
from nunatak.networks.specs import NetworkSpec

KINDS = [
    *product(["ResNet8", "ResNet16"], ["none", "max"]),
    *product(["Conv31", "Conv63", "Conv127"], ["none", "max", "avg"]),
]


def random_network(name: str, **parameters: object) -> PatchClassifier:
    """A small network, alive, whose batch normalisation is not the identity."""
    torch.manual_seed(5)
    scaling = {"unit_scaling": 1} if name.startswith("Conv") else {}
    spec = NetworkSpec.model_validate(
        {"name": name, "parameters": {"units": 3, "classes": 2, **scaling, **parameters}}
    )
    network = build(spec).eval().requires_grad_(requires_grad=False)
    assert isinstance(network, PatchClassifier)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
        elif isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=(2 / module.weight[0].numel()) ** 0.5)
    return network


def patches(image: Tensor, side: int, every: int = 1) -> Iterator[Tensor]:
    """The patch around every pixel, row by row, zeros beyond the border."""
    padded = functional.pad(image, (side // 2,) * 4)
    ny, nx = image.shape[-2:]
    for y, x in product(range(0, ny, every), range(0, nx, every)):
        yield padded[0, :, y : y + side, x : x + side]


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(("name", "pooling"), KINDS)
def test_dense_equals_patch_by_patch(name: str, pooling: str, batch_norm: bool) -> None:
    network = random_network(name, pooling=pooling, batch_norm=batch_norm)
    image = torch.randn(1, 1, 7, 10)
    one_by_one = network.classify(torch.stack(list(patches(image, network.receptive_field_px))))
    dense = network(image)
    assert dense.shape == (1, 2, 7, 10)
    assert dense.std() > 0.02
    torch.testing.assert_close(dense[0].flatten(1).T, one_by_one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stride", [2, 4])
@pytest.mark.parametrize(
    ("name", "pooling"), [("ResNet8", "max"), ("ResNet16", "none"), ("Conv63", "avg")]
)
def test_coarser_output_leaves_logits_out(name: str, pooling: str, stride: int) -> None:
    fine = random_network(name, pooling=pooling)
    coarse = random_network(name, pooling=pooling, output_stride=stride)
    image = torch.randn(2, 1, 12, 20)
    assert coarse.size_multiple == coarse.output_stride == stride
    torch.testing.assert_close(coarse(image), fine(image)[..., ::stride, ::stride])


@pytest.mark.parametrize(
    ("network", "receptive_field_px", "parameters"),
    [
        # Weights and biases without batch normalisation are those of the published files.
        (ResNet8(units=32, batch_norm=False), 71, 328_801),
        (ResNet16(units=32, batch_norm=False), 91, 458_145),
        (ResNet16(units=64, batch_norm=False), 91, 1_827_649),
        (ResNet8(units=32), 71, 329_249),
        (ResNet16(units=32), 91, 458_913),
        (ResNet16(units=64), 91, 1_829_185),
        (ResNet8(pooling="max"), 77, 329_249),
        (ResNet16(pooling="max"), 97, 458_913),
        (Conv31(unit_scaling=1), 31, 52_996),
        (Conv63(unit_scaling=1), 63, 78_661),
        (Conv127(unit_scaling=1), 127, 104_326),
        (Conv31(unit_scaling=2), 31, 258_148),
        (Conv63(unit_scaling=2), 63, 1_077_989),
        (Conv127(unit_scaling=2), 127, 4_356_070),
        (Conv31(pooling="max"), 37, 258_148),
    ],
)
def test_published_sizes(
    network: PatchClassifier, receptive_field_px: int, parameters: int
) -> None:
    assert network.receptive_field_px == receptive_field_px
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_nothing_beyond_the_context_matters() -> None:
    network = random_network("ResNet8", batch_norm=False).double()
    for parameter in network.parameters():
        parameter.abs_()  # every pixel of the receptive field moves the output
    image = torch.rand(1, 1, 150, 1, dtype=torch.float64)
    changed = image.clone()
    changed[:, :, 75] += 9.0
    moved = (network(changed) - network(image)).abs().amax(dim=(0, 1, 3)).nonzero()[:, 0]
    assert moved.min() == 75 - network.context_px
    assert moved.max() == 75 + network.context_px


def test_features_are_what_the_classifier_sees() -> None:
    network = random_network("Conv31")
    batch = torch.randn(4, 1, 31, 31)
    features = network.features(batch)
    assert features.shape == (4, network.feature_channels)
    weight, bias = network.head.weight[:, :, 0, 0], network.head.bias
    torch.testing.assert_close(features @ weight.T + bias, network.classify(batch))


def test_patches_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="patches of 31 × 31 pixels wanted"):
        random_network("Conv31").classify(torch.zeros(1, 1, 33, 33))


def test_dropout_thins_in_training_only() -> None:
    network = random_network("Conv31", dropout=0.5)
    batch = torch.randn(3, 1, 31, 31)
    assert torch.equal(network.features(batch), network.features(batch))
    network.train()
    assert not torch.equal(network.features(batch), network.features(batch))


def test_batch_statistics_of_dense_training_are_those_of_every_pixel() -> None:
    # All phases pass a normalisation together, so that training sees one batch and not sixteen.
    network = random_network("ResNet8").train()
    before = network.layers[4].norm.num_batches_tracked.item()
    network(torch.randn(2, 1, 16, 16))
    assert network.layers[4].norm.num_batches_tracked.item() == before + 1
