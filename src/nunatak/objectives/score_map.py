"""What is known about a batch of score maps, and the loss where it is known."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from nunatak.objectives.heatmap import pixel_loss

_DISC_EDGE = 1e-3
"""Target value at which a labelled particle's disc ends: 3.7 standard deviations of its peak,
0.45 diameters with the usual 0.12."""


@dataclass(frozen=True)
class ScoreMapLabels:
    """Labels of a batch of score maps, of which some places are known and most are not.

    Attributes
    ----------
    target : Tensor, shape (b, 1, h, w), float32
        1 exactly at labelled centres, Gaussian around them, 0 far from them; see
        `nunatak.objectives.heatmap.peak_targets`.
    known : Tensor, same shape, bool
        Where the target is the truth: discs around labelled particles, and places that are
        known to be empty.
    ignored : Tensor, same shape, bool
        Where neither a hit nor a miss counts, whatever ``known`` says.
    expected : Tensor, scalar, float
        Expected number of particles on the unlabelled places of this batch.
    """

    target: Tensor
    known: Tensor
    ignored: Tensor
    expected: Tensor

    @property
    def labelled(self) -> Tensor:
        """Places that are known and count: shape (b, 1, h, w), bool."""
        return self.known & ~self.ignored

    @property
    def unlabelled(self) -> Tensor:
        """Places that may hold a particle or not: shape (b, 1, h, w), bool."""
        return ~self.known & ~self.ignored

    @property
    def discs(self) -> Tensor:
        """Places of labelled particles, without the known empty ones: (b, 1, h, w), bool."""
        return self.labelled & (self.target > _DISC_EDGE)

    @property
    def count(self) -> Tensor:
        """Number n of labelled particles whose centre counts: scalar, float32."""
        return (self.labelled & (self.target == 1.0)).sum().float()

    def to(self, device: torch.device | str) -> "ScoreMapLabels":
        """Move all parts to a device."""
        return ScoreMapLabels(*(getattr(self, field.name).to(device) for field in fields(self)))


def sum_over(places: Tensor, losses: Tensor) -> Tensor:
    """Sum losses over the places of a mask: a scalar.

    Parameters
    ----------
    places : Tensor, any shape, bool
    losses : Tensor, same shape
    """
    return torch.where(places, losses, 0.0).sum()


def known_loss(logits: Tensor, labels: ScoreMapLabels) -> Tensor:
    """Sum the focal loss over the known places: a scalar, not divided by anything.

    Parameters
    ----------
    logits : Tensor, shape (b, 1, h, w)
    labels
        Of the same batch.
    """
    return sum_over(labels.labelled, pixel_loss(logits, labels.target))
