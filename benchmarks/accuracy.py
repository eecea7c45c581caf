"""Rate picks by labels with nunatak's own evaluator, the same for every program."""

import math
from typing import Any

from nunatak.picks.bootstrap import Estimate
from nunatak.picks.curve import PrecisionRecallCurve
from nunatak.picks.evaluate import evaluate
from nunatak.picks.evaluation import OperatingPoint
from nunatak.picks.table import PickSet

MOST_PICKS_PER_LABEL = 1.6
"""Where labels are incomplete, recall is read off among this many picks per label."""


def rate(
    picks: PickSet,
    labels: PickSet,
    *,
    radius_A: float,
    threshold: float | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Rate scored picks.

    Parameters
    ----------
    picks
        All candidates, with their scores.
    labels
        Of the same micrographs.
    radius_A
        Matching radius.
    threshold
        Also judge the picks with at least this score: what a user gets without choosing.
    resamples, seed
        Of the bootstrap over micrographs behind the 95 % intervals.

    Returns
    -------
    dict
        JSON values; intervals are ``{"value", "low", "high"}``.
    """
    result = evaluate(
        picks, labels, radius_A=radius_A, threshold=threshold, n_resamples=resamples, seed=seed
    )
    plain = result.to_dict()
    points = {point.name: point for point in result.points}
    best, *_ = result.points
    rated = {
        "labels": sum(one.truths for one in result.images),
        "candidates": sum(one.candidates for one in result.images),
        "matching_radius_A": radius_A,
        "average_precision": plain["average_precision"],
        "best_f1": plain["best_f1"],
        "at_best_f1": _point(best),
        "recall_among_1.6_picks_per_label": recall_among(result.curve),
        "per_micrograph": plain["images"],
    }
    if threshold is not None:
        # Where there is no candidate at all, every selection is the same empty one.
        rated["at_default_threshold"] = _point(points.get("Threshold as given", best))
    return rated


def recall_among(curve: PrecisionRecallCurve, per_label: float = MOST_PICKS_PER_LABEL) -> float:
    """Return the recall of the best candidates, at most so many of them as times the labels."""
    passing = curve.selected <= per_label * curve.n_truths
    return float(curve.recall[passing][-1]) if passing.any() else 0.0


def _point(point: OperatingPoint) -> dict[str, Any]:
    distances = {
        f"{name}_{error.unit.replace('Å', 'A')}": getattr(error, name)
        for error in point.localisation
        for name in ("mean", "median", "rms")
        if not math.isnan(error.rms)
    }
    return {
        "threshold": _finite(point.threshold),
        "selected": point.selected,
        "right": point.true_positives,
        **{
            name: {
                kind: _plain_estimate(getattr(getattr(point, name), kind))
                for kind in ("micro", "macro")
            }
            for name in ("precision", "recall", "f1")
        },
        "distance": distances,
    }


def _plain_estimate(estimate: Estimate) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in vars(estimate).items()}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
