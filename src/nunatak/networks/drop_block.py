"""DropBlock for tomograms: whole blocks of features, or of the input, go missing in training."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from nunatak.errors import BadInput

BLOCK_ZYX = (3, 5, 5)
"""The missing wedge smears every density along z, so that neighbours along z tell more about a
dropped place than neighbours along x and y do: the block is the flatter there, in the voxels of a
feature map that few of its particle's details span. Cuboids of the input have the same shape."""

LARGEST_SHARE = 0.1
"""Of a volume that dropped cuboids may cover at most."""


class DropBlock3d(nn.Module):
    """Drop blocks of feature maps while training; the identity otherwise, and at rate 0.

    Parameters
    ----------
    rate
        As in `drop_blocks`. The training schedule may change the attribute at any step; it is
        no part of the state that a model file keeps.
    block_zyx
        As in `drop_blocks`.
    """

    def __init__(self, rate: float = 0.0, block_zyx: tuple[int, int, int] = BLOCK_ZYX) -> None:
        super().__init__()
        self.rate = rate
        self.block_zyx = block_zyx

    def forward(self, features: Tensor) -> Tensor:
        """Return maps of the same shape; random numbers come from torch's own generator."""
        if not self.training or self.rate == 0.0:
            return features
        return drop_blocks(features, self.rate, self.block_zyx)


def set_drop_rate(network: nn.Module, rate: float) -> None:
    """Set the rate of every `DropBlock3d` in a network.

    Raises
    ------
    BadInput
        If the rate is not in [0, 1).
    """
    _check_rate(rate)
    for module in network.modules():
        if isinstance(module, DropBlock3d):
            module.rate = rate


def drop_blocks(
    features: Tensor,
    rate: float,
    block_zyx: tuple[int, int, int] = BLOCK_ZYX,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Set blocks of feature maps to 0, the same ones in all channels, and scale the rest up.

    Parameters
    ----------
    features : Tensor, shape (b, c, z, y, x)
    rate
        Share of the places that would be dropped if blocks never overlapped, in [0, 1). Since
        they do, about ``1 - exp(-rate)`` of them are.
    block_zyx
        Sides of a block, voxels of the feature map; a block is no larger than the map.
    generator
        Of random numbers, on the device of the features. Default: torch's own.

    Returns
    -------
    Tensor, same shape
        Each map is scaled by the inverse share of its places that are kept: the mean of a
        constant map does not change, and so the scale that the next layer sees does not either.

    Raises
    ------
    BadInput
        If the rate is not in [0, 1), or a side of the block is not positive.

    Notes
    -----
    Ghiasi et al., arXiv 1810.12890, algorithm 1 and eq. 1, in three dimensions and for blocks
    that are no cubes: a block begins at each of the places where one fits, with probability
    ``γ = rate / ∏ b · ∏ L / (L - b + 1)``. Blocks may have even sides, because a block is named
    by its first corner and not by its centre.
    """
    _check_rate(rate)
    if min(block_zyx) < 1:
        raise BadInput(f"A DropBlock of {block_zyx} voxels has no volume. Give sides from 1 on.")
    sides = features.shape[2:]
    block = tuple(min(b, side) for b, side in zip(block_zyx, sides, strict=True))
    corners = [side - b + 1 for b, side in zip(block, sides, strict=True)]
    gamma = rate / math.prod(block) * math.prod(sides) / math.prod(corners)
    noise = torch.rand(
        (features.shape[0], 1, *corners), device=features.device, generator=generator
    )
    seeds = (noise < gamma).to(features.dtype)
    # Padded by a block less one on either side, the maximum over a block is 1 wherever any
    # block that covers the place begins.
    around = [b - 1 for b in reversed(block) for _ in range(2)]
    dropped = functional.max_pool3d(functional.pad(seeds, around), block, stride=1)
    kept = 1.0 - dropped
    places = math.prod(sides)
    scale = places / kept.float().sum(dim=(2, 3, 4), keepdim=True).clamp_min(1.0)
    return features * (kept * scale).to(features.dtype)


def drop_cuboids(
    volumes: Tensor,
    largest_px: int,
    rng: np.random.Generator,
    *,
    share: float = LARGEST_SHARE,
) -> Tensor:
    """Replace cuboids of the input by noise with the spectrum of what was there.

    A cuboid of zeros would be a mark that no tomogram bears, and the network would learn to
    see it. Noise of the same mean, power spectrum and hence the same missing wedge hides the
    particle and nothing else.

    Parameters
    ----------
    volumes : Tensor, shape (b, 1, z, y, x), float32
    largest_px
        Longest side of a cuboid along x and y, voxels: at most the radius of the smallest
        particle, so that no particle is hidden altogether. Along z it is shorter as in
        `BLOCK_ZYX`. The sides are drawn from the upper half of the range, each by itself, and cut
        to the volume's.
    rng
        Draws places, sides and phases.
    share
        Largest share of each volume that is covered, in [0, 1).

    Returns
    -------
    Tensor, same shape
        A new tensor.

    Raises
    ------
    BadInput
        If the share is not in [0, 1), or the longest side is below 2 voxels.
    """
    _check_rate(share)
    if largest_px < 2:
        raise BadInput(
            f"Cuboids of {largest_px} voxel cannot hold noise. Give at least 2 voxels, or turn "
            "DropBlock on the input off for particles as small as these."
        )
    result = volumes.clone()
    shape = tuple(volumes.shape[2:])
    for volume in result[:, 0]:
        for place in _cuboids(shape, largest_px, share, rng):
            volume[place] = _same_spectrum(volume[place], rng)
    return result


def _cuboids(
    shape: tuple[int, ...], largest_px: int, share: float, rng: np.random.Generator
) -> list[tuple[slice, ...]]:
    """Draw cuboids until the next one would exceed the share, overlap counted twice."""
    left = share * math.prod(shape)
    largest = np.array([max(round(largest_px * b / max(BLOCK_ZYX)), 2) for b in BLOCK_ZYX])
    places: list[tuple[slice, ...]] = []
    while True:
        drawn = rng.integers(-(-largest // 2), largest + 1)
        sides = [min(int(s), n) for s, n in zip(drawn, shape, strict=True)]
        left -= math.prod(sides)
        if left < 0:
            return places
        starts = [int(rng.integers(n - s + 1)) for s, n in zip(sides, shape, strict=True)]
        places.append(tuple(slice(a, a + s) for a, s in zip(starts, sides, strict=True)))


def _same_spectrum(block: Tensor, rng: np.random.Generator) -> Tensor:
    """Shuffle a block's phases: those of white noise, which are a real block's, take their place.

    Mean and power are kept, the latter by Parseval's theorem.
    """
    spectrum = torch.fft.fftn(block)
    noise: NDArray[np.float32] = rng.standard_normal(tuple(block.shape), dtype=np.float32)
    phases = torch.fft.fftn(torch.from_numpy(noise).to(block))
    phases = phases / phases.abs().clamp_min(torch.finfo(block.dtype).tiny)
    phases[0, 0, 0] = 1.0
    shuffled: Tensor = torch.fft.ifftn(spectrum * phases).real
    return shuffled


def _check_rate(rate: float) -> None:
    if not 0.0 <= rate < 1.0:
        raise BadInput(f"A share of {rate:g} cannot be dropped. Give one from 0 to below 1.")
