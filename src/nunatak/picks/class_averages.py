"""Average figures of merit over classes, with intervals from resampling whole images."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.picks.bootstrap import Estimate, MicroMacro, curve_estimates, rate_estimates
from nunatak.picks.class_evaluation import AverageDistance, ClassAverages
from nunatak.picks.evaluation import Evaluation, OperatingPoint
from nunatak.picks.metrics import Counts, JudgedPicks, rates, ratio

FloatArray = NDArray[np.float64]


def average_precision_over_classes(
    classes: Sequence[Evaluation], weights: FloatArray
) -> MicroMacro:
    """Average over classes: all candidates ranked together (micro), or class by class (macro).

    Parameters
    ----------
    classes
        The classes' own results, of the same images.
    weights
        From `nunatak.picks.bootstrap.resampling_weights`.

    Returns
    -------
    MicroMacro
        The macro value is the mean of the classes that have truths, without an interval.
    """
    pools = [one.judged for one in classes]
    pooled = JudgedPicks(
        image=np.concatenate([pool.image for pool in pools]),
        score=np.concatenate([pool.score for pool in pools]),
        credited=np.concatenate([pool.credited for pool in pools]),
        truths=np.sum([pool.truths for pool in pools], axis=0),
    )
    own = np.array([one.average_precision.micro.value for one in classes])
    mean = float(ratio(np.nansum(own), np.isfinite(own).sum()))
    return MicroMacro(
        micro=curve_estimates(pooled, weights)[0].micro,
        macro=Estimate(mean, float("nan"), float("nan")),
    )


def averages_over_classes(points: Sequence[OperatingPoint], weights: FloatArray) -> ClassAverages:
    """Average one selection's figures over the classes.

    Parameters
    ----------
    points
        What the selection achieves, one a class, of the same images.
    weights
        From `nunatak.picks.bootstrap.resampling_weights`.
    """
    selected, right, truths = (
        np.array([getattr(point.counts, name) for point in points])
        for name in ("selected", "true_positives", "truths")
    )
    pooled = Counts(selected.sum(axis=0), right.sum(axis=0), truths.sum(axis=0))
    micro = rate_estimates(pooled, weights)
    own = rates(*(count.sum(axis=1) for count in (selected, right, truths)))
    again = rates(*(weights @ count.T for count in (selected, right, truths)))
    precision, recall, f1 = (
        MicroMacro(micro[name].micro, _mean_over_classes(figure, resampled))
        for name, figure, resampled in zip(("precision", "recall", "f1"), own, again, strict=True)
    )
    return ClassAverages(
        name=points[0].name,
        selected=int(selected.sum()),
        true_positives=int(right.sum()),
        truths=int(truths.sum()),
        precision=precision,
        recall=recall,
        f1=f1,
        localisation=_average_distances(points, weights),
    )


def _average_distances(
    points: Sequence[OperatingPoint], weights: FloatArray
) -> tuple[AverageDistance, ...]:
    """Average the distances over the classes, in each unit that all of them are known in."""
    right = np.array([point.counts.true_positives for point in points])
    found = []
    for number, error in enumerate(points[0].localisation):
        if any(len(point.localisation) <= number for point in points):
            break
        sums = np.array([point.distance_sums[number] for point in points])
        micro = _with_interval(
            ratio(sums.sum(), right.sum()),
            ratio(weights @ sums.sum(axis=0), weights @ right.sum(axis=0)),
        )
        macro = _mean_over_classes(
            ratio(sums.sum(axis=1), right.sum(axis=1)), ratio(weights @ sums.T, weights @ right.T)
        )
        found.append(AverageDistance(error.unit, MicroMacro(micro, macro)))
    return tuple(found)


def _mean_over_classes(figure: FloatArray, resampled: FloatArray) -> Estimate:
    """Average figures, shape (n_classes,), with the interval of (n_resamples, n_classes)."""

    def mean(values: FloatArray) -> FloatArray:
        return ratio(np.nansum(values, axis=-1), np.isfinite(values).sum(axis=-1))

    return _with_interval(mean(figure), mean(resampled))


def _with_interval(value: FloatArray, resampled: FloatArray) -> Estimate:
    defined = resampled[np.isfinite(resampled)]
    low, high = np.quantile(defined, [0.025, 0.975]) if len(defined) else (np.nan, np.nan)
    return Estimate(float(value), float(low), float(high))
