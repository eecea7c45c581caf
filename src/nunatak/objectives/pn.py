"""PN: every unlabelled region counts as negative."""

import torch
from torch import Tensor

from nunatak.objectives.logistic import loss_as_negative, loss_as_positive, mean_or_zero
from nunatak.objectives.priors import check_prior


def pn_risk(logits_positive: Tensor, logits_unlabelled: Tensor, prior: float) -> Tensor:
    """Weight both parts by the class prior: ``π E_P ℓ⁺ + (1 - π) E_U ℓ⁻``.

    Parameters
    ----------
    logits_positive : Tensor, shape (n,)
        Of labelled positives.
    logits_unlabelled : Tensor, shape (m,)
        Of unlabelled regions.
    prior
        Share π of positives, in (0, 1).

    Returns
    -------
    Tensor, scalar
        0 with zero gradient if either part is empty: such a minibatch has no estimate of the
        risk, and half of it would pull towards one class.

    Raises
    ------
    BadInput
        If the prior is not in (0, 1).

    Notes
    -----
    Bepler et al., arXiv 1803.08207, PN. Biased: where η is the true probability of a positive,
    the minimum is at ``g = η / (η + 1 - π)``, which never exceeds ``1 / (2 - π)``.
    """
    check_prior(prior)
    positive = loss_as_positive(logits_positive)
    unlabelled = loss_as_negative(logits_unlabelled)
    if not (positive.numel() and unlabelled.numel()):
        return 0.0 * (positive.sum() + unlabelled.sum())
    return prior * positive.mean() + (1 - prior) * unlabelled.mean()


def pn_mean(logits_positive: Tensor, logits_unlabelled: Tensor) -> Tensor:
    """Weight every region of the minibatch alike: the mean of ℓ⁺ over P and ℓ⁻ over U.

    Parameters
    ----------
    logits_positive, logits_unlabelled
        As in `pn_risk`; either may be empty.

    Returns
    -------
    Tensor, scalar
        0 with zero gradient for an empty minibatch.

    Notes
    -----
    With a labelled share c of the minibatch, the minimum is at
    ``g = c η / (c η + (1 - c) π)``: the odds carry the sampling, not the prior.
    """
    positive = loss_as_positive(logits_positive).flatten()
    unlabelled = loss_as_negative(logits_unlabelled).flatten()
    return mean_or_zero(torch.cat([positive, unlabelled]))
