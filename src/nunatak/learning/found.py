"""What a detector finds on working images, and how it scores the labelled particles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.candidates import find_candidates
from nunatak.detection.options import MIN_DISTANCE_IN_DIAMETERS
from nunatak.detection.scoring import Scorer
from nunatak.geometry import FloatArray, Scale
from nunatak.learning.said import Said
from nunatak.learning.working_images import WorkingImage
from nunatak.picks.matching import match

MATCHING_RADIUS = 0.25
"""In particle diameters: half of the particle's radius."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Candidates in completely labelled parts, each known to be right or wrong.

    Attributes
    ----------
    right, wrong : ndarray, shape (n,), float64
        Their scores.
    is_label : ndarray, shape (k,), bool
        Which of the labels lie there.
    """

    right: FloatArray
    wrong: FloatArray
    is_label: NDArray[np.bool_]


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
    judged : Judged or None
        The candidates where all particles are labelled; None where that is nowhere.
    """

    xy_px: FloatArray
    score: FloatArray
    label_score: FloatArray
    judged: Judged | None = None


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
    score = candidates.score
    if image.regions is not None:
        usable = ~image.regions.are_excluded(xy_px)
        xy_px, score = xy_px[usable], score[usable]
    radius_px = MATCHING_RADIUS * diameter_px
    label_score, is_hit = _standing_for(image.positives_px, xy_px, score, radius_px)
    return Found(xy_px, score, label_score, _judged(image, xy_px, score, is_hit))


def _standing_for(
    places_px: NDArray[np.float32], xy_px: FloatArray, score: FloatArray, radius_px: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Score of the candidate at each place, 0 where there is none, and which candidates these are.

    One candidate stands for one place.
    """
    at_place, is_taken = np.zeros(len(places_px)), np.zeros(len(xy_px), dtype=np.bool_)
    if len(xy_px) and len(places_px):
        pairs = match(xy_px, places_px, radius_px)
        at_place[pairs.truth] = score[pairs.candidate]
        is_taken[pairs.candidate] = True
    return at_place, is_taken


def _judged(
    image: WorkingImage, xy_px: FloatArray, score: FloatArray, is_hit: NDArray[np.bool_]
) -> Judged | None:
    if image.regions is None or not image.regions.complete.any():
        return None
    is_inside = image.regions.are_complete(xy_px)
    return Judged(
        right=score[is_inside & is_hit],
        wrong=score[is_inside & ~is_hit],
        is_label=image.regions.are_complete(image.positives_px),
    )


def label_scores(found: Sequence[Found]) -> NDArray[np.float64]:
    """Scores of all labelled particles, in the order of the images."""
    return np.concatenate([np.empty(0), *(one.label_score for one in found)])


def said_of(found: Sequence[Found], *, shown_from: float | None) -> Said:
    """Put together what people say of the candidates on some images.

    Parameters
    ----------
    found
        On each image.
    shown_from
        See `nunatak.learning.said.Said`.
    """
    judged = [one.judged for one in found if one.judged is not None]
    none = np.empty(0)
    return Said(
        labels=np.concatenate([none, *map(_open_labels, found)]),
        right=np.concatenate([none, *(one.right for one in judged)]),
        wrong=np.concatenate([none, *(one.wrong for one in judged)]),
        shown_from=shown_from,
    )


def _open_labels(found: Found) -> FloatArray:
    """Scores of the labels that are not among the judged candidates."""
    if found.judged is None:
        return found.label_score
    return found.label_score[~found.judged.is_label | (found.label_score <= 0)]
