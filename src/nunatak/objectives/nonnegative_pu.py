"""Non-negative PU: the negatives' risk is the unlabelled risk less the positives' part of it."""

import torch
from torch import Tensor

from nunatak.objectives.logistic import loss_as_negative, loss_as_positive
from nunatak.objectives.priors import check_prior


def nonnegative_pu_risk(
    logits_positive: Tensor, logits_unlabelled: Tensor, prior: float, *, beta: float = 0.0
) -> Tensor:
    """Estimate the risk without bias: ``π E_P ℓ⁺ + max(-β, E_U ℓ⁻ - π E_P ℓ⁻)``.

    Parameters
    ----------
    logits_positive : Tensor, shape (n,)
        Of labelled positives.
    logits_unlabelled : Tensor, shape (m,)
        Of unlabelled regions (or of all regions: the positives among them are subtracted).
    prior
        Share π of positives among the unlabelled, in (0, 1).
    beta
        How far the negatives' risk may fall below 0 before it is stepped back.

    Returns
    -------
    Tensor, scalar
        With the gradient of `non_negative`. 0 with zero gradient if either part is empty:
        without positives the second part would be PN's.

    Raises
    ------
    BadInput
        If the prior is not in (0, 1).

    Notes
    -----
    Kiryo et al., arXiv 1703.00593, eq. 6 and algorithm 1. Unbiased, because the density of
    the unlabelled is ``p_U = π p_P + (1 - π) p_N``, hence
    ``(1 - π) E_N ℓ⁻ = E_U ℓ⁻ - π E_P ℓ⁻``; the minimum is the true probability.
    """
    check_prior(prior)
    as_positive = loss_as_positive(logits_positive)
    unlabelled = loss_as_negative(logits_unlabelled)
    if not (as_positive.numel() and unlabelled.numel()):
        return 0.0 * (as_positive.sum() + unlabelled.sum())
    second = unlabelled.mean() - prior * loss_as_negative(logits_positive).mean()
    return non_negative(prior * as_positive.mean(), second, beta=beta)


def non_negative(first: Tensor, second: Tensor, *, beta: float = 0.0) -> Tensor:
    """Add a part of the risk whose expectation is not negative, by the published rule.

    Parameters
    ----------
    first, second : Tensor, scalar
        ``second`` is an estimate that overfitting drives below 0.
    beta
        Tolerance, in units of the risk.

    Returns
    -------
    Tensor, scalar
        Value ``first + max(-β, second)``. Gradient: that of ``first + second`` while
        ``second ≥ -β``; below, that of ``-second`` alone, so that a step raises it again.

    Notes
    -----
    Kiryo et al., arXiv 1703.00593, algorithm 1 with γ = 1.
    """
    value = first + second.clamp_min(-beta)
    surrogate = torch.where(second < -beta, -second, first + second)
    # The difference is exactly zero: it carries the gradient and leaves the value alone.
    return value.detach() + (surrogate - surrogate.detach())
