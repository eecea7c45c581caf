"""Estimate which share is right of the candidates that nobody rejected."""

from dataclasses import dataclass

import numpy as np

from nunatak.server.review.columns import KEPT, BoolArray, FloatArray, IntArray
from nunatak.server.review.estimates import Estimate, Probabilities
from nunatak.server.review.expected import as_share
from nunatak.server.review.precision import PrecisionEstimate
from nunatak.server.review.score_bins import Bins

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

    What people say of a kept candidate is a fact: the estimate is of the others alone, and the same
    as before (see `PrecisionEstimate`). A pruning changes which are left, and has learned from the
    very words that would check it: its own probabilities are all there is, and no interval is
    known.

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
        self._before = before
        self._is_pruned = not np.isnan(fate.probability).all()
        self.source = before.source
        if self._is_pruned:
            is_anything_said = not np.isnan(fate.right).all()
            said = "what people said, and elsewhere " if is_anything_said else ""
            self.source = f"{said}{FROM_PRUNING}"
        # Without a pruning the open ones are estimated together, and here are the known alone.
        share = _shares(fate, before.bins, guess) if self._is_pruned else np.nan_to_num(fate.right)
        self._sums = np.concatenate([[0.0], np.cumsum(share[rows])])

    def kept(self, threshold: float) -> int:
        """Count the kept candidates of at least a score, and those that a person asked for."""
        return self._passing(threshold) + self._always

    def at(self, threshold: float) -> Estimate | None:
        """Estimate the precision of the kept candidates; None if unknown."""
        passing = self._passing(threshold)
        count = passing + self._always
        if not count or self.source is None:
            return None
        known = float(self._sums[passing]) + self._always
        if self._is_pruned:
            return None if np.isnan(known) else Estimate(min(known / count, 1.0), None, None)
        undecided = self._before.undecided(threshold)
        return None if undecided is None else as_share(undecided, known, count)

    def _passing(self, threshold: float) -> int:
        return int(np.searchsorted(-self._falling, -threshold, side="right"))


def _shares(fate: Fate, bins: Bins | None, guess: Probabilities | None) -> FloatArray:
    """Return how likely each candidate is right, after a pruning."""
    if bins is not None:
        otherwise = bins.mean[bins.of_candidate]
    elif guess is not None:
        otherwise = guess.value
    else:
        otherwise = np.full(len(fate.score), np.nan)
    found = np.where(np.isnan(fate.probability), otherwise, fate.probability)
    return np.where(np.isnan(fate.right), found, fate.right)
