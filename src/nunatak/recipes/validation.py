"""Judge a detector on simulated fields that its training never saw."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.candidates import Candidates, find_candidates
from nunatak.detection.header import ThresholdRow
from nunatak.detection.model import DetectorModel
from nunatak.detection.scoring import Scorer
from nunatak.geometry import Scale
from nunatak.picks.curve import PrecisionRecallCurve, precision_recall_curve
from nunatak.picks.matching import credited
from nunatak.simulate.crops import TrainingCrop

MATCHING_RADIUS = 0.25
"""In particle diameters: half of the particle's radius."""

MINIMUM_DISTANCE = 0.5
"""Between two candidates, in particle diameters."""


def validation_curve(model: DetectorModel, fields: Sequence[TrainingCrop]) -> PrecisionRecallCurve:
    """Pick simulated fields and compare with the truth.

    Candidates in places where no verdict is possible (see `TrainingCrop`) do not count.

    Parameters
    ----------
    model
        The detector.
    fields
        Simulated at the model's working size.

    Returns
    -------
    PrecisionRecallCurve
        Over all fields together.
    """
    scorer = Scorer(model)
    diameter_px = model.header.diameter_px
    scores, hits = [], []
    for field in fields:
        ny, nx = field.image.shape
        candidates = find_candidates(
            scorer.logits(field.image),
            Scale((ny, nx), (ny, nx)),
            stride=scorer.stride,
            origin_px=scorer.origin_px,
            floor=model.header.score_floor,
            min_distance_px=MINIMUM_DISTANCE * diameter_px,
        )
        candidates = candidates.taken(~_ignored(candidates, field))
        positions = np.column_stack([candidates.x_px, candidates.y_px])
        scores.append(candidates.score)
        hits.append(
            credited(positions, candidates.score, field.centres_px, MATCHING_RADIUS * diameter_px)
        )
    truths = sum(len(field.centres_px) for field in fields)
    return precision_recall_curve(np.concatenate(scores), np.concatenate(hits), truths)


def threshold_table(
    curve: PrecisionRecallCurve, thresholds: Sequence[float]
) -> tuple[ThresholdRow, ...]:
    """Precision and recall at chosen thresholds; those that nothing passes are left out."""
    rows = []
    for threshold in thresholds:
        passing = np.flatnonzero(curve.threshold >= threshold)
        if len(passing):
            at = passing[-1]
            rows.append(
                ThresholdRow(
                    threshold=threshold,
                    precision=round(float(curve.precision[at]), 4),
                    recall=round(float(curve.recall[at]), 4),
                    f1=round(float(curve.f1[at]), 4),
                )
            )
    return tuple(rows)


def _ignored(candidates: Candidates, field: TrainingCrop) -> NDArray[np.bool_]:
    x, y, radius = field.ignored_px.T[:, :, None]
    squared = (candidates.x_px - x) ** 2 + (candidates.y_px - y) ** 2
    return np.asarray((squared < radius**2).any(axis=0))
