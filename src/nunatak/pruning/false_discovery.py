"""How much junk is among the picks that a threshold keeps, and which threshold keeps it low."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.pruning.calibration import Calibration
from nunatak.sampling import evenly

FloatArray = NDArray[np.float64]

_N_DRAWS = 400
"""Of the posterior, behind the interval: its 2.5 % quantile rests on ten of them."""

_LEVELS = 512
"""Thresholds at which the curve is worked out at most."""


@dataclass(frozen=True)
class Discovery:
    """What one threshold keeps.

    Attributes
    ----------
    threshold : float
        Picks of at least this probability are kept.
    kept : int
        How many these are.
    rate, low, high : float
        Expected share of junk among them with its 95 % interval; NaN where nothing is kept.
    found_share : float
        Expected share of all particles among the picks that are kept.
    """

    threshold: float
    kept: int
    rate: float
    low: float
    high: float
    found_share: float


@dataclass(frozen=True, eq=False)
class DiscoveryCurve:
    """The false-discovery rate by threshold: a row each, thresholds falling, all shape (m,).

    Attributes
    ----------
    threshold : ndarray, float64
        Probabilities of picks; the last keeps every judged pick.
    kept : ndarray, int64
        Picks of at least that probability.
    rate, low, high : ndarray, float64
        Expected share of junk among them with its 95 % interval.
    found_share : ndarray, float64
        Expected share of all particles that is kept.
    """

    threshold: FloatArray
    kept: NDArray[np.int64]
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    found_share: FloatArray

    def threshold_for(self, fdr: float) -> float:
        """Choose the lowest threshold whose expected false-discovery rate is as asked for.

        Parameters
        ----------
        fdr
            Share of junk among what is kept, in (0, 1).

        Returns
        -------
        float
            A probability; infinite where no threshold does, so that nothing is kept.

        Raises
        ------
        BadInput
            If the rate is not between 0 and 1.
        """
        if not 0 < fdr < 1:
            raise BadInput(
                f"A false-discovery rate of {fdr:g} cannot be kept; give a share between 0 and 1, "
                "such as 0.05."
            )
        enough = np.flatnonzero(self.rate <= fdr)
        return float(self.threshold[enough[-1]]) if len(enough) else float("inf")

    def at(self, threshold: float) -> Discovery:
        """Say what a threshold keeps; between two rows, as the one above it."""
        passing = int((self.threshold >= threshold).sum())
        if passing == 0:
            unknown = float("nan")
            return Discovery(threshold, 0, unknown, unknown, unknown, 0.0)
        row = passing - 1
        return Discovery(
            threshold,
            int(self.kept[row]),
            float(self.rate[row]),
            float(self.low[row]),
            float(self.high[row]),
            float(self.found_share[row]),
        )


def discovery_curve(
    calibration: Calibration, logits: FloatArray, *, seed: int = 0
) -> DiscoveryCurve:
    """Work out the false-discovery rate at every threshold.

    The rate is the mean of ``1 - p`` over what is kept (Efron 2008, Statistical Science 23, 1,
    eq. 2.8). Its interval has what the labels leave open about the calibration, by draws from
    its posterior, which stands for resampling labels and, unlike it, also works for one label or
    none; and the chance by which few picks differ from their expectation.

    Parameters
    ----------
    calibration
        Of these logits.
    logits : ndarray, shape (n,), float64
        Of all picks; those that are not finite were not judged and take no part.
    seed
        Of the draws.

    Returns
    -------
    DiscoveryCurve
        Of at most 512 rows; none where no pick was judged.
    """
    falling = np.sort(logits[np.isfinite(logits)])[::-1]
    # A row ends where the logit changes, so that picks of one logit stay together.
    ends = np.flatnonzero(np.append(falling[1:] < falling[:-1], True)[: len(falling)])
    ends = ends[evenly(len(ends), _LEVELS)]
    kept = ends + 1
    probability = calibration.probability(falling)
    right = np.cumsum(probability)[ends]
    chance = np.cumsum(probability * (1 - probability))[ends]

    generator = np.random.default_rng(seed)
    share_right = _drawn_right(calibration, falling, ends, generator) / kept
    share_right += generator.normal(size=share_right.shape) * np.sqrt(chance) / kept
    low, high = np.quantile(np.clip(1 - share_right, 0, 1), [0.025, 0.975], axis=0)
    return DiscoveryCurve(
        threshold=probability[ends],
        kept=kept.astype(np.int64),
        rate=1 - right / kept,
        low=low,
        high=high,
        found_share=right / max(probability.sum(), 1e-300),
    )


def _drawn_right(
    calibration: Calibration,
    falling: FloatArray,
    ends: NDArray[np.int64],
    generator: np.random.Generator,
) -> FloatArray:
    """Particles down to each row by draws from the posterior, shape (draws, m).

    Between one row and the next all picks are given the probability of their mean logit.
    """
    starts = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]
    count = ends + 1 - starts
    total = np.concatenate([[0.0], np.cumsum(falling)])
    middle = (total[ends + 1] - total[starts]) / count
    drawn = calibration.draw(_N_DRAWS, generator).at(middle)
    return np.cumsum(drawn * count, axis=1)
