"""Thresholds of a new detector from those of the general one, where no label was kept aside.

Labels from which a detector has learned say nothing of what its scores mean. They do of the
general model's, which has seen none of them. What passes a threshold of the new detector is taken
for as good as what passes that threshold of the general model which as many candidates pass, on
the same micrographs: a detector that has learned puts the particles first at least as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nunatak.detection.header import ThresholdRow
from nunatak.learning.table_rows import thresholds_from

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FirstSight:
    """What the general model makes of the labelled micrographs, of which it has seen no label.

    Attributes
    ----------
    table : tuple of ThresholdRow
        Its thresholds, calibrated with all labels.
    score : ndarray, shape (n,), float64
        Of all its candidates there.
    basis : str
        How many labels there are, in words.
    """

    table: tuple[ThresholdRow, ...]
    score: FloatArray
    basis: str


def carried_over(
    sight: FirstSight, candidate_score: ArrayLike, *, score_floor: float
) -> tuple[ThresholdRow, ...]:
    """Return the threshold table of another detector.

    Parameters
    ----------
    sight
        What is known of the general model's scores.
    candidate_score : array, shape (m,)
        Of all candidates of the other detector, on the same micrographs.
    score_floor
        Of the other detector.

    Returns
    -------
    tuple of ThresholdRow
        By rising threshold; empty where either has no candidate.

    Examples
    --------
    >>> rows = [dict(threshold=t, precision=t, recall=1 - t, f1=0.5) for t in (0.1, 0.9)]
    >>> sight = FirstSight(tuple(map(ThresholdRow.model_validate, rows)), np.array([0.9, 0.1]), "")
    >>> found = carried_over(sight, [0.4, 0.2], score_floor=0.1)
    >>> [row.precision for row in found if row.threshold in (0.2, 0.4)]
    [0.1, 0.9]
    """
    before = np.sort(sight.score)[::-1]
    after = np.sort(np.asarray(candidate_score, dtype=np.float64))
    if not (len(sight.table) and len(before) and len(after)):
        return ()
    thresholds = thresholds_from(score_floor)
    passing = len(after) - np.searchsorted(after, thresholds, side="left")
    thresholds, passing = thresholds[passing > 0], passing[passing > 0]
    equivalent = before[np.minimum(passing, len(before)) - 1]
    known = np.array([row.threshold for row in sight.table])
    columns: dict[str, Sequence[float]] = {"threshold": thresholds.tolist()}
    for name in ThresholdRow.model_fields:
        values = [getattr(row, name) for row in sight.table]
        if name != "threshold" and None not in values:
            columns[name] = np.round(np.interp(equivalent, known, values), 4).tolist()
    return tuple(
        ThresholdRow.model_validate(dict(zip(columns, row, strict=True)))
        for row in zip(*columns.values(), strict=True)
    )


def as_many_pass(before: ArrayLike, threshold: float, after: ArrayLike) -> float:
    """Return the threshold of new scores that as many candidates pass as one of old scores.

    Parameters
    ----------
    before, after : array, shapes (n,) and (m,)
        Scores of a detector and of another one on the same micrographs; at least one of the latter.
    threshold
        Of the former.

    Examples
    --------
    >>> as_many_pass([0.9, 0.8, 0.2], 0.5, [0.4, 0.1, 0.3])
    0.3
    >>> as_many_pass([0.2], 0.5, [0.4])
    1.0
    """
    passing = int((np.asarray(before) >= threshold).sum())
    ordered = np.sort(np.asarray(after, dtype=np.float64))[::-1]
    return float(ordered[min(passing, len(ordered)) - 1]) if passing else 1.0
