"""The precision-recall curve of scored candidates, and what is read off it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from nunatak.errors import BadInput

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """Counts at every threshold that changes them, in order of falling threshold.

    Attributes
    ----------
    threshold : ndarray, shape (k,), float64
        The distinct scores. A candidate is selected if its score is at least the threshold, so
        that candidates of equal score enter together.
    selected, true_positives : ndarray, shape (k,), int64
        How many candidates pass the threshold, and how many of them are right.
    n_truths : int
        All true positions, also those that no candidate comes near.
    """

    threshold: FloatArray
    selected: IntArray
    true_positives: IntArray
    n_truths: int

    @property
    def precision(self) -> FloatArray:
        """Share of the selected candidates that are right, shape (k,)."""
        return self.true_positives / self.selected

    @property
    def recall(self) -> FloatArray:
        """Share of the truths that are found, shape (k,); NaN where there is no truth."""
        if self.n_truths == 0:
            return np.full(len(self.threshold), np.nan)
        return self.true_positives / self.n_truths

    @property
    def f1(self) -> FloatArray:
        """Harmonic mean of precision and recall, shape (k,)."""
        return 2 * self.true_positives / (self.selected + self.n_truths)

    @property
    def average_precision(self) -> float:
        r"""Area under the curve as a sum of steps, :math:`\sum_k (R_k - R_{k-1}) P_k`.

        No interpolation; truths that no candidate finds count as misses at every threshold, so
        that the value cannot exceed the recall of all candidates. NaN without truths.
        """
        if self.n_truths == 0:
            return float("nan")
        return float(np.sum(np.diff(self.recall, prepend=0.0) * self.precision))

    @property
    def best(self) -> int:
        """Index of the greatest F1 (the highest such threshold); -1 where there is no candidate."""
        return int(np.argmax(self.f1)) if len(self.threshold) else -1

    def to_table(self) -> pd.DataFrame:
        """Return the curve with one row a threshold."""
        return pd.DataFrame(
            {
                "threshold": self.threshold,
                "selected": self.selected,
                "true_positives": self.true_positives,
                "precision": self.precision,
                "recall": self.recall,
                "f1": self.f1,
            }
        )


def precision_recall_curve(
    score: ArrayLike, is_credited: ArrayLike, n_truths: int
) -> PrecisionRecallCurve:
    """Return the curve of candidates whose right ones are known.

    Parameters
    ----------
    score
        Shape ``(n,)``, higher is better.
    is_credited
        Shape ``(n,)``, bool: the candidate adds a true positive when the threshold falls past its
        score (see `nunatak.picks.matching.credited`).
    n_truths
        Number of all true positions.

    Returns
    -------
    PrecisionRecallCurve

    Raises
    ------
    BadInput
        If a score is not a number, the lengths differ, or more candidates are right than there
        are truths.

    Examples
    --------
    >>> curve = precision_recall_curve([0.9, 0.7, 0.7], [True, False, True], n_truths=4)
    >>> curve.threshold.tolist(), curve.precision.round(2).tolist(), curve.recall.tolist()
    ([0.9, 0.7], [1.0, 0.67], [0.25, 0.5])
    >>> round(curve.average_precision, 3)
    0.417
    """
    scores = np.asarray(score, dtype=np.float64)
    right = np.asarray(is_credited, dtype=np.bool_)
    if scores.shape != right.shape:
        raise BadInput(f"{scores.size} scores came with {right.size} marks of the right ones.")
    if np.isnan(scores).any():
        raise BadInput(
            f"{int(np.isnan(scores).sum())} of {scores.size} picks have no score. "
            "Score all of them or none."
        )
    if int(right.sum()) > n_truths:
        raise BadInput(f"{int(right.sum())} candidates cannot be right with {n_truths} truths.")
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last_of_score = np.flatnonzero(np.append(falling[1:] != falling[:-1], scores.size > 0))
    return PrecisionRecallCurve(
        threshold=falling[last_of_score],
        selected=last_of_score + 1,
        true_positives=np.cumsum(right[order])[last_of_score].astype(np.int64),
        n_truths=n_truths,
    )
