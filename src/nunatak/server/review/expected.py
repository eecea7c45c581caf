"""How many of some candidates are right, where nobody has said so of each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.server.review.columns import BoolArray, FloatArray
from nunatak.server.review.estimates import Estimate, Probabilities
from nunatak.server.review.score_bins import Bins, with_interval

_BOTH_SIDES = 1.96
"""Standard deviations to either side, for an interval of 95 %."""


@dataclass(frozen=True)
class Rights:
    """A number of right candidates and its interval of 95 %."""

    value: float
    low: float
    high: float


class ExpectedRights:
    """How many are right of those of some candidates that are among the best 0, 1, 2, ….

    Two things are unsure: how likely they are right, and how many then happen to be.

    Parameters
    ----------
    members : ndarray, shape (n,), bool
        Which candidates are counted, the best score first.
    belief : Probabilities or Bins
        How likely candidates are right.
    order : ndarray, shape (n,), int
        Sorts what ``belief`` says, the best score first.
    """

    def __init__(
        self, members: BoolArray, belief: Probabilities | Bins, order: NDArray[np.intp]
    ) -> None:
        self._bins = belief if isinstance(belief, Bins) else None
        self._count = _running(members.astype(np.float64))
        if isinstance(belief, Bins):
            is_in = belief.of_candidate[order][:, None] == np.arange(len(belief.mean))
            self._in_bins = _running((is_in & members[:, None]).astype(np.float64))
            share = belief.mean[belief.of_candidate]
        else:
            share = belief.value
            self._low, self._high = (
                _running(np.where(members, one[order], 0.0)) for one in (belief.low, belief.high)
            )
        share = np.where(members, share[order], 0.0)
        self._value, self._chance = _running(share), _running(share * (1 - share))

    def among(self, passing: int) -> Rights:
        """Estimate for those among so many best candidates."""
        value, count = float(self._value[passing]), float(self._count[passing])
        if not count:
            return Rights(0.0, 0.0, 0.0)
        likely = self._likely(passing, value, count)
        chance = _BOTH_SIDES * float(self._chance[passing]) ** 0.5
        return Rights(
            value=value,
            low=value - float(np.hypot(min(likely.low - value, 0.0), chance)),
            high=value + float(np.hypot(max(likely.high - value, 0.0), chance)),
        )

    def _likely(self, passing: int, value: float, count: float) -> Rights:
        """Return how many are expected, and between which bounds that is."""
        if self._bins is None:
            return Rights(value, float(self._low[passing]), float(self._high[passing]))
        weight = self._in_bins[passing] / count
        variance = float((weight**2 * self._bins.open_variance).sum())
        share = with_interval(value / count, variance)
        low, high = share.low or 0.0, 1.0 if share.high is None else share.high
        return Rights(value, low * count, high * count)


def as_share(rights: Rights, known: float, count: int) -> Estimate:
    """Return the share of right ones of ``count``, of which ``known`` are known to be right."""
    value, low, high = (
        float(np.clip((known + one) / count, 0.0, 1.0))
        for one in (rights.value, rights.low, rights.high)
    )
    return Estimate(value, min(low, value), max(high, value))


def _running(values: FloatArray) -> FloatArray:
    """Return the sums over the first 0, 1, 2, … values."""
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
