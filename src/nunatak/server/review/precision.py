"""Estimate which share of the selected candidates is right, from a model and from people."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import betaincinv

from nunatak.detection.header import ThresholdRow
from nunatak.detection.threshold_table import probability_curves
from nunatak.picks.counted import counted

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

ENOUGH_DECISIONS = 20
"""Of people, from which on they speak for the set."""

BINS = 10
"""Of equally many candidates, by score: within one, those decided stand for those undecided."""

WEIGHT_OF_GUESS = 2.0
"""What is known of a bin beforehand counts as much as so many decisions."""

_MOST_TRUSTED = 1e6


@dataclass(frozen=True)
class Probabilities:
    """How likely each candidate is right.

    Attributes
    ----------
    value, low, high : ndarray, shape (n,), float64
        Of each candidate; the bounds hold for all of them together.
    source : str
        What they rest on, in words.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    source: str


@dataclass(frozen=True)
class Estimate:
    """A precision and its interval of 95 %."""

    value: float
    low: float
    high: float


class PrecisionEstimate:
    """The precision of the candidates from any score on.

    Parameters
    ----------
    score : ndarray, shape (n,), float64
        Of all candidates.
    is_right : ndarray, shape (k,), bool
        What is known of some of them.
    known : ndarray, shape (k,), int64
        Which ones those are.
    guess : Probabilities or None
        Of the model that found them.
    """

    def __init__(
        self,
        score: FloatArray,
        *,
        known: NDArray[np.int64],
        is_right: BoolArray,
        guess: Probabilities | None = None,
    ) -> None:
        order = np.argsort(-score, kind="stable")
        self._falling = score[order]
        self._bins: _Bins | None = None
        self._means: list[FloatArray] = []
        self.source: str | None = None
        if len(known) >= ENOUGH_DECISIONS:
            self._bins = _Bins.of(score, known, is_right, guess, order)
            self.source = _said(len(known), guess)
        elif guess is not None:
            count = np.arange(1, len(score) + 1)
            columns = (guess.value, guess.low, guess.high)
            self._means = [np.cumsum(column[order]) / count for column in columns]
            self.source = guess.source

    def at(self, threshold: float) -> Estimate | None:
        """Estimate the precision of the candidates of at least a score; None if unknown."""
        passing = int(np.searchsorted(-self._falling, -threshold, side="right"))
        if not passing or self.source is None:
            return None
        if self._bins is not None:
            return self._bins.precision(passing)
        value, low, high = (float(mean[passing - 1]) for mean in self._means)
        return Estimate(value, min(low, value), max(high, value))


def by_model(
    score: FloatArray,
    kind: NDArray[np.int64],
    tables: Sequence[Sequence[ThresholdRow]],
    basis: str,
) -> Probabilities | None:
    """Read a model's tables: how likely candidates of these scores are right.

    Parameters
    ----------
    score : ndarray, shape (n,), float64
    kind : ndarray, shape (n,), int64
        Which table is theirs.
    tables
        One a class, empty where it was not measured.
    basis
        On which data the tables rest.

    Returns
    -------
    Probabilities or None
        None if a candidate is of a class without a table.
    """
    found = np.empty((3, len(score)))
    for index in np.unique(kind):
        if not tables[index]:
            return None
        here = kind == index
        curves = [curve.at(score[here]) for curve in probability_curves(tables[index])]
        # Early tables have no bounds.
        found[:, here] = curves if len(curves) == len(found) else curves[:1] * len(found)
    value, low, high = found
    return Probabilities(value, low, high, f"the model's own estimate, which rests on {basis}")


@dataclass(frozen=True)
class _Bins:
    """Candidates in bins of equal numbers by score, and what is known of each bin.

    The share that is right in a bin has a beta distribution: of the decisions in it, on top of a
    guess of little weight, which is the model's or follows from the bins around.

    Attributes
    ----------
    passing : ndarray, shape (n, BINS), int64
        Of the best 1, 2, 3, … candidates: how many lie in each bin.
    mean, variance : ndarray, shape (BINS,), float64
        Of the share that is right.
    """

    passing: NDArray[np.int64]
    mean: FloatArray
    variance: FloatArray

    @classmethod
    def of(
        cls,
        score: FloatArray,
        known: NDArray[np.int64],
        is_right: BoolArray,
        guess: Probabilities | None,
        order: NDArray[np.intp],
    ) -> "_Bins":
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
        variance = mean * (1 - mean) / (a + b + 1) * np.clip(open_share, 0.0, 1.0)
        is_in = of_candidate[order][:, None] == np.arange(BINS)
        return cls(np.cumsum(is_in, axis=0, dtype=np.int64), mean, variance)

    def precision(self, passing: int) -> Estimate:
        """Weigh the bins by how many of the best candidates lie in them."""
        share = self.passing[passing - 1] / passing
        value = float((share * self.mean).sum())
        variance = float((share**2 * self.variance).sum())
        return _interval(value, variance)


def _interval(value: float, variance: float) -> Estimate:
    """Return the interval of 95 % of the beta distribution of a mean and a variance."""
    spread = value * (1 - value)
    trust = _MOST_TRUSTED if variance <= spread / _MOST_TRUSTED else spread / variance - 1
    a, b = max(value * trust, 1e-6), max((1 - value) * trust, 1e-6)
    low, high = (float(betaincinv(a, b, share)) for share in (0.025, 0.975))
    return Estimate(value, min(low, value), max(high, value))


def _said(count: int, guess: Probabilities | None) -> str:
    said = f"what people said of {counted(count, 'candidate')} of this set"
    return said if guess is None else f"{said}, and elsewhere {guess.source}"
