"""Non-negative PU on class heatmaps: each class's labelled particles stand for its unlabelled."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from nunatak.objectives.focal import voxel_losses
from nunatak.objectives.nonnegative_pu import non_negative

BALL_EDGE = 1e-3
"""Target value at which a labelled particle's ball ends: 3.7 standard deviations of its peak."""


@dataclass(frozen=True)
class VolumeLabels:
    """Labels of a batch of volumes, of which some places are known and most are not.

    Attributes
    ----------
    heatmap, positive : Tensor, shape (b, classes, mz, my, mx), float32
        Of the labelled particles; see `nunatak.objectives.volume_targets.VolumeTargets`.
    known : Tensor, same shape, bool
        Where the heatmap is the truth: balls around labelled particles (for every class, if no
        other particle can be there), and places that are known to be empty.
    ignored : Tensor, same shape, bool
        Where neither a hit nor a miss counts, whatever ``known`` says.
    expected : Tensor, shape (classes,), float32
        The prior of each class: particles expected on the unlabelled places of this batch.
    """

    heatmap: Tensor
    positive: Tensor
    known: Tensor
    ignored: Tensor
    expected: Tensor

    @property
    def unknown(self) -> Tensor:
        """Where the heatmap says nothing, same shape, bool."""
        return self.ignored | ~self.known

    def to(self, device: torch.device | str) -> "VolumeLabels":
        """Move all parts to a device."""
        return VolumeLabels(*(getattr(self, field.name).to(device) for field in fields(self)))


def pu_on_heatmaps(
    logits: Tensor, labels: VolumeLabels, *, class_weight: Tensor | None = None
) -> Tensor:
    """Estimate the fully labelled focal loss from labelled and expected particles, by class.

    Parameters
    ----------
    logits : Tensor, shape (b, classes, mz, my, mx)
    labels
        Of the same batch.
    class_weight : Tensor, shape (classes,), optional
        See `nunatak.objectives.focal.class_balance`.

    Returns
    -------
    Tensor, scalar
        Per particle of any class, labelled or expected, with the gradient of
        `nunatak.objectives.nonnegative_pu.non_negative` for each class by itself. A class
        without a labelled particle in the batch gives the loss of its known places alone.

    Notes
    -----
    Kiryo et al., arXiv 1703.00593, eq. 6, for particles instead of places: the risk of
    `nunatak.objectives.score_map_pu.pu_on_score_maps`, where it is derived, once a class. With K
    the loss of the known places, n labelled and E expected particles, L⁺ the loss of a labelled
    particle's ball, L⁻ that of the same ball as background and U that of all unlabelled places
    as background::

        R = K + E mean L⁺ + max(0, U - E mean L⁻)

    A maximum over the sum of the classes would let one that overfits hide behind another.
    """
    background = voxel_losses(logits, labels.heatmap, torch.zeros_like(labels.positive))
    losses = voxel_losses(logits, labels.heatmap, labels.positive)
    empty = torch.zeros_like(labels.heatmap)
    as_empty = voxel_losses(logits, empty, empty)
    labelled = ~labels.unknown
    unlabelled = ~labels.known & ~labels.ignored
    balls = labelled & (labels.heatmap > BALL_EDGE)
    n = _by_class(labelled, labels.positive)
    expected = labels.expected.to(losses).clamp_min(0.0)
    known = _by_class(labelled, losses)
    # A class that the batch does not show is known nowhere else: nothing stands for its particles.
    shown = n > 0
    per_particle = torch.where(shown, expected / n.clamp_min(1e-6), 0.0)
    rest = _by_class(unlabelled, background) - per_particle * _by_class(balls, as_empty)
    first = known + per_particle * _by_class(balls, losses)
    risk = torch.where(shown, non_negative(first, rest), known)
    if class_weight is not None:
        risk = risk * class_weight.to(risk)
    particles = torch.where(shown, n + expected, 0.0).sum()
    return risk.sum() / particles.clamp_min(1.0)


def _by_class(places: Tensor, values: Tensor) -> Tensor:
    """Sum over the places of a mask, for every class: shape (classes,)."""
    return torch.where(places, values, 0.0).sum(dim=(0, 2, 3, 4))
