"""From score maps to candidates in the frame of the source image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from nunatak.detection.cut_particles import CutPenalty
from nunatak.detection.peaks import find_peaks
from nunatak.detection.suppression import suppress
from nunatak.geometry import Scale, resampled_to_source, strided_to_source
from nunatak.images.shapes import Shape, VolumeShape

POSITION_DECIMALS = 3
SCORE_DECIMALS = 6
"""What is kept of a position and of a score: far below any error of the detector, and the same
whether a candidate comes from memory or from the file of an interrupted run."""


@dataclass(frozen=True)
class Candidates:
    """Candidates of one image, best first.

    Attributes
    ----------
    x_px, y_px : ndarray, shape (n,), float64
        Pixels of the source image, 0 = centre of the first pixel; always inside the image.
    score : ndarray, shape (n,), float64
        Probability.
    class_index : ndarray, shape (n,), int64
        Into the model's classes.
    z_px : ndarray or None, shape (n,), float64
        As x and y, of a tomogram; None for a micrograph.
    """

    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    score: NDArray[np.float64]
    class_index: NDArray[np.int64]
    z_px: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.score)

    def taken(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Candidates":
        """Return some of the candidates, in the order given."""
        return Candidates(
            self.x_px[rows],
            self.y_px[rows],
            self.score[rows],
            self.class_index[rows],
            None if self.z_px is None else self.z_px[rows],
        )


def find_candidates(
    logits: NDArray[np.float32],
    scale: Scale,
    *,
    stride: int,
    origin_px: float,
    floor: float,
    min_distance_px: float,
    cut: CutPenalty | None = None,
) -> Candidates:
    """Find peaks in every class's map and keep the best of those that lie too close.

    A place holds one particle: classes compete, and the highest score wins.

    Parameters
    ----------
    logits : ndarray, shape (classes, my, mx), float32
        From `nunatak.detection.scoring.Scorer`.
    scale
        Source image and the image that was scored.
    stride, origin_px
        Pixels of the scored image a pixel of the map, and where in it the map's first pixel lies
        (see `nunatak.networks.interface.DetectorNetwork`).
    floor
        Probability below which a peak is no candidate.
    min_distance_px
        Two candidates are at least so far apart, pixels of the source image.
    cut
        What particles lose that the image's edge cuts; None takes every score as it is.
    """
    # On the scale of logits a peak neither saturates nor loses its curvature.
    maps = [find_peaks(score_map, float(logit(floor))) for score_map in logits]
    x_image = strided_to_source(np.concatenate([peaks.x for peaks in maps]), stride, origin_px)
    y_image = strided_to_source(np.concatenate([peaks.y for peaks in maps]), stride, origin_px)
    x_px = resampled_to_source(x_image, scale.ratio_x).round(POSITION_DECIMALS)
    y_px = resampled_to_source(y_image, scale.ratio_y).round(POSITION_DECIMALS)
    value = np.concatenate([peaks.value for peaks in maps])
    if cut is not None:
        value = value - cut.at(x_image, y_image, scale.resampled_shape)
    class_index = np.repeat(np.arange(len(maps)), [len(peaks.x) for peaks in maps])
    above_floor = value > logit(floor)
    score = expit(value).astype(np.float64).round(SCORE_DECIMALS)
    found = Candidates(x_px, y_px, score, class_index.astype(np.int64))
    found = found.taken(_inside(x_px, y_px, scale.source_shape) & above_floor)
    return found.taken(suppress(found.x_px, found.y_px, found.score, min_distance_px))


def _inside(
    x_px: NDArray[np.float64], y_px: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    # Peaks of the padding and of a fit that left the image are no places in it.
    ny, nx = shape
    return (x_px >= -0.5) & (x_px <= nx - 0.5) & (y_px >= -0.5) & (y_px <= ny - 0.5)


def selected(
    candidates: Candidates,
    shape: Shape | VolumeShape,
    *,
    threshold: float | NDArray[np.float64],
    border_px: float = 0.0,
    most: int | None = None,
) -> NDArray[np.bool_]:
    """Tell which candidates pass the user's choices.

    Parameters
    ----------
    candidates
        Best first.
    shape
        ``(ny, nx)`` of the source image, or ``(nz, ny, nx)`` of the tomogram.
    threshold
        Smallest probability, one for all or one a candidate.
    border_px
        Smallest distance of a centre from the image's outer edge, source pixels.
    most
        At most so many, the best ones.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    axes = [candidates.x_px, candidates.y_px]
    if candidates.z_px is not None:
        axes.append(candidates.z_px)
    sides = zip(axes, reversed(shape), strict=True)
    distance = np.minimum.reduce(
        [to_end for at, side in sides for to_end in (at + 0.5, side - 0.5 - at)]
    )
    passes = candidates.score >= threshold
    passes &= distance >= border_px
    if most is not None:
        passes &= np.cumsum(passes) <= most
    return passes
