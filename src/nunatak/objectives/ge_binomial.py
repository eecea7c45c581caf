"""GE-binomial: the number of positives in a minibatch is held to its binomial distribution."""

from typing import Literal

import torch
from torch import Tensor

from nunatak.objectives.logistic import full_precision, loss_as_positive, mean_or_zero
from nunatak.objectives.poisson_binomial import (
    binomial_log_pmf,
    discretised_normal,
    poisson_binomial,
)
from nunatak.objectives.priors import check_prior

PUBLISHED_SLACK = 1.0

CountDistribution = Literal["normal", "exact"]
Divergence = Literal["cross-entropy", "kl"]

_SMALLEST = 1e-30  # below the rounding error of `poisson_binomial`


def ge_binomial(
    logits_positive: Tensor,
    logits_unlabelled: Tensor,
    prior: float,
    *,
    slack: float = PUBLISHED_SLACK,
    distribution: CountDistribution = "normal",
    divergence: Divergence = "cross-entropy",
) -> Tensor:
    """Fit the positives while the unlabelled keep their count: ``E_P ℓ⁺ + λ penalty``.

    Parameters
    ----------
    logits_positive : Tensor, shape (n,)
        Of labelled positives; if there is none, the first term is left out.
    logits_unlabelled : Tensor, shape (m,)
        Of unlabelled regions; if there is none, the second term is left out.
    prior
        Share π of positives among the unlabelled, in (0, 1).
    slack
        λ.
    distribution, divergence
        See `binomial_penalty`; the published ones by default.

    Returns
    -------
    Tensor, scalar

    Raises
    ------
    BadInput
        If the prior is not in (0, 1).

    Notes
    -----
    Bepler et al., arXiv 1803.08207, GE-binomial. As with GE-KL the minimum is at
    ``g = min(1, c η)``, but here ``c - 1`` is of the order of one positive in the minibatch's
    N π, however rare positives are.
    """
    check_prior(prior)
    penalty = binomial_penalty(
        logits_unlabelled, prior, distribution=distribution, divergence=divergence
    )
    return mean_or_zero(loss_as_positive(logits_positive)) + slack * penalty


def binomial_penalty(
    logits: Tensor,
    prior: float | Tensor,
    *,
    distribution: CountDistribution = "normal",
    divergence: Divergence = "cross-entropy",
) -> Tensor:
    """Compare the number of positives under the classifier, q, with ``p = Binom(N, π)``.

    Parameters
    ----------
    logits : Tensor, shape (N,)
        Of independent places.
    prior : float or scalar Tensor
        π in (0, 1).
    distribution
        q as published (`discretised_normal`), or exact (`poisson_binomial`), which keeps its
        slope where all probabilities are near 0 or 1.
    divergence
        ``-Σ q log p`` as published, or ``Σ q log(q / p)``.

    Returns
    -------
    Tensor, scalar, float32 (float64 for float64 logits)
        0 with zero gradient if there are no logits.

    Notes
    -----
    The published cross-entropy lacks the entropy of q, and looks as if it wanted every
    minibatch to hold exactly N π positives. Over random minibatches it does not: a place drawn
    at random is positive with probability ``m = E_U g``, so that the count, drawn anew from
    each minibatch's q, is ``Binom(N, m)``, and the expected cross-entropy depends on the
    classifier through m alone. It is least where N m is half a particle below N π (for rare
    positives): a classifier that is sure of each place costs as much as one that says π
    everywhere. The KL divergence adds ``-H(q)``, and with it charges the classifier for what
    it knows of a minibatch: its minimum is ``g = π`` everywhere.
    """
    scores = full_precision(logits).flatten()
    if not scores.numel():
        return 0.0 * scores.sum()
    probabilities = torch.sigmoid(scores.double())
    q = (poisson_binomial if distribution == "exact" else discretised_normal)(probabilities)
    log_p = binomial_log_pmf(scores.numel(), torch.as_tensor(prior).to(probabilities))
    penalty = -(q * log_p).sum()
    if divergence == "kl":
        penalty = penalty + (q * torch.log(q.clamp_min(_SMALLEST))).sum()
    return penalty.to(scores.dtype)
