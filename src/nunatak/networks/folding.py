"""Batch normalisation as a part of the convolution before it."""

from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norms(network: nn.Module) -> None:
    """Scale the weights of convolutions as the batch normalisations after them would their output.

    A trained normalisation is one factor and one shift a channel. Applied to the weights once it
    saves a pass over every feature map, and the rounding of that pass in half precision.

    Parameters
    ----------
    network
        In evaluation mode, changed in place: each normalisation that follows a convolution in a
        `torch.nn.Sequential` becomes the identity. It is for use only: it can neither be trained
        nor saved any more.
    """
    for module in network.modules():
        if not isinstance(module, nn.Sequential):
            continue
        for (place, layer), (next_place, after) in pairwise(list(module.named_children())):
            if isinstance(layer, nn.Conv2d | nn.Conv3d) and isinstance(
                after, nn.BatchNorm2d | nn.BatchNorm3d
            ):
                setattr(module, place, fuse_conv_bn_eval(layer, after))
                setattr(module, next_place, nn.Identity())
