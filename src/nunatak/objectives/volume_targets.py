"""What a 3D detector should answer: Gaussian peaks a class, and the way to the nearest centre."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

REACH_SIGMAS = 4.0
"""Where a peak ends: its value is 3e-4 there, and its weight in the loss differs by as much."""

POSITIVE_SHARE = 0.5
"""Of a peak's highest voxel; voxels above it are where a hit counts."""


@dataclass(frozen=True)
class VolumeTargets:
    """Targets of one volume; those of a batch have one more axis before all others.

    Attributes
    ----------
    heatmap : Tensor, shape (classes, mz, my, mx), float32
        Gaussians around particles, the maximum where they overlap; 1 only where a centre is the
        centre of a voxel.
    positive : Tensor, same shape, float32
        How much a hit counts: shares that sum to 1 for every particle, in proportion to its
        peak and over the voxels above half of the peak's highest.
    offset_px : Tensor, shape (3, mz, my, mx), float32
        From the voxel's centre to the nearest of the particles that it is ``inside`` of, of any
        class, along x, y, z, voxels of the volume; cut to what the network can answer, ± the
        stride. 0 elsewhere.
    inside : Tensor, shape (1, mz, my, mx), bool
        Within one standard deviation of a particle's centre, where the offset counts.
    """

    heatmap: Tensor
    positive: Tensor
    offset_px: Tensor
    inside: Tensor

    def to(self, device: torch.device | str) -> "VolumeTargets":
        """Move all parts to a device."""
        return VolumeTargets(*(getattr(self, field.name).to(device) for field in fields(self)))


def stack_targets(volumes: Sequence[VolumeTargets]) -> VolumeTargets:
    """Make a batch of targets of one shape."""
    parts = ([getattr(volume, field.name) for volume in volumes] for field in fields(VolumeTargets))
    return VolumeTargets(*(torch.stack(part) for part in parts))


def peak_sigma_px(radius_px: float, *, stride: int) -> float:
    """Width of a particle's peak: about a third of its radius, at least an output voxel.

    Parameters
    ----------
    radius_px
        Of the particle, voxels of the volume.
    stride
        Voxels of the volume an output voxel.

    Notes
    -----
    A sixth of the particle's diameter counted in voxels, ``(2 r + 1) / 6``, as Zhou et al.
    (CenterNet, arXiv 1904.07850) draw the peaks of an object. Narrower ones than the floor would
    have a single voxel, whose height depends on where in it the centre lies.

    Examples
    --------
    >>> [round(peak_sigma_px(r, stride=2), 2) for r in (15, 6, 3)]
    [5.17, 2.17, 2.0]
    """
    return max((2.0 * radius_px + 1.0) / 6.0, float(stride))


def volume_targets(
    centres_px: Tensor,
    class_index: Tensor,
    sigma_px: Sequence[float],
    *,
    shape: tuple[int, int, int],
    stride: int,
    origin_px: float,
) -> VolumeTargets:
    """Draw the targets of a volume's particles at their exact places.

    Parameters
    ----------
    centres_px : Tensor, shape (k, 3), float32
        Columns x, y, z, voxels of the volume. Those outside it only lend their flanks to it.
    class_index : Tensor, shape (k,), int64
        Of each particle.
    sigma_px
        One number a class, voxels of the volume; see `peak_sigma_px`.
    shape
        ``(mz, my, mx)`` of the network's output.
    stride, origin_px
        Of the network's output: its voxel ``j`` is centred on volume position
        ``stride j + origin_px``.

    Returns
    -------
    VolumeTargets
    """
    targets = VolumeTargets(
        heatmap=torch.zeros(len(sigma_px), *shape),
        positive=torch.zeros(len(sigma_px), *shape),
        offset_px=torch.zeros(3, *shape),
        inside=torch.zeros(1, *shape, dtype=torch.bool),
    )
    nearest = torch.full(shape, math.inf)
    positions = (centres_px.double().cpu() - origin_px) / stride
    for position, class_ in zip(positions.tolist(), class_index.tolist(), strict=True):
        sigma = sigma_px[class_] / stride
        box = _around(position, REACH_SIGMAS * sigma, shape)
        if box is None:
            continue
        to_centre = _displacement(position, box)
        distance_squared = (to_centre**2).sum(dim=0)
        peak = torch.exp(-0.5 * distance_squared / sigma**2)
        heatmap = targets.heatmap[class_][box]
        heatmap[...] = torch.maximum(heatmap, peak)
        if all(-0.5 <= p <= n - 0.5 for p, n in zip(position, reversed(shape), strict=True)):
            share = torch.where(peak > POSITIVE_SHARE * peak.max(), peak, 0.0)
            targets.positive[class_][box] += share / share.sum()
        closest = (distance_squared < sigma**2) & (distance_squared < nearest[box])
        nearest[box][closest] = distance_squared[closest]
        targets.inside[0][box][closest] = True
        way = (stride * to_centre).clamp(-stride, stride)
        targets.offset_px[:, *box][:, closest] = way[:, closest]
    return targets


def inside_balls(
    balls_px: Tensor, *, shape: tuple[int, int, int], stride: int, origin_px: float
) -> Tensor:
    """Tell which output voxels lie inside balls: what is to be ignored, or what is known.

    Parameters
    ----------
    balls_px : Tensor, shape (m, 4), float32
        Columns x, y, z, radius, voxels of the volume.
    shape, stride, origin_px
        As in `volume_targets`.

    Returns
    -------
    Tensor, shape (mz, my, mx), bool
    """
    inside = torch.zeros(shape, dtype=torch.bool)
    for x, y, z, radius_px in balls_px.double().tolist():
        position = [(p - origin_px) / stride for p in (x, y, z)]
        radius = radius_px / stride
        box = _around(position, radius, shape)
        if box is not None:
            inside[box] |= (_displacement(position, box) ** 2).sum(dim=0) < radius**2
    return inside


def _around(
    position: Sequence[float], reach: float, shape: tuple[int, int, int]
) -> tuple[slice, ...] | None:
    """Box ``[z, y, x]`` of the voxels that lie within reach; None if there is none."""
    box = []
    for centre, length in zip(reversed(position), shape, strict=True):
        start = max(math.ceil(centre - reach), 0)
        stop = min(math.floor(centre + reach) + 1, length)
        if start >= stop:
            return None
        box.append(slice(start, stop))
    return tuple(box)


def _displacement(position: Sequence[float], box: tuple[slice, ...]) -> Tensor:
    """Way from every voxel of a box ``[z, y, x]`` to a position (x, y, z): (3, ...), float32."""
    axes = [
        centre - torch.arange(along.start, along.stop, dtype=torch.float64)
        for centre, along in zip(reversed(position), box, strict=True)
    ]
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([x, y, z]).float()
