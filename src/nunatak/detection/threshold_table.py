"""Read a model's threshold table: what its thresholds gave, and what its scores mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression
from scipy.special import logit

from nunatak.detection.header import ModelHeader, ThresholdRow

FloatArray = NDArray[np.float64]

_SHOWN_PRECISIONS = (0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Expected:
    """A figure and its 95 % interval; the bounds are None where none was estimated."""

    value: float
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.2f}"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, eq=False)
class ProbabilityCurve:
    """Probability that a candidate of a score is right, given at points of rising score.

    Attributes
    ----------
    score, probability : ndarray, shape (k,), float64
        Between the points the probability runs straight on the scale of the score's logit.
    """

    score: FloatArray
    probability: FloatArray

    def at(self, score: ArrayLike) -> FloatArray:
        """Interpolate; beyond the ends the probability is that of the nearest point."""
        likely = np.interp(_logit(score), _logit(self.score), self.probability)
        return np.asarray(likely, dtype=np.float64)


def probability_curves(table: Sequence[ThresholdRow]) -> list[ProbabilityCurve]:
    """Return the table's estimate and, where it has them, the lower and upper bounds."""
    names = ("probability", "probability_low", "probability_high")
    curves = [
        ProbabilityCurve(
            np.array([row.threshold for row in table]),
            np.array([getattr(row, name) for row in table], dtype=np.float64),
        )
        for name in names
        if all(getattr(row, name) is not None for row in table)
    ]
    return curves if curves else [_from_rates(table)]


def _from_rates(table: Sequence[ThresholdRow]) -> ProbabilityCurve:
    """Work out the probability by score from precision and recall, which early tables have.

    Between two thresholds lie right candidates in proportion to the step in recall, and all
    candidates in proportion to the step in recall over precision.
    """
    threshold, precision, recall = (
        np.array([getattr(row, name) for row in table])
        for name in ("threshold", "precision", "recall")
    )
    passing = np.append(recall / np.maximum(precision, 1e-9), 0.0)
    candidates, right = -np.diff(passing), -np.diff(np.append(recall, 0.0))
    filled = candidates > 1e-9  # rounding can leave nothing, or less, between two thresholds
    if not filled.any():
        return ProbabilityCurve(threshold[:1], precision[:1])
    share = np.clip(right[filled] / candidates[filled], 0.0, 1.0)
    middle = (threshold + np.append(threshold[1:], 1.0)) / 2
    pooled = isotonic_regression(share, weights=candidates[filled]).x
    return ProbabilityCurve(middle[filled], pooled)


def recall_at(table: Sequence[ThresholdRow], threshold: float) -> Expected:
    """Interpolate the table: recall depends on the particles alone, not on the junk at hand."""
    scores = _logit([row.threshold for row in table])
    figures = []
    for name in ("recall", "recall_low", "recall_high"):
        values = [getattr(row, name) for row in table]
        if all(value is not None for value in values):
            figures.append(float(np.interp(_logit(threshold), scores, values)))
    return Expected(*figures)


def described(header: ModelHeader) -> dict[str, str]:
    """Say in words what a few useful thresholds gave: label to text, nothing without a table.

    The rows are the lowest that reach common precisions, and the model's default.
    """
    table = header.threshold_table
    if not table:
        return {}
    reaching = [
        next((row for row in table if row.precision >= wanted), None)
        for wanted in _SHOWN_PRECISIONS
    ]
    default = [row for row in table if row.threshold <= header.default_threshold][-1:]
    chosen = {row.threshold: row for row in (*reaching, *default) if row is not None}
    rows = {
        f"at threshold {row.threshold:g}": (
            f"precision {Expected(row.precision, row.precision_low, row.precision_high)}, "
            f"recall {Expected(row.recall, row.recall_low, row.recall_high)}"
        )
        for row in sorted(chosen.values(), key=lambda row: row.threshold)
    }
    return {**rows, "thresholds judged by": basis_of(header)}


def basis_of(header: ModelHeader) -> str:
    """Say on which data the model's table rests: the ``data`` of its calibration."""
    for key in ("calibration", "validation"):
        entry = header.provenance.get(key)
        if isinstance(entry, dict) and isinstance(entry.get("data"), str):
            return str(entry["data"])
    return "data that the model file does not name"


def _logit(score: ArrayLike) -> FloatArray:
    return np.asarray(logit(np.clip(np.asarray(score), 1e-9, 1 - 1e-9)), dtype=np.float64)
