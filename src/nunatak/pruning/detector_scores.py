"""What the shipped detector says of the places of picks."""

from dataclasses import dataclass
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.contrast import ContrastVote, Side, vote
from nunatak.detection.model import DetectorModel, load_model
from nunatak.detection.options import MIN_DISTANCE_IN_DIAMETERS
from nunatak.detection.precision import Precision
from nunatak.detection.scoring import Scorer
from nunatak.images.normalisations import NORMALISATIONS
from nunatak.images.resample import resample, working_shape
from nunatak.pruning.working_micrograph import WorkingMicrograph

GENERAL_DETECTOR = "general-2d"

REACH_DIAMETERS = 0.35
"""A pick may lie so far from the detector's peak: pickers centre particles differently."""

MIDDLE_DIAMETERS = 0.5
"""Side of the square over which the detector's features are averaged."""


@dataclass(frozen=True, eq=False)
class Detected:
    """What a detector says of n places.

    Attributes
    ----------
    logit : ndarray, shape (n,), float64
        Of several classes, that of the best.
    features : ndarray, shape (n, channels), float32
        What its last hidden layer holds in the middle of the particle.
    """

    logit: NDArray[np.float64]
    features: NDArray[np.float32]


class DetectorScores:
    """Asks a detector about the places of picks, from any thread.

    Parameters
    ----------
    model
        The detector, or the path or name of one.
    device, precision
        As for `nunatak.detection.scoring.Scorer`.

    Attributes
    ----------
    feature_channels : int
        Of what it says of a place besides the logit; 0 for networks that say no more.
    """

    def __init__(
        self,
        model: DetectorModel | str | PathLike[str] = GENERAL_DETECTOR,
        *,
        device: str = "auto",
        precision: Precision = "auto",
    ) -> None:
        detector = model if isinstance(model, DetectorModel) else load_model(model)
        self._header = detector.header
        self._scorer = Scorer(detector, device=device, precision=precision)
        self.feature_channels = self._scorer.hidden_channels

    def at(
        self, micrograph: WorkingMicrograph, positions_px: NDArray[np.float64], contrast: Side
    ) -> Detected:
        """Return the largest logit within about a third of a diameter of each position, and more.

        Parameters
        ----------
        micrograph
            Its image is resampled to the detector's size from the size that it has.
        positions_px : ndarray, shape (n, 2), float64
            Columns x, y, pixels of the stored image; positions beyond it count from its edge.
        contrast
            Particles in the stored image.

        Returns
        -------
        Detected

        Raises
        ------
        BadInput
            If the image has no contrast.
        ResourceError
            If the device's memory does not suffice.
        """
        image = self._normalised(micrograph)
        places = micrograph.positions_in(positions_px, (image.shape[0], image.shape[1]))
        logits, features = self._scorer.looked_at(
            image if contrast == self._header.contrast else -image,
            places,
            width_px=MIDDLE_DIAMETERS * self._header.diameter_px,
        )
        cells = (places - self._scorer.origin_px) / self._scorer.stride
        reach = REACH_DIAMETERS * self._header.diameter_px / self._scorer.stride
        return Detected(largest_near(logits.max(axis=0), cells, reach), features)

    def vote(self, micrograph: WorkingMicrograph) -> ContrastVote:
        """Say what a micrograph tells of its contrast (see `nunatak.detection.contrast`)."""
        return vote(
            self._normalised(micrograph),
            self._scorer,
            level=self._header.default_threshold,
            min_distance_px=MIN_DISTANCE_IN_DIAMETERS * self._header.diameter_px,
        )

    def _normalised(self, micrograph: WorkingMicrograph) -> NDArray[np.float32]:
        """Return the micrograph at the detector's size, contrast as stored."""
        shape = working_shape(
            micrograph.scale.source_shape,
            pixel_size_A=micrograph.pixel_size_A,
            diameter_A=micrograph.diameter_A,
            diameter_px=self._header.diameter_px,
        )
        bad = None if micrograph.bad is None else resample(micrograph.bad, shape) > 0.5
        normalise = NORMALISATIONS[self._header.normalisation]
        return normalise(resample(micrograph.image, shape), bad=bad)


def largest_near(
    values: NDArray[np.float32], positions: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """Return the largest value within a distance of each position.

    Parameters
    ----------
    values : ndarray, shape (my, mx), float32
    positions : ndarray, shape (n, 2), float64
        Columns x, y, pixels of ``values``; those outside are moved to the edge.
    reach
        The distance, pixels; the nearest pixel counts however small it is.

    Returns
    -------
    ndarray, shape (n,), float64

    Examples
    --------
    >>> row = np.array([[0.0, 5.0, 1.0, 2.0]], dtype=np.float32)
    >>> largest_near(row, np.array([[2.9, 0.0], [2.1, 0.0]]), reach=1.0).tolist()
    [2.0, 2.0]
    """
    ny, nx = values.shape
    kept = np.clip(positions, 0.0, np.array([nx - 1, ny - 1], dtype=np.float64))
    nearest = np.rint(kept).astype(np.int64)
    span = np.arange(-int(reach) - 1, int(reach) + 2)
    columns = nearest[:, :1] + span
    rows = nearest[:, 1:] + span
    x_squared = (columns - kept[:, :1]) ** 2
    y_squared = (rows - kept[:, 1:]) ** 2
    near = y_squared[:, :, None] + x_squared[:, None, :] <= reach**2
    middle = len(span) // 2
    near[:, middle, middle] = True
    # A pixel outside repeats the edge pixel before it, which is nearer still.
    around = values[np.clip(rows, 0, ny - 1)[:, :, None], np.clip(columns, 0, nx - 1)[:, None, :]]
    largest: NDArray[np.float64] = np.where(near, around, -np.inf).max(axis=(1, 2))
    return largest.astype(np.float64)
