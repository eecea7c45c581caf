"""Estimate which share of the selected candidates is right, from a model and from people."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.header import ThresholdRow
from nunatak.detection.threshold_table import probability_curves
from nunatak.picks.counted import counted
from nunatak.server.review.columns import BoolArray, FloatArray
from nunatak.server.review.estimates import Estimate, Probabilities
from nunatak.server.review.expected import ExpectedRights, Rights, as_share
from nunatak.server.review.score_bins import Bins, wholly_known

ENOUGH_DECISIONS = 20
"""Of people on all that is in some place, from which on they speak for the set."""


class PrecisionEstimate:
    """The precision of the candidates from any score on.

    What people say of a candidate is a fact and counts as such. Only the others are estimated. In
    regions that are labelled completely people have judged whatever was there, which is a sample of
    the candidates: from `ENOUGH_DECISIONS` of them on, they correct the model's guess, score by
    score (see `Bins`).

    Words on candidates of a person's choice are no sample: who rejects only junk rejects nothing
    that is right. They may be all the junk there is, or the first that somebody came across. In the
    first case the number of right ones that the model expects is that of decided and undecided
    candidates together, and what was found of them is taken off; in the second the undecided are
    like any others, and as the model says. The estimate is of the first case, within what the words
    leave possible; the interval spans both. Where every candidate of a score was decided, what came
    of that is no reason to expect more or less elsewhere.

    Parameters
    ----------
    score : ndarray, shape (n,), float64
        Of all candidates.
    is_right : ndarray, shape (k,), bool
        What is known of some of them.
    known : ndarray, shape (k,), int64
        Which ones those are.
    is_sample : ndarray, shape (k,), bool
        Which of those are known because of where they lie, not because somebody chose them.
    guess : Probabilities or None
        Of the model that found them.
    learned : int
        Of the known ones, how many that model may have learned from: they flatter it.

    Attributes
    ----------
    source : str or None
        What the estimate rests on, in words; None where nothing is known.
    bins : Bins or None
        What completely labelled regions give; None where there is too little in them.
    """

    def __init__(
        self,
        score: FloatArray,
        *,
        known: NDArray[np.int64],
        is_right: BoolArray,
        is_sample: BoolArray,
        guess: Probabilities | None = None,
        learned: int = 0,
    ) -> None:
        order = np.argsort(-score, kind="stable")
        self._falling = score[order]
        self.bins: Bins | None = None
        sample = known[is_sample]
        if len(sample) >= ENOUGH_DECISIONS:
            self.bins = Bins.of(score, sample, is_right[is_sample], guess)
        else:
            sample = sample[:0]
        self.source = _source(len(known), learned, guess)
        is_open = np.ones(len(score), dtype=np.bool_)
        is_open[known] = False
        right = np.zeros(len(score), dtype=np.bool_)
        right[known] = is_right
        # Those that people chose from, whether chosen or not.
        mixed = ~wholly_known(score, is_open)
        mixed[sample] = False
        self._open = _counts(is_open[order])
        self._right = _counts(right[order])
        self._chosen_right = _counts((right & mixed)[order])
        self._of_open, self._of_mixed = self._expected(order, guess, is_open, mixed)

    def _expected(
        self, order: NDArray[np.intp], guess: Probabilities | None, *members: BoolArray
    ) -> list[ExpectedRights | None]:
        belief = guess if self.bins is None else self.bins
        if belief is None:
            return [None for _ in members]
        return [ExpectedRights(one[order], belief, order) for one in members]

    def at(self, threshold: float) -> Estimate | None:
        """Estimate the precision of the candidates of at least a score; None if unknown."""
        passing = self._passing(threshold)
        undecided = self.undecided(threshold)
        if not passing or undecided is None:
            return None
        return as_share(undecided, float(self._right[passing]), passing)

    def undecided(self, threshold: float) -> Rights | None:
        """Estimate how many are right of those of at least a score of which nobody said so.

        None if unknown.
        """
        passing = self._passing(threshold)
        count = int(self._open[passing])
        if not count:
            return Rights(0.0, 0.0, 0.0)
        if self._of_open is None or self._of_mixed is None:
            return None
        like_others = self._of_open.among(passing)
        together = self._of_mixed.among(passing)
        found = float(self._chosen_right[passing])
        value, low, high = (
            float(np.clip(one, 0, count))
            for one in (
                together.value - found,
                min(together.low - found, like_others.low),
                max(together.high - found, like_others.high),
            )
        )
        return Rights(value, low, high)

    def _passing(self, threshold: float) -> int:
        return int(np.searchsorted(-self._falling, -threshold, side="right"))


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


def _source(count: int, learned: int, guess: Probabilities | None) -> str | None:
    if not count:
        return None if guess is None else guess.source
    said = f"what people said of {counted(count, 'candidate')} of this set"
    if learned:
        said += f", from {learned} of which its model may have learned"
    return said if guess is None else f"{said}, and elsewhere {guess.source}"


def _counts(which: BoolArray) -> NDArray[np.int64]:
    """Return how many there are among the first 0, 1, 2, …."""
    return np.concatenate([[0], np.cumsum(which, dtype=np.int64)])
