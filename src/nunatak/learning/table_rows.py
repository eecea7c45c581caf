"""The rows of a threshold table, from rates at each threshold and resamples of them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.header import ThresholdRow
from nunatak.picks.metrics import ratio

FloatArray = NDArray[np.float64]

_DECIMALS = 4
_INTERVAL = (0.025, 0.975)


class Rates(NamedTuple):
    """At each threshold, shapes (..., k); NaN where nothing passes."""

    precision: FloatArray
    recall: FloatArray
    probability: FloatArray


def thresholds_from(score_floor: float) -> FloatArray:
    """Return the thresholds of a table: steps of 0.01, finer ones near 0 and 1.

    Examples
    --------
    >>> thresholds = thresholds_from(0.05)
    >>> thresholds[:3].tolist(), thresholds[-2:].tolist()
    ([0.05, 0.06, 0.07], [0.998, 0.999])
    """
    steps = np.concatenate(
        [np.arange(1, 10) / 1000, np.arange(1, 100) / 100, np.arange(991, 1000) / 1000]
    )
    return np.concatenate([[score_floor], steps[steps > score_floor]])


def table_rows(
    thresholds: FloatArray, estimate: Rates, samples: Rates | None
) -> tuple[ThresholdRow, ...]:
    """Write down the thresholds that some candidate passes, with 95 % intervals of the samples."""
    columns = {"threshold": thresholds, **estimate._asdict()}
    columns["f1"] = ratio(
        2 * estimate.precision * estimate.recall, estimate.precision + estimate.recall
    )
    kept = np.isfinite(columns["f1"])
    if not kept.any():
        return ()
    for name, values in (samples._asdict() if samples is not None else {}).items():
        bounds = np.nanquantile(values[:, kept], _INTERVAL, axis=0)
        for side, bound in zip(("low", "high"), bounds, strict=True):
            columns[f"{name}_{side}"] = np.full(len(thresholds), np.nan)
            columns[f"{name}_{side}"][kept] = bound
    return tuple(
        ThresholdRow.model_validate(
            {
                name: round(float(np.clip(values[row], 0.0, 1.0)), _DECIMALS)
                for name, values in columns.items()
            }
        )
        for row in np.flatnonzero(kept)
    )
