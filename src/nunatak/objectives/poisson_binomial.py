"""How many of N independent places are positive: exactly, and by a normal distribution."""

import torch
from torch import Tensor

_VARIANCE_FLOOR = 1e-10


def poisson_binomial(probabilities: Tensor) -> Tensor:
    """Distribution of the number of successes of independent trials of unequal probability.

    Parameters
    ----------
    probabilities : Tensor, shape (n,), float64
        g of each trial.

    Returns
    -------
    Tensor, shape (n + 1,), float64
        Probability of 0, 1, ..., n successes; correct to about 1e-15 (absolute), differentiable
        at every g in [0, 1].

    Notes
    -----
    The coefficients of the generating function ``Π_j (1 - g_j + g_j z)``. Its factors are
    multiplied pair by pair, each product by the discrete Fourier transform, that is as
    characteristic functions (Hong, doi 10.1016/j.csda.2012.10.006, section 2.2, takes one
    transform of all: O(n²) where this is O(n log² n)).
    """
    count = probabilities.numel()
    leaves = 1 << max(count - 1, 0).bit_length()
    # Trials that never succeed fill up to a power of two and change nothing.
    padded = torch.cat([probabilities, probabilities.new_zeros(leaves - count)])
    factors = torch.stack([1 - padded, padded], dim=1)
    while len(factors) > 1:
        length = 2 * factors.shape[1] - 1
        spectra = torch.fft.rfft(factors, n=length)
        factors = torch.fft.irfft(spectra[0::2] * spectra[1::2], n=length)
    return factors[0, : count + 1]


def discretised_normal(probabilities: Tensor) -> Tensor:
    """Approximate it by a normal distribution of the same mean and variance, on 0...n.

    Parameters
    ----------
    probabilities : Tensor, shape (n,), float64
        g of each trial.

    Returns
    -------
    Tensor, shape (n + 1,), float64
        ``q(k) ∝ exp(-(k - μ)² / 2v)`` with ``μ = Σ g`` and ``v = Σ g (1 - g)``, normalised.

    Notes
    -----
    Bepler et al., arXiv 1803.08207, GE-binomial. Where all g are near 0 or 1, v vanishes, q
    becomes one spike at the integer nearest to μ, and its gradient vanishes too.
    """
    numbers = torch.arange(probabilities.numel() + 1).to(probabilities)
    mean = probabilities.sum()
    variance = (probabilities * (1 - probabilities)).sum() + _VARIANCE_FLOOR
    return torch.softmax(-((numbers - mean) ** 2) / (2 * variance), dim=0)


def binomial_log_pmf(count: int, prior: Tensor) -> Tensor:
    """Logarithm of ``Binom(k; n, π)`` for k = 0...n.

    Parameters
    ----------
    count
        Number n of trials.
    prior : Tensor, scalar, float64
        π in (0, 1).

    Returns
    -------
    Tensor, shape (count + 1,), float64
    """
    hits = torch.arange(count + 1).to(prior)
    misses = count - hits
    log_choices = torch.lgamma(hits.new_tensor(count + 1.0)) - (
        torch.lgamma(hits + 1) + torch.lgamma(misses + 1)
    )
    return log_choices + hits * torch.log(prior) + misses * torch.log1p(-prior)
