"""Stay near the network that was started from, where labels are few."""

import torch
from torch import Tensor
from torch.nn import functional

from nunatak.objectives.score_map import ScoreMapLabels, sum_over


def anchor_loss(logits: Tensor, start_logits: Tensor, labels: ScoreMapLabels) -> Tensor:
    r"""Penalise predictions that leave those of the start.

    .. math:: \frac{1}{n + E} \sum_i \mathrm{KL}(\mathrm{Bern}(p^0_i) \,\|\, \mathrm{Bern}(p_i))

    over all places that count, with :math:`p^0` the start's probability: distillation (Hinton
    et al., arXiv 1503.02531), used as learning without forgetting (Li & Hoiem, arXiv
    1606.09282). Divided by the particles, as the objectives are, so that a weight of 1 trusts
    the start as much as the labels.

    Parameters
    ----------
    logits : Tensor, shape (b, 1, h, w)
        Of the network in training.
    start_logits : Tensor, same shape
        Of the start, without gradient.
    labels
        For the places that count and the number of particles.

    Returns
    -------
    Tensor, scalar
        0 where the two agree.
    """
    logits, start_logits = logits.float(), start_logits.float()
    start = torch.sigmoid(start_logits)
    cross = functional.binary_cross_entropy_with_logits(logits, start, reduction="none")
    own = functional.binary_cross_entropy_with_logits(start_logits, start, reduction="none")
    particles = (labels.count + labels.expected).clamp_min(1.0)
    return sum_over(~labels.ignored, cross - own) / particles
