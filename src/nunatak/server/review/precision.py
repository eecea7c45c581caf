"""Estimate which share of the selected candidates is right, from a model and from people."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.header import ThresholdRow
from nunatak.detection.threshold_table import probability_curves
from nunatak.picks.counted import counted
from nunatak.server.review.columns import BoolArray, FloatArray
from nunatak.server.review.estimates import Estimate, Probabilities
from nunatak.server.review.score_bins import Bins

ENOUGH_DECISIONS = 20
"""Of people, from which on they speak for the set."""


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
    learned : int
        Of the known ones, how many that model may have learned from: they flatter it.

    Attributes
    ----------
    source : str or None
        What the estimate rests on, in words; None where nothing is known.
    bins : Bins or None
        What people's words give; None where there are too few.
    """

    def __init__(
        self,
        score: FloatArray,
        *,
        known: NDArray[np.int64],
        is_right: BoolArray,
        guess: Probabilities | None = None,
        learned: int = 0,
    ) -> None:
        order = np.argsort(-score, kind="stable")
        self._falling = score[order]
        self.bins: Bins | None = None
        self._means: list[FloatArray] = []
        self.source: str | None = None
        if len(known) >= ENOUGH_DECISIONS:
            self.bins = Bins.of(score, known, is_right, guess, order)
            self.source = _said(len(known), learned, guess)
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
        if self.bins is not None:
            return self.bins.precision(passing)
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


def _said(count: int, learned: int, guess: Probabilities | None) -> str:
    said = f"what people said of {counted(count, 'candidate')} of this set"
    if learned:
        said += f", from {learned} of which its model may have learned"
    return said if guess is None else f"{said}, and elsewhere {guess.source}"
