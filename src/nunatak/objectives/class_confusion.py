"""Loss that keeps classes apart where a particle is known."""

import torch
from torch import Tensor

from nunatak.objectives.logistic import full_precision


def confusion_loss(
    logits: Tensor,
    positive: Tensor,
    *,
    ignored: Tensor | None = None,
    class_weight: Tensor | None = None,
) -> Tensor:
    """Cross entropy of the softmax over the classes at particles: which class, if it is one.

    Heatmaps are learned each for itself, and with few labels most of what they learn from is
    background, which all classes share. Here only what tells them apart counts.

    Parameters
    ----------
    logits : Tensor, shape (b, classes, mz, my, mx)
    positive : Tensor, same shape
        The weight of a hit, which sums to 1 over every particle; see
        `nunatak.objectives.volume_targets.VolumeTargets`.
    ignored : Tensor, same shape, bool, optional
        Where a particle does not count.
    class_weight : Tensor, shape (classes,), optional
        See `nunatak.objectives.focal.class_balance`.

    Returns
    -------
    Tensor, scalar
        Per particle; 0 with zero gradient where there is none, and with a single class.

    Examples
    --------
    >>> logits = torch.tensor([0.0, 0.0]).reshape(1, 2, 1, 1, 1)
    >>> particle = torch.tensor([1.0, 0.0]).reshape(1, 2, 1, 1, 1)
    >>> round(confusion_loss(logits, particle).item(), 4)  # log 2
    0.6931
    """
    if ignored is not None:
        positive = torch.where(ignored, 0.0, positive)
    losses = -positive * torch.log_softmax(full_precision(logits), dim=1)
    if class_weight is not None:
        losses = losses * class_weight.to(losses).reshape(-1, 1, 1, 1)
    return losses.sum() / positive.sum().clamp_min(1.0)
