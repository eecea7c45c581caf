"""GE-KL: the mean probability of the unlabelled regions is held to the class prior."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from nunatak.objectives.logistic import full_precision, loss_as_positive, mean_or_zero
from nunatak.objectives.priors import check_prior

PUBLISHED_SLACK = 10.0


def ge_kl(
    logits_positive: Tensor,
    logits_unlabelled: Tensor,
    prior: float,
    *,
    slack: float = PUBLISHED_SLACK,
) -> Tensor:
    """Fit the positives while the unlabelled keep their mean: ``E_P ℓ⁺ + λ KL(π ‖ p̂)``.

    Parameters
    ----------
    logits_positive : Tensor, shape (n,)
        Of labelled positives; if there is none, the first term is left out.
    logits_unlabelled : Tensor, shape (m,)
        Of unlabelled regions, with mean probability p̂; if there is none, the second term is
        left out.
    prior
        Share π of positives among the unlabelled, in (0, 1).
    slack
        λ.

    Returns
    -------
    Tensor, scalar

    Raises
    ------
    BadInput
        If the prior is not in (0, 1).

    Notes
    -----
    Bepler et al., arXiv 1803.08207, GE-KL; Mann & McCallum, JMLR 11 (2010).

    With the density of positives ``p_P = η p_U / π``, setting the derivative by ``g(x)`` to
    zero gives ``g = min(1, c η)`` with one constant c: the true probability, but for a scale.
    At small π and with overlapping classes ``c ≈ 1 + 1 / (λ π)``, so that λ has to be large
    against 1/π where the classes are hard to tell apart.
    """
    check_prior(prior)
    return mean_or_zero(loss_as_positive(logits_positive)) + slack * kl_penalty(
        logits_unlabelled, prior
    )


def ge_kl_running(
    logits_positive: Tensor,
    logits_unlabelled: Tensor,
    prior: float,
    running: Tensor | None,
    *,
    momentum: float,
    slack: float = PUBLISHED_SLACK,
) -> tuple[Tensor, Tensor]:
    """Hold the running mean of the unlabelled probabilities to the prior, not one batch's.

    Parameters
    ----------
    logits_positive, logits_unlabelled, prior, slack
        As in `ge_kl`; at least one unlabelled region.
    running : Tensor, scalar, or None
        Running mean returned by the step before; None at the first step.
    momentum
        Weight of this minibatch, in (0, 1]. λ is divided by it, which keeps the gradient's
        size.

    Returns
    -------
    tuple of Tensor and Tensor, scalars
        The loss and the new running mean, which carries no gradient.

    Raises
    ------
    BadInput
        If the prior is not in (0, 1).
    """
    check_prior(prior)
    log_rate, log_rest = _log_mean_probability(logits_unlabelled)
    if running is not None:
        log_rate = _log_blend(torch.log(running), log_rate, momentum)
        log_rest = _log_blend(torch.log1p(-running), log_rest, momentum)
    penalty = _bernoulli_kl(torch.as_tensor(prior).to(log_rate), log_rate, log_rest)
    loss = mean_or_zero(loss_as_positive(logits_positive)) + slack / momentum * penalty
    return loss, log_rate.detach().exp()


def kl_penalty(logits: Tensor, prior: float | Tensor) -> Tensor:
    """Compare a mean probability with the prior: ``KL(Bernoulli(π) ‖ Bernoulli(p̂))``.

    Parameters
    ----------
    logits : Tensor, shape (m,)
        ``p̂`` is the mean of their probabilities.
    prior : float or scalar Tensor
        π in [0, 1].

    Returns
    -------
    Tensor, scalar
        ``π log(π / p̂) + (1 - π) log((1 - π) / (1 - p̂))``; finite and with a useful slope at
        any finite logits. 0 with zero gradient if there are no logits.
    """
    if not logits.numel():
        return 0.0 * full_precision(logits).sum()
    log_rate, log_rest = _log_mean_probability(logits)
    return _bernoulli_kl(torch.as_tensor(prior).to(log_rate), log_rate, log_rest)


def _bernoulli_kl(prior: Tensor, log_rate: Tensor, log_rest: Tensor) -> Tensor:
    entropy = -torch.xlogy(prior, prior) - torch.xlogy(1 - prior, 1 - prior)
    return -entropy - prior * log_rate - (1 - prior) * log_rest


def _log_mean_probability(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Logarithms of p̂ and 1 - p̂, which neither under- nor overflow."""
    logits = full_precision(logits).flatten()
    log_count = math.log(logits.numel())
    log_rate = torch.logsumexp(functional.logsigmoid(logits), dim=0) - log_count
    log_rest = torch.logsumexp(functional.logsigmoid(-logits), dim=0) - log_count
    return log_rate, log_rest


def _log_blend(log_old: Tensor, log_new: Tensor, momentum: float) -> Tensor:
    if momentum == 1.0:
        return log_new
    old = log_old.to(log_new) + math.log1p(-momentum)
    return torch.logaddexp(old, log_new + math.log(momentum))
