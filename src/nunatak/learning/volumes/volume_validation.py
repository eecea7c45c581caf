"""Judge a network on tomograms whose particles are all known, class by class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.detection.header import ThresholdRow
from nunatak.detection.volumes.volume_candidates import one_a_place
from nunatak.detection.volumes.volume_peaks import VolumeCandidates, find_volume_peaks
from nunatak.detection.volumes.volume_scoring import VolumeScorer
from nunatak.detection.volumes.volume_suppression import suppress_by_class
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.networks.interface import DetectorNetwork
from nunatak.picks.curve import PrecisionRecallCurve, precision_recall_curve
from nunatak.picks.matching import credited

SCORE_FLOOR = 0.05
"""Candidates of lower probability do not count, as in the models that are written."""

HIT_RADII = 0.5
"""Distance, particle radii, up to which a candidate is right."""

DEFAULT_THRESHOLD = 0.5
"""Of a class about which the tomograms at hand say nothing."""

_THRESHOLDS = np.round(np.arange(SCORE_FLOOR, 0.951, 0.025), 3)


@dataclass(frozen=True)
class ClassFigures:
    """What a network reaches for one class.

    Attributes
    ----------
    particles : int
        How many there are.
    average_precision : float
        NaN where there are none.
    f1, threshold : float
        From which probability on the class by itself has its best F1, and the F1 there of what
        keeps its place among all classes. NaN, and a threshold from elsewhere or the default,
        where there are none.
    table : tuple of ThresholdRow
        By threshold; empty where there are none.
    """

    particles: int
    average_precision: float
    f1: float
    threshold: float
    table: tuple[ThresholdRow, ...]


class VolumeValidator:
    """Judges networks on completely labelled tomograms.

    Parameters
    ----------
    volumes
        Kept aside.
    radius_px
        Of the particles, one a class, working voxels.
    device
        Where to score.
    classes_compete
        Whether candidates of two classes claim a place, as those of sizes do not: of these, one
        class is made before anything is picked.
    """

    def __init__(
        self,
        volumes: Sequence[WorkingVolume],
        radius_px: Sequence[float],
        *,
        device: torch.device | str = "cpu",
        classes_compete: bool = True,
    ) -> None:
        self.volumes, self._classes_compete = tuple(volumes), classes_compete
        self._radius_px = tuple(radius_px)
        self._device = str(device)

    def average_precision(self, network: DetectorNetwork) -> float:
        """Mean over the classes that the tomograms hold; 0 where they hold none."""
        figures = self.figures(network)
        known = [one.average_precision for one in figures if one.particles]
        return float(np.mean(known)) if known else 0.0

    @property
    def holds_every_class(self) -> bool:
        """Whether the tomograms hold particles of all classes."""
        counts = [volume.counts(len(self._radius_px)) for volume in self.volumes]
        return bool(np.all(np.sum(counts, axis=0)))

    def figures(
        self, network: DetectorNetwork, elsewhere: Sequence[float] | None = None
    ) -> tuple[ClassFigures, ...]:
        """Return what a network reaches, class by class.

        Parameters
        ----------
        network
            To be judged.
        elsewhere
            Thresholds, one a class, of those that the tomograms do not hold; None takes the
            default.
        """
        default = elsewhere or [DEFAULT_THRESHOLD] * len(self._radius_px)
        found = peaks_in(self.volumes, network, len(self._radius_px), device=self._device)
        each = by_themselves(found, self._radius_px)
        thresholds = [self._threshold(each, kind, default[kind]) for kind in range(len(default))]
        if self._classes_compete:
            each = [placed(one, thresholds, self._radius_px) for one in found]
        return tuple(self._of_class(each, *one) for one in enumerate(thresholds))

    def _threshold(self, found: Sequence[VolumeCandidates], kind: int, default: float) -> float:
        """Return the threshold of the best F1, of equals the middle one."""
        curve = self._curve(found, kind)
        if curve is None:
            return default
        table = _table(curve)
        best = max(row.f1 for row in table)
        tied = [row for row in table if row.f1 == best]
        return tied[len(tied) // 2].threshold if best > 0 else DEFAULT_THRESHOLD

    def _of_class(
        self, found: Sequence[VolumeCandidates], kind: int, threshold: float
    ) -> ClassFigures:
        curve = self._curve(found, kind)
        if curve is None:
            return ClassFigures(0, float("nan"), float("nan"), threshold, ())
        table = _table(curve)
        f1 = next(row.f1 for row in table if row.threshold == threshold)
        return ClassFigures(curve.n_truths, curve.average_precision, f1, threshold, table)

    def _curve(self, found: Sequence[VolumeCandidates], kind: int) -> PrecisionRecallCurve | None:
        """Judge the candidates of one class; None where the tomograms hold no particle of it."""
        scores, right, n_truths = [np.empty(0)], [np.empty(0, dtype=np.bool_)], 0
        for volume, candidates in zip(self.volumes, found, strict=True):
            own = candidates.taken(candidates.class_index == kind)
            truths_px = volume.centres_px[volume.class_index == kind]
            radius_px = HIT_RADII * self._radius_px[kind]
            is_right = credited(own.xyz_px, own.score, truths_px, radius_px)
            counts = is_right | is_clear(own.xyz_px, volume.unclear_px, self._radius_px[kind])
            scores.append(own.score[counts])
            right.append(is_right[counts])
            n_truths += len(truths_px)
        if n_truths == 0:
            return None
        return precision_recall_curve(np.concatenate(scores), np.concatenate(right), n_truths)


def by_themselves(
    found: Sequence[VolumeCandidates], radius_px: Sequence[float]
) -> list[VolumeCandidates]:
    """Return the candidates of every class that none of the same class suppresses.

    Parameters
    ----------
    found
        All peaks, best first, one set a tomogram.
    radius_px
        Of the particles, one a class, working voxels.
    """
    return [suppress_by_class(one, radius_px, voxel_size_A=1.0) for one in found]


def placed(
    found: VolumeCandidates, thresholds: Sequence[float], radius_px: Sequence[float]
) -> VolumeCandidates:
    """Return the candidates that keep their place where picks are made, best score first.

    Thresholds are chosen before, by what every class finds by itself. Chosen by what keeps its
    place, that of a class whose candidates lose theirs would fall, it would win more places by
    it, and those that lose them in turn would fall as well.

    Parameters
    ----------
    found
        All peaks, best first.
    thresholds, radius_px
        One a class; radii in working voxels.
    """
    rows = one_a_place(found, thresholds, radius_px, voxel_size_A=1.0)
    return found.taken(np.sort(rows))


def is_clear(
    xyz_px: NDArray[np.float64],
    unclear_px: NDArray[np.float64],
    radius_px: float | NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell which places (n, 3) lie a radius, of all or (n,), from those of which nobody knows."""
    distance, _ = KDTree(unclear_px).query(xyz_px) if len(unclear_px) else (np.inf, None)
    return np.broadcast_to(np.asarray(distance >= radius_px), len(xyz_px))


def peaks_in(
    volumes: Sequence[WorkingVolume],
    network: DetectorNetwork,
    n_classes: int,
    *,
    device: torch.device | str = "cpu",
) -> list[VolumeCandidates]:
    """Find the peaks of every class in tomograms, before any is suppressed by another.

    Parameters
    ----------
    volumes
        To look at.
    network
        As `nunatak.networks.unet3d.UNet3d`.
    n_classes
        That it knows.
    device
        Where to score.
    """
    scorer = VolumeScorer(network, device=str(device))
    found = []
    for volume in volumes:
        nz, ny, nx = volume.voxels.shape
        peaks = find_volume_peaks(
            scorer.slabs(volume.voxels),
            (nz, ny, nx),
            stride=scorer.stride,
            origin_px=scorer.origin_px,
            thresholds=[SCORE_FLOOR] * n_classes,
        )
        found.append(peaks)
    return found


def thresholds_by_number(
    found: Sequence[VolumeCandidates], expected: NDArray[np.float64]
) -> tuple[float, ...]:
    """Choose thresholds from which on there are as many candidates as particles are expected.

    There, as many particles are missed as candidates are wrong, which is near the best F1. For
    where nothing tells a wrong candidate from a particle without a label.

    Parameters
    ----------
    found
        Candidates, one set a tomogram.
    expected : ndarray, shape (classes,)
        Particles of each class in a tomogram.

    Returns
    -------
    tuple of float
        One a class, between `SCORE_FLOOR` and 0.95.
    """
    thresholds = []
    for kind, per_tomogram in enumerate(expected):
        scores = np.concatenate([one.score[one.class_index == kind] for one in found])
        rank = min(round(per_tomogram * len(found)), len(scores))
        value = np.sort(scores)[::-1][rank - 1] if rank else DEFAULT_THRESHOLD
        thresholds.append(float(np.clip(value, SCORE_FLOOR, 0.95)))
    return tuple(thresholds)


def _table(curve: PrecisionRecallCurve) -> tuple[ThresholdRow, ...]:
    rows = []
    for threshold in _THRESHOLDS.tolist():
        passing = int((curve.threshold >= threshold).sum())
        selected = int(curve.selected[passing - 1]) if passing else 0
        right = int(curve.true_positives[passing - 1]) if passing else 0
        rows.append(
            ThresholdRow(
                threshold=threshold,
                precision=right / selected if selected else 1.0,
                recall=right / curve.n_truths,
                f1=2 * right / (selected + curve.n_truths),
            )
        )
    return tuple(rows)
