"""Whether a promised precision is kept, on data with a known truth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nunatak.picks.bootstrap import Estimate, rate_estimates, resampling_weights
from nunatak.picks.metrics import JudgedPicks

PROMISES = (0.7, 0.8, 0.9)
"""Precisions at which calibration is judged."""


@dataclass(frozen=True)
class KeptPromise:
    """A promised precision and what became of it.

    Attributes
    ----------
    promised : float
        Precision that the threshold was chosen for.
    threshold : float
        That threshold.
    realised : Estimate
        Precision of all selected candidates pooled; NaN where none is selected.
    recall : Estimate
        Of the same selection.
    is_everything_selected : bool
        Whether every candidate passes: then no lower precision can be had, and a realised one
        above the promise is no error.
    """

    promised: float
    threshold: float
    realised: Estimate
    recall: Estimate
    is_everything_selected: bool

    @property
    def error(self) -> float:
        """Realised minus promised precision; 0 where everything is selected and better."""
        difference = self.realised.value - self.promised
        return 0.0 if self.is_everything_selected and difference > 0 else difference


def calibration_error(
    picks: JudgedPicks, thresholds: Mapping[float, float], *, n_resamples: int = 1000, seed: int = 0
) -> tuple[KeptPromise, ...]:
    """Compare promised with realised precision.

    Parameters
    ----------
    picks
        Judged candidates of micrographs that neither training nor calibration saw.
    thresholds
        Promised precision to the threshold chosen for it, such as by
        `nunatak.detection.thresholds.choose_threshold` for each of `PROMISES`.
    n_resamples, seed
        Of the bootstrap over micrographs behind the intervals.

    Returns
    -------
    tuple of KeptPromise
        In the order of ``thresholds``.

    Examples
    --------
    >>> picks = JudgedPicks(
    ...     image=np.zeros(4, dtype=np.int64),
    ...     score=np.array([0.9, 0.8, 0.7, 0.2]),
    ...     credited=np.array([True, True, False, False]),
    ...     truths=np.array([2]),
    ... )
    >>> (kept,) = calibration_error(picks, {0.7: 0.5})
    >>> round(kept.realised.value, 2), round(kept.error, 2)
    (0.67, -0.03)
    """
    weights = resampling_weights(len(picks.truths), n_resamples, np.random.default_rng(seed))
    results = []
    for promised, threshold in thresholds.items():
        rated = rate_estimates(picks.counts_at(threshold), weights)
        results.append(
            KeptPromise(
                promised=promised,
                threshold=threshold,
                realised=rated["precision"].micro,
                recall=rated["recall"].micro,
                is_everything_selected=bool((picks.score >= threshold).all()),
            )
        )
    return tuple(results)
