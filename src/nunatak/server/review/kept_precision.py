"""Estimate which share is right of the candidates that nobody rejected."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.server.review.columns import KEPT, BoolArray, FloatArray, IntArray
from nunatak.server.review.estimates import Estimate, Probabilities
from nunatak.server.review.precision import PrecisionEstimate
from nunatak.server.review.score_bins import Bins, with_interval

FROM_PRUNING = "the pruning's own probabilities, which nothing has checked on these images"


@dataclass(frozen=True)
class Fate:
    """What became of candidates, each array of shape (n,).

    Attributes
    ----------
    score : ndarray of float64
    rejected : ndarray of bool
        Rejected or left out, by a person or a pruning.
    decided : ndarray of int64
        By a person: see `nunatak.server.review.columns`.
    right : ndarray of float64
        1 and 0 where people say, by deciding or by labelling all around, that a candidate is right
        or wrong; NaN elsewhere.
    probability : ndarray of float64
        Of a pruning; NaN where none judged.
    """

    score: FloatArray
    rejected: BoolArray
    decided: IntArray
    right: FloatArray
    probability: FloatArray


class KeptPrecision:
    """How many candidates are kept from any score on, and their precision.

    What people say of a kept candidate is a fact, not a sample: the estimate is of the others
    alone. Without a pruning those are like the ones that people looked at, or as the model says.
    A pruning changes which are left, and has learned from the very words that would check it: its
    own probabilities are all there is, and no interval is known.

    Parameters
    ----------
    fate
        Of the candidates.
    before
        The estimate of all selected candidates.
    guess
        Of the model that found them.
    """

    def __init__(self, fate: Fate, before: PrecisionEstimate, guess: Probabilities | None) -> None:
        is_asked_for = fate.decided == KEPT
        self._always = int(is_asked_for.sum())
        rows = np.flatnonzero(~fate.rejected & ~is_asked_for)
        rows = rows[np.argsort(-fate.score[rows], kind="stable")]
        self._falling = fate.score[rows]
        is_pruned = not np.isnan(fate.probability).all()
        # With a pruning they say how likely the unjudged are right, and no more: see above.
        self._bins = None if is_pruned else before.bins
        self.source = before.source
        if is_pruned:
            is_anything_said = not np.isnan(fate.right).all()
            said = "what people said, and elsewhere " if is_anything_said else ""
            self.source = f"{said}{FROM_PRUNING}"
        self._sums = _sums(_shares(fate, before.bins, guess, is_pruned=is_pruned), rows)
        self._unknown = _unknown(fate, self._bins, rows)

    def kept(self, threshold: float) -> int:
        """Count the kept candidates of at least a score, and those that a person asked for."""
        return self._passing(threshold) + self._always

    def at(self, threshold: float) -> Estimate | None:
        """Estimate the precision of the kept candidates; None if unknown."""
        passing = self._passing(threshold)
        count = passing + self._always
        if not count or self.source is None:
            return None
        means = [(float(one[passing]) + self._always) / count for one in self._sums]
        if np.isnan(means[0]):
            return None
        value = min(means[0], 1.0)
        if self._bins is not None:
            share = self._unknown[passing] / count
            return with_interval(value, float((share**2 * self._bins.open_variance).sum()))
        if len(means) == 1:
            return Estimate(value, None, None)
        return Estimate(value, min(means[1], value), min(max(means[2], value), 1.0))

    def _passing(self, threshold: float) -> int:
        return int(np.searchsorted(-self._falling, -threshold, side="right"))


def _shares(
    fate: Fate, bins: Bins | None, guess: Probabilities | None, *, is_pruned: bool
) -> list[FloatArray]:
    """Return how likely each candidate is right, and perhaps the bounds of that."""
    if bins is not None:
        found = [bins.mean[bins.of_candidate]]
    elif guess is not None:
        found = [guess.value, guess.low, guess.high]
    else:
        found = [np.full(len(fate.score), np.nan)]
    if is_pruned:
        found = [np.where(np.isnan(fate.probability), found[0], fate.probability)]
    return [np.where(np.isnan(fate.right), one, fate.right) for one in found]


def _sums(shares: list[FloatArray], rows: NDArray[np.intp]) -> list[FloatArray]:
    """Return the sums over the first 0, 1, 2, … rows."""
    return [np.concatenate([[0.0], np.cumsum(one[rows])]) for one in shares]


def _unknown(fate: Fate, bins: Bins | None, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return how many of the first 0, 1, 2, … rows lie in each bin and are not known."""
    if bins is None:
        return np.zeros((1, 1), np.int64)
    is_open = np.isnan(fate.right[rows])
    of_row = np.where(is_open, bins.of_candidate[rows], -1)
    is_in = of_row[:, None] == np.arange(len(bins.mean))
    none = np.zeros((1, len(bins.mean)), np.int64)
    return np.concatenate([none, np.cumsum(is_in, axis=0, dtype=np.int64)])
