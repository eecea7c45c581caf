"""Figures of merit over several micrographs, with their uncertainty.

*Micro* pools the picks of all micrographs, so that a crowded micrograph weighs more; *macro*
averages the micrographs' own figures, so that each weighs the same. Uncertainty comes from
resampling whole micrographs (Efron's percentile bootstrap) and not picks: picks of one
micrograph share its ice and its defocus, and would pretend to more evidence than there is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.picks.curve import PrecisionRecallCurve
from nunatak.picks.metrics import Counts, JudgedPicks, average_precision_per_image, rates, ratio

FloatArray = NDArray[np.float64]

_MAX_LEVELS = 1024
"""Thresholds at which a resampled curve is evaluated at most. With n steps in recall the average
precision moves by less than (highest - lowest precision) / 2n, far below any interval's width."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % bootstrap interval (NaN bounds where there is one micrograph)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class MicroMacro:
    """One figure of merit, pooled over all picks and averaged over micrographs."""

    micro: Estimate
    macro: Estimate


def resampling_weights(
    n_images: int, n_resamples: int, generator: np.random.Generator
) -> FloatArray:
    """Draw how often each micrograph occurs in each bootstrap sample.

    Returns
    -------
    ndarray, shape (n_resamples, n_images), float64
        Whole numbers; each row sums to ``n_images``. No rows where there are fewer than two
        micrographs, because one micrograph says nothing about the spread between micrographs.
    """
    if n_images < 2:
        return np.empty((0, n_images))
    equal = np.full(n_images, 1.0 / n_images)
    return generator.multinomial(n_images, equal, size=n_resamples).astype(np.float64)


def rate_estimates(counts: Counts, weights: FloatArray) -> dict[str, MicroMacro]:
    """Estimate precision, recall and F1 of a selection.

    Parameters
    ----------
    counts
        Per micrograph.
    weights
        From `resampling_weights`.

    Returns
    -------
    dict
        Keys ``"precision"``, ``"recall"`` and ``"f1"``. The macro value averages the micrographs
        on which the figure is defined (see `rates`).
    """
    per_image = (counts.selected, counts.true_positives, counts.truths)
    pooled = rates(*(count.sum() for count in per_image))
    pooled_again = rates(*(weights @ count for count in per_image))
    return {
        name: MicroMacro(
            micro=_estimate(float(value), resampled), macro=macro_estimate(own, weights)
        )
        for name, value, resampled, own in zip(
            ("precision", "recall", "f1"), pooled, pooled_again, rates(*per_image), strict=True
        )
    }


def macro_estimate(per_image: FloatArray, weights: FloatArray) -> Estimate:
    """Estimate the mean of a figure over the micrographs on which it is defined (not NaN)."""
    defined = np.isfinite(per_image)
    values = per_image[defined]
    value = float(values.mean()) if defined.any() else float("nan")
    chosen = weights[:, defined]
    return _estimate(value, ratio(chosen @ values, chosen.sum(axis=1)))


def curve_estimates(picks: JudgedPicks, weights: FloatArray) -> tuple[MicroMacro, Estimate]:
    """Estimate the average precision, and the best F1 over all thresholds (pooled).

    The best F1 chooses its threshold anew in every resample. Curves of resamples are evaluated
    at up to 1024 thresholds; the values themselves are exact.

    Parameters
    ----------
    picks
        The candidates of all judged micrographs.
    weights
        From `resampling_weights`.

    Returns
    -------
    average_precision : MicroMacro
    best_f1 : Estimate
    """
    curve = picks.curve
    selected, right = _cumulative_counts(picks, curve)
    precision, recall, f1 = rates(
        weights @ selected, weights @ right, (weights @ picks.truths)[:, None]
    )
    # Thresholds above which a resample holds no candidate add no recall either.
    steps = np.diff(recall, axis=1, prepend=0.0) * np.nan_to_num(precision)
    resampled_f1 = f1.max(axis=1) if f1.shape[1] else np.zeros(len(weights))
    micro = _estimate(curve.average_precision, steps.sum(axis=1))
    macro = macro_estimate(average_precision_per_image(picks), weights)
    best_f1 = float(curve.f1[curve.best]) if curve.best >= 0 else 0.0
    return MicroMacro(micro, macro), _estimate(best_f1, resampled_f1)


def _cumulative_counts(
    picks: JudgedPicks, curve: PrecisionRecallCurve
) -> tuple[FloatArray, FloatArray]:
    """Count selected and right candidates by micrograph and level, shapes (n_images, levels).

    Levels divide the recall evenly, because the average precision is a sum over recall.
    """
    n_images = len(picks.truths)
    levels = np.arange(len(curve.threshold))
    if len(levels) > _MAX_LEVELS:
        wanted = np.linspace(0, curve.true_positives[-1], _MAX_LEVELS)
        levels = np.unique(np.append(np.searchsorted(curve.true_positives, wanted), levels[-1]))
    rising = curve.threshold[levels][::-1]
    level = len(levels) - np.searchsorted(rising, picks.score, side="right")
    shape = (n_images, len(levels))
    cell = picks.image * shape[1] + level
    selected = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    right = np.bincount(cell[picks.credited], minlength=shape[0] * shape[1]).reshape(shape)
    return selected.cumsum(axis=1).astype(np.float64), right.cumsum(axis=1).astype(np.float64)


def _estimate(value: float, resampled: FloatArray) -> Estimate:
    defined = resampled[np.isfinite(resampled)]
    if len(defined) == 0:
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(defined, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
