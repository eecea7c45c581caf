"""Candidates of one tomogram, in the frame in which it is stored."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from nunatak.detection.candidates import POSITION_DECIMALS, SCORE_DECIMALS, Candidates
from nunatak.detection.volumes.volume_header import VolumeModelHeader
from nunatak.detection.volumes.volume_peaks import VolumeCandidates, find_volume_peaks
from nunatak.detection.volumes.volume_scoring import VolumeScorer
from nunatak.detection.volumes.volume_suppression import unsuppressed
from nunatak.detection.volumes.working_tomogram import WorkingTomogram

CROSS_CLASS = 0.5
"""Share of the larger radius below which two candidates of different classes are one particle.
Spheres that touch are more than a whole radius apart, so that no neighbour is lost."""

_LEAST = 1e-12


def find_in_tomogram(
    tomogram: WorkingTomogram, scorer: VolumeScorer, header: VolumeModelHeader
) -> Candidates:
    """Score a tomogram, find its peaks and keep the best of those that lie too close.

    Which those are, says `one_a_place`.

    Parameters
    ----------
    tomogram
        Read slab by slab.
    scorer
        The model's network.
    header
        Of the model.

    Returns
    -------
    Candidates
        Best score first, in voxels of the stored tomogram.

    Raises
    ------
    BadInput
        If a part of the tomogram is damaged.
    ResourceError
        If the device's memory does not suffice.
    """
    found = find_volume_peaks(
        scorer.slabs(tomogram),
        tomogram.shape,
        stride=scorer.stride,
        origin_px=scorer.origin_px,
        thresholds=[header.score_floor] * len(header.classes),
    )
    rows = one_a_place(
        found,
        [kind.threshold for kind in header.classes],
        [kind.diameter_A / 2 for kind in header.classes],
        voxel_size_A=tomogram.resampled.voxel_size_A,
    )
    kept = found.taken(rows)
    x_px, y_px, z_px = tomogram.to_source(kept.xyz_px).round(POSITION_DECIMALS).T
    candidates = Candidates(x_px, y_px, kept.score.round(SCORE_DECIMALS), kept.class_index, z_px)
    return candidates.taken(np.lexsort((x_px, y_px, z_px, -candidates.score)))


def one_a_place(
    found: VolumeCandidates,
    thresholds: Sequence[float],
    radius_A: Sequence[float],
    *,
    voxel_size_A: float,
) -> NDArray[np.intp]:
    """Choose the candidates that keep their place, because a place holds one particle.

    Classes compete for it by how far their scores lie above their own thresholds, which are what
    makes scores of different classes comparable; candidates of one class are at least a radius
    apart.

    Parameters
    ----------
    found
        In any order.
    thresholds
        Probabilities, one a class.
    radius_A
        Of the particles, one a class, Å.
    voxel_size_A
        Of the scored volume, Å.

    Returns
    -------
    ndarray, shape (n,), intp
        Their rows, the one farthest above its threshold first.
    """
    order = np.argsort(-_margin(found, thresholds), kind="stable")
    rows = unsuppressed(
        found.taken(order), radius_A, voxel_size_A=voxel_size_A, cross_class=CROSS_CLASS
    )
    return order[rows]


def _margin(found: VolumeCandidates, thresholds: Sequence[float]) -> NDArray[np.float64]:
    """How far candidates lie above their class's threshold, in logits."""
    # Logits of 0 and 1 are infinite, and their differences no numbers.
    score, threshold = (
        logit(np.clip(np.asarray(values, dtype=np.float64), _LEAST, 1 - _LEAST))
        for values in (found.score, thresholds)
    )
    return np.asarray(score - threshold[found.class_index], dtype=np.float64)
