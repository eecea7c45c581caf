"""Count what candidates achieve on each micrograph, and rate it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nunatak.picks.curve import PrecisionRecallCurve, precision_recall_curve

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """What a selection of picks achieved on each micrograph.

    Attributes
    ----------
    selected, true_positives, truths : ndarray, shape (n_images,), int64
    """

    selected: IntArray
    true_positives: IntArray
    truths: IntArray


@dataclass(frozen=True)
class JudgedPicks:
    """All candidates of the judged micrographs.

    Attributes
    ----------
    image : ndarray, shape (n,), int64
        Number of the candidate's micrograph, 0 … n_images - 1.
    score : ndarray, shape (n,), float64
        Higher is better.
    credited : ndarray of bool, shape (n,)
        See `nunatak.picks.matching.credited`; matched within each micrograph.
    truths : ndarray, shape (n_images,), int64
        True positions on each micrograph, those without any candidate among them.
    """

    image: IntArray
    score: FloatArray
    credited: NDArray[np.bool_]
    truths: IntArray

    @property
    def curve(self) -> PrecisionRecallCurve:
        """The curve of all micrographs pooled."""
        return precision_recall_curve(self.score, self.credited, int(self.truths.sum()))

    def counts_at(self, threshold: float) -> Counts:
        """Count the candidates with at least this score, and the right ones, per micrograph."""
        passing = self.score >= threshold
        return Counts(
            selected=self._per_image(passing),
            true_positives=self._per_image(passing & self.credited),
            truths=self.truths,
        )

    def _per_image(self, chosen: NDArray[np.bool_]) -> IntArray:
        return np.bincount(self.image[chosen], minlength=len(self.truths)).astype(np.int64)


def rates(
    selected: ArrayLike, true_positives: ArrayLike, truths: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return precision, recall and F1 of counts, element by element.

    A figure without a denominator is NaN: precision where nothing is selected, recall where
    nothing is to be found, F1 where neither is. A micrograph with truths but no picks hence has
    recall 0 and F1 0.

    Examples
    --------
    >>> [float(rate) for rate in rates(selected=8, true_positives=6, truths=10)]
    [0.75, 0.6, 0.6666666666666666]
    """
    chosen, right, true = (
        np.asarray(count, dtype=np.float64) for count in (selected, true_positives, truths)
    )
    return ratio(right, chosen), ratio(right, true), ratio(2 * right, chosen + true)


def average_precision_per_image(picks: JudgedPicks) -> FloatArray:
    """Average precision of each micrograph by its own curve, NaN where it has no truth."""
    order = np.argsort(picks.image, kind="stable")
    edges = np.searchsorted(picks.image[order], np.arange(len(picks.truths) + 1))
    return np.array(
        [
            precision_recall_curve(
                picks.score[order[first:end]], picks.credited[order[first:end]], int(n_truths)
            ).average_precision
            for first, end, n_truths in zip(edges[:-1], edges[1:], picks.truths, strict=True)
        ],
        dtype=np.float64,
    )


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide element by element; NaN where the denominator is zero."""
    top, bottom = np.broadcast_arrays(numerator, denominator)
    result = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=result, where=bottom > 0)
    return result
