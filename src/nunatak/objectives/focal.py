"""Penalty-reduced focal loss of class heatmaps whose peaks lie between voxels."""

import torch
from torch import Tensor

from nunatak.objectives.logistic import full_precision, loss_as_negative, loss_as_positive

ALPHA = 2.0
BETA = 4.0
"""Exponents of the paper."""


def voxel_losses(
    logits: Tensor,
    heatmap: Tensor,
    positive: Tensor,
    *,
    alpha: float = ALPHA,
    beta: float = BETA,
) -> Tensor:
    """Focal loss of every voxel: ``-q (1 - p)^α log p - (1 - y)^β p^α log(1 - p)``.

    Parameters
    ----------
    logits : Tensor, any shape
        Scores before the sigmoid ``p``.
    heatmap : Tensor, same shape, in [0, 1]
        The target ``y``; see `nunatak.objectives.volume_targets.VolumeTargets`.
    positive : Tensor, same shape
        The weight ``q`` of a hit, which sums to 1 over every particle.
    alpha, beta
        Exponents.

    Returns
    -------
    Tensor, same shape

    Notes
    -----
    Law & Deng, arXiv 1808.01244, eq. 1, in the form of Zhou et al., arXiv 1904.07850, eq. 1.
    There a hit counts at the voxels with y = 1, which are the centres rounded to voxels: q is 1
    there and 0 elsewhere, and ``(1 - y)^β`` takes care of the other term. Here a peak is drawn
    at its exact place and q is shared among the voxels around it, so that a centre between
    two voxels is a hit for both; with one voxel a particle the two losses are equal.
    """
    logits = full_precision(logits)
    p = torch.sigmoid(logits)
    hit = positive * (1.0 - p) ** alpha * loss_as_positive(logits)
    return hit + (1.0 - heatmap) ** beta * p**alpha * loss_as_negative(logits)


def heatmap_focal_loss(
    logits: Tensor,
    heatmap: Tensor,
    positive: Tensor,
    *,
    ignored: Tensor | None = None,
    class_weight: Tensor | None = None,
    least_particles: Tensor | float = 1.0,
    alpha: float = ALPHA,
    beta: float = BETA,
) -> Tensor:
    """Sum `voxel_losses` over what counts, and divide by the number of particles there.

    Parameters
    ----------
    logits, heatmap, positive : Tensor, shape (b, classes, mz, my, mx)
        As in `voxel_losses`.
    ignored : Tensor, shape (b, classes or 1, mz, my, mx), bool, optional
        Where neither a hit nor a miss counts.
    class_weight : Tensor, shape (classes,), optional
        See `class_balance`. It weighs the hits and the misses of a class alike, so that the
        probability at which they balance stays what it is.
    least_particles : Tensor, scalar, or float
        The least divisor, for where there are fewer particles.
    alpha, beta
        As in `voxel_losses`.

    Returns
    -------
    Tensor, scalar
        Divided by the particles of all classes, or by ``least_particles``.
    """
    losses = voxel_losses(logits, heatmap, positive, alpha=alpha, beta=beta)
    if class_weight is not None:
        losses = losses * class_weight.to(losses).reshape(-1, 1, 1, 1)
    if ignored is not None:
        losses = torch.where(ignored, 0.0, losses)
        positive = torch.where(ignored, 0.0, positive)
    return losses.sum() / positive.sum().clamp_min(least_particles)


def class_balance(counts: Tensor) -> Tensor:
    """Weigh rare classes up and frequent ones down: ``(median n / n_c)^½``.

    Parameters
    ----------
    counts : Tensor, shape (classes,)
        Labelled particles ``n_c`` of each class.

    Returns
    -------
    Tensor, shape (classes,), float32
        The median is that of the classes which have any; a class without has weight 1.

    Examples
    --------
    >>> class_balance(torch.tensor([25, 100, 400, 0])).tolist()
    [2.0, 1.0, 0.5, 1.0]
    """
    counts = counts.float()
    present = counts > 0
    if not present.any():
        return torch.ones_like(counts)
    # The mean of the two middle ones, which Tensor.median is not.
    median = counts[present].quantile(0.5)
    return torch.where(present, (median / counts.clamp_min(1.0)).sqrt(), 1.0)
