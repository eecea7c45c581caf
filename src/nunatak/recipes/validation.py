"""Judge a detector on simulated fields that its training never saw."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.candidates import Candidates, find_candidates
from nunatak.detection.model import DetectorModel
from nunatak.detection.options import MIN_DISTANCE_IN_DIAMETERS
from nunatak.detection.scoring import Scorer
from nunatak.geometry import Scale
from nunatak.learning.found import MATCHING_RADIUS
from nunatak.picks.matching import credited
from nunatak.picks.metrics import JudgedPicks
from nunatak.simulate.crops import TrainingCrop


def judged_fields(model: DetectorModel, fields: Sequence[TrainingCrop]) -> JudgedPicks:
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
    JudgedPicks
        Of all fields: for a curve, and for `nunatak.learning.calibration.calibrate_on_truth`.
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
            min_distance_px=MIN_DISTANCE_IN_DIAMETERS * diameter_px,
            cut=scorer.cut,
        )
        candidates = candidates.taken(~_ignored(candidates, field))
        positions = np.column_stack([candidates.x_px, candidates.y_px])
        scores.append(candidates.score)
        hits.append(
            credited(positions, candidates.score, field.centres_px, MATCHING_RADIUS * diameter_px)
        )
    return JudgedPicks(
        image=np.repeat(np.arange(len(fields)), [len(score) for score in scores]),
        score=np.concatenate(scores),
        credited=np.concatenate(hits),
        truths=np.array([len(field.centres_px) for field in fields], dtype=np.int64),
    )


def _ignored(candidates: Candidates, field: TrainingCrop) -> NDArray[np.bool_]:
    x, y, radius = field.ignored_px.T[:, :, None]
    squared = (candidates.x_px - x) ** 2 + (candidates.y_px - y) ** 2
    return np.asarray((squared < radius**2).any(axis=0))
