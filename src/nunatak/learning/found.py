"""What a detector finds on working images, and how it scores the labelled particles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.candidates import find_candidates
from nunatak.detection.options import MIN_DISTANCE_IN_DIAMETERS
from nunatak.detection.scoring import Scorer
from nunatak.geometry import FloatArray, Scale
from nunatak.learning.working_images import WorkingImage
from nunatak.picks.matching import match

MATCHING_RADIUS = 0.25
"""In particle diameters: half of the particle's radius."""


@dataclass(frozen=True)
class Found:
    """Candidates on one working image.

    Attributes
    ----------
    xy_px : ndarray, shape (n, 2), float64
        Columns x, y, pixels of the working image; best first.
    score : ndarray, shape (n,), float64
        Probability.
    label_score : ndarray, shape (k,), float64
        Score of the candidate that stands for each labelled particle; 0 where there is none.
    """

    xy_px: FloatArray
    score: FloatArray
    label_score: FloatArray


def find_on(scorer: Scorer, image: WorkingImage, *, diameter_px: float, floor: float) -> Found:
    """Find candidates on a working image.

    Parameters
    ----------
    scorer
        The detector.
    image
        At its working size.
    diameter_px
        Of the particle, working pixels.
    floor
        Probability below which a peak is no candidate.
    """
    shape = (image.image.shape[0], image.image.shape[1])
    candidates = find_candidates(
        scorer.logits(image.image),
        Scale(shape, shape),
        stride=scorer.stride,
        origin_px=scorer.origin_px,
        floor=floor,
        min_distance_px=MIN_DISTANCE_IN_DIAMETERS * diameter_px,
        cut=scorer.cut,
    )
    xy_px = np.column_stack([candidates.x_px, candidates.y_px])
    label_score = np.zeros(len(image.positives_px))
    if len(xy_px) and len(label_score):
        pairs = match(xy_px, image.positives_px, MATCHING_RADIUS * diameter_px)
        label_score[pairs.truth] = candidates.score[pairs.candidate]
    return Found(xy_px, candidates.score, label_score)


def label_scores(found: Sequence[Found]) -> NDArray[np.float64]:
    """Scores of all labelled particles, in the order of the images."""
    return np.concatenate([np.empty(0), *(one.label_score for one in found)])
