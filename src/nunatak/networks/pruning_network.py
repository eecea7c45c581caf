"""The classifier of picks: a ResNet-18 with two branches of one goal."""

import math
from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from nunatak.networks.folding import fold_batch_norms
from nunatak.networks.resnet18 import BasicBlock, ResNet18

_PAIRS = (("conv1", "bn1"), ("conv2", "bn2"))
"""Layers of a residual block that follow each other; the stem of the backbone has the first."""


class BranchOutput(NamedTuple):
    """What the classifier says of n crops.

    Attributes
    ----------
    first, second : Tensor, shape (n, classes)
        Logits of both branches.
    embedding : Tensor, shape (n, feature_channels)
        The backbone's features, before either branch.
    category : Tensor, shape (n, categories), or None
        Logits of the pre-training's finer task, where the network has that head.
    """

    first: Tensor
    second: Tensor
    embedding: Tensor
    category: Tensor | None


class PruningNetwork(nn.Module):
    """Tell particles from junk, twice from the same feature maps.

    Parameters
    ----------
    width
        Of the backbone: see `ResNet18`.
    in_channels
        Of the crops.
    classes
        Outputs of each branch.
    categories
        Outputs of a third head, for training on simulated complexes and kinds of junk; 0 leaves
        it out.

    Notes
    -----
    Li et al., doi 10.1089/cmb.2022.0101: a second branch compresses the feature maps F to half
    their channels by a 1 × 1 convolution, and both branches, with a loss each, drive the
    backbone (see `nunatak.objectives.two_branch`). The published network says no more about the
    branches; here ``z1 = W1 mean(F)`` and ``z2 = W2 mean(relu(bn(conv(F))))``.
    """

    def __init__(
        self, *, width: int = 32, in_channels: int = 2, classes: int = 8, categories: int = 0
    ) -> None:
        super().__init__()
        self.backbone = ResNet18(width, in_channels, classes=None)
        channels = self.backbone.feature_channels
        self.first = nn.Linear(channels, classes)
        self.compress = nn.Sequential(
            nn.Conv2d(channels, channels // 2, 1, bias=False),
            nn.BatchNorm2d(channels // 2),
            nn.ReLU(inplace=True),
        )
        self.second = nn.Linear(channels // 2, classes)
        self.category = nn.Linear(channels, categories) if categories else None

    def forward(self, crops: Tensor) -> BranchOutput:
        """Classify crops.

        Parameters
        ----------
        crops
            Shape ``(n, in_channels, side, side)``.

        Returns
        -------
        BranchOutput
        """
        maps = self.backbone.feature_maps(crops)
        embedding = maps.mean(dim=(2, 3))
        return BranchOutput(
            self.first(embedding),
            self.second(self.compress(maps).mean(dim=(2, 3))),
            embedding,
            None if self.category is None else self.category(embedding),
        )


def log_probability(output: BranchOutput) -> Tensor:
    """Logarithm of the mean of both branches' soft-maxes.

    Parameters
    ----------
    output
        Logits of n crops.

    Returns
    -------
    Tensor, shape (n, classes), at least float32
        Finite, however small the probability.
    """
    first, second = (
        branch.to(torch.promote_types(branch.dtype, torch.float32)).log_softmax(dim=1)
        for branch in (output.first, output.second)
    )
    return torch.logaddexp(first, second) - math.log(2.0)


def freeze_batch_norm(network: nn.Module) -> None:
    """Keep the statistics of all batch normalisations as they are while the rest trains.

    A few labelled crops give no statistics worth having; their scales and shifts still learn.
    `torch.nn.Module.train` undoes it: call this after it.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def folded(network: PruningNetwork) -> PruningNetwork:
    """Copy a network for use only, with each batch normalisation in the convolution before it.

    See `nunatak.networks.folding.fold_batch_norms`, which knows sequences; the residual blocks
    are none, but name their layers in pairs.
    """
    copied = deepcopy(network).eval().requires_grad_(requires_grad=False)
    fold_batch_norms(copied)
    for module in copied.modules():
        if isinstance(module, BasicBlock | ResNet18):
            for conv, norm in _PAIRS[: 2 if isinstance(module, BasicBlock) else 1]:
                fused = fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm))
                setattr(module, conv, fused)
                setattr(module, norm, nn.Identity())
    return copied
