"""Scores of a set: how many at which, and what each threshold would give."""

from collections.abc import Callable

import numpy as np

from nunatak.server.bodies.pick_sets import Histogram, OperatingPoint
from nunatak.server.review.columns import FloatArray
from nunatak.server.review.precision import Estimate

BINS = 50
"""Bars of the histogram, over scores from 0 to 1."""

STEPS = 200
"""Places of the threshold's slider."""


def histogram(
    score: FloatArray,
    precision_at: Callable[[float], Estimate | None],
    precision_from: str | None,
) -> Histogram:
    """Count scores and work out what thresholds give.

    Parameters
    ----------
    score : ndarray, shape (n,), float64
        0 to 1.
    precision_at
        Estimates the precision of the candidates of at least a score.
    precision_from
        What the estimate rests on.
    """
    edges = np.linspace(0.0, 1.0, BINS + 1)
    counts, _ = np.histogram(score, bins=edges)
    rising = np.sort(score)
    thresholds = np.linspace(0.0, 1.0, STEPS + 1).round(6)
    selected = len(rising) - np.searchsorted(rising, thresholds, side="left")
    points = [
        _point(float(threshold), int(count), precision_at(float(threshold)))
        for threshold, count in zip(thresholds, selected, strict=True)
    ]
    return Histogram(
        edges=edges.tolist(), counts=counts.tolist(), points=points, precision_from=precision_from
    )


def _point(threshold: float, count: int, estimate: Estimate | None) -> OperatingPoint:
    if estimate is None:
        return OperatingPoint(
            threshold=threshold,
            selected=count,
            precision=None,
            precision_low=None,
            precision_high=None,
        )
    return OperatingPoint(
        threshold=threshold,
        selected=count,
        precision=estimate.value,
        precision_low=estimate.low,
        precision_high=estimate.high,
    )
