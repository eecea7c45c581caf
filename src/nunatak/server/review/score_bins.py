"""What people's words on some candidates tell of the others, bin by bin of their scores."""

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

_MOST_TRUSTED = 1e6


@dataclass(frozen=True)
class Bins:
    """Candidates in bins of equal numbers by score, and what is known of each bin.

    The share that is right in a bin has a beta distribution: of the decisions in it, on top of a
    guess of little weight, which is the model's or follows from the bins around.

    Attributes
    ----------
    passing : ndarray, shape (n, BINS), int64
        Of the best 1, 2, 3, … candidates: how many lie in each bin.
    of_candidate : ndarray, shape (n,), int64
        The bin of each candidate.
    mean, variance, open_variance : ndarray, shape (BINS,), float64
        Of the share that is right; the last of those alone that nobody looked at.
    """

    passing: NDArray[np.int64]
    of_candidate: NDArray[np.int64]
    mean: FloatArray
    variance: FloatArray
    open_variance: FloatArray

    @classmethod
    def of(
        cls,
        score: FloatArray,
        known: NDArray[np.int64],
        is_right: BoolArray,
        guess: Probabilities | None,
        order: NDArray[np.intp],
    ) -> "Bins":
        """Learn from what is known of some candidates; parameters as of `PrecisionEstimate`.

        ``order`` sorts the candidates, the best first.
        """
        # By rank, so that the bins are filled where scores are crowded.
        edges = np.quantile(score, np.linspace(0, 1, BINS + 1)[1:-1])
        of_candidate = np.searchsorted(edges, score, side="right").astype(np.int64)
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
        # What is left to chance is only what nobody looked at.
        open_share = 1 - decided / np.maximum(size, 1)
        open_variance = mean * (1 - mean) / (a + b + 1)
        variance = open_variance * np.clip(open_share, 0.0, 1.0)
        is_in = of_candidate[order][:, None] == np.arange(BINS)
        passing = np.cumsum(is_in, axis=0, dtype=np.int64)
        return cls(passing, of_candidate, mean, variance, open_variance)

    def precision(self, passing: int) -> Estimate:
        """Weigh the bins by how many of the best candidates lie in them."""
        share = self.passing[passing - 1] / passing
        value = float((share * self.mean).sum())
        variance = float((share**2 * self.variance).sum())
        return with_interval(value, variance)


def with_interval(value: float, variance: float) -> Estimate:
    """Return the interval of 95 % of the beta distribution of a mean and a variance."""
    spread = value * (1 - value)
    trust = _MOST_TRUSTED if variance <= spread / _MOST_TRUSTED else spread / variance - 1
    a, b = max(value * trust, 1e-6), max((1 - value) * trust, 1e-6)
    low, high = (float(betaincinv(a, b, share)) for share in (0.025, 0.975))
    return Estimate(value, min(low, value), max(high, value))
