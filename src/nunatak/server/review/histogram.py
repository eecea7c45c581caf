"""Scores of a set: how many at which, and what each threshold would give."""

import numpy as np

from nunatak.server.bodies.reviews import Histogram, OperatingPoint, Share
from nunatak.server.review.columns import FloatArray
from nunatak.server.review.estimates import Estimate
from nunatak.server.review.kept_precision import Fate, KeptPrecision
from nunatak.server.review.precision import PrecisionEstimate

BINS = 50
"""Bars of the histogram, over scores from 0 to 1."""

STEPS = 200
"""Places of the threshold's slider."""


def histogram(fate: Fate, before: PrecisionEstimate, after: KeptPrecision) -> Histogram:
    """Count scores and work out what thresholds give.

    Parameters
    ----------
    fate
        Scores of the candidates, 0 to 1, and what became of them.
    before
        The precision of the candidates of at least a score.
    after
        The same without those that were rejected.
    """
    edges = np.linspace(0.0, 1.0, BINS + 1)
    rising = np.sort(fate.score)
    thresholds = np.linspace(0.0, 1.0, STEPS + 1).round(6)
    selected = len(rising) - np.searchsorted(rising, thresholds, side="left")
    return Histogram(
        edges=edges.tolist(),
        counts=_counts(fate.score, edges),
        rejected=_counts(fate.score[fate.rejected], edges),
        points=[
            OperatingPoint(
                threshold=threshold,
                selected=int(count),
                precision=_share(before.at(threshold)),
                kept=after.kept(threshold),
                kept_precision=_share(after.at(threshold)),
            )
            for threshold, count in zip(thresholds.tolist(), selected, strict=True)
        ],
        precision_from=before.source,
        kept_precision_from=after.source,
    )


def _counts(score: FloatArray, edges: FloatArray) -> list[int]:
    found: list[int] = np.histogram(score, bins=edges)[0].tolist()
    return found


def _share(estimate: Estimate | None) -> Share | None:
    if estimate is None:
        return None
    return Share(value=estimate.value, low=estimate.low, high=estimate.high)
