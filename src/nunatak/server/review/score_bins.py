"""What a sample of judged candidates tells of the others, bin by bin of their scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import betaincinv

from nunatak.server.review.columns import BoolArray, FloatArray
from nunatak.server.review.estimates import Estimate, Probabilities

BINS = 10
"""Of equally many candidates, by score: within one, those decided stand for those undecided."""

WEIGHT_OF_GUESS = 2.0
"""What is known of a bin beforehand counts as much as so many decisions."""

ENOUGH_IN_BIN = 10
"""Candidates without which a bin that is wholly known is nothing but a few clicks."""

_MOST_TRUSTED = 1e6


@dataclass(frozen=True)
class Bins:
    """Candidates in bins of equal numbers by score, and what is known of each bin.

    The share that is right in a bin has a beta distribution: of the sample in it, on top of a
    guess of little weight, which is the model's or follows from the bins around.

    Attributes
    ----------
    of_candidate : ndarray, shape (n,), int64
        The bin of each candidate.
    mean, open_variance : ndarray, shape (BINS,), float64
        Of the share that is right of those that nobody looked at.
    """

    of_candidate: NDArray[np.int64]
    mean: FloatArray
    open_variance: FloatArray

    @classmethod
    def of(
        cls,
        score: FloatArray,
        known: NDArray[np.int64],
        is_right: BoolArray,
        guess: Probabilities | None,
    ) -> "Bins":
        """Learn from a sample of candidates; parameters as of `PrecisionEstimate`."""
        of_candidate = _bins_of(score)
        size = np.bincount(of_candidate, minlength=BINS)
        decided = np.bincount(of_candidate[known], minlength=BINS)
        right = np.bincount(of_candidate[known], weights=is_right, minlength=BINS)
        if guess is None:
            # A better score is no worse: what was decided above and below tells, too.
            share = (right + 0.5) / (decided + 1.0)
            prior: FloatArray = isotonic_regression(share, weights=decided + 0.1).x
        else:
            total = np.bincount(of_candidate, weights=guess.value, minlength=BINS)
            prior = total / np.maximum(size, 1)
        prior = np.clip(prior, 0.01, 0.99)
        a = right + WEIGHT_OF_GUESS * prior
        b = decided - right + WEIGHT_OF_GUESS * (1 - prior)
        mean = a / (a + b)
        open_variance = mean * (1 - mean) / (a + b + 1)
        return cls(of_candidate, mean, open_variance)


def wholly_known(score: FloatArray, is_open: BoolArray) -> BoolArray:
    """Which candidates lie in a bin without an open one, where it has some candidates at all."""
    of_candidate = _bins_of(score)
    left = np.bincount(of_candidate[is_open], minlength=BINS)
    size = np.bincount(of_candidate, minlength=BINS)
    is_whole = (left == 0) & (size >= ENOUGH_IN_BIN)
    return np.asarray(is_whole[of_candidate])


def _bins_of(score: FloatArray) -> NDArray[np.int64]:
    if not len(score):
        return np.empty(0, np.int64)
    # By rank, so that the bins are filled where scores are crowded.
    edges = np.quantile(score, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.searchsorted(edges, score, side="right").astype(np.int64)


def with_interval(value: float, variance: float) -> Estimate:
    """Return the interval of 95 % of the beta distribution of a mean and a variance."""
    spread = value * (1 - value)
    trust = _MOST_TRUSTED if variance <= spread / _MOST_TRUSTED else spread / variance - 1
    a, b = max(value * trust, 1e-6), max((1 - value) * trust, 1e-6)
    low, high = (float(betaincinv(a, b, share)) for share in (0.025, 0.975))
    return Estimate(value, min(low, value), max(high, value))
