"""Whether labels are of a classifier's mistakes alone, which teach that it is wrong throughout."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nunatak.pruning.calibration import calibrate
from nunatak.pruning.decide import KEPT_FROM, REJECTED_BELOW
from nunatak.pruning.labels import MatchedLabels

_FEWEST = 4
"""Labels from which on those that contradict are counted: of fewer, most do so by chance."""

_MANY = 0.4
"""Share from which on contradictions are many: of 20 labels on simulated picks, 1 or none
contradicts if they are drawn at random; ten mistakes and ten that were right, of which 8 or 9
contradict, already lose most particles."""


@dataclass(frozen=True)
class Contradictions:
    """How labels agree with the judgement without any.

    Attributes
    ----------
    labels : int
        Those that were learned from.
    contradicting : int
        Those that call junk what would be kept without labels, or a particle what would be
        rejected.
    """

    labels: int = 0
    contradicting: int = 0

    @classmethod
    def of(cls, labels: MatchedLabels, shipped: NDArray[np.float64]) -> Self:
        """Count them.

        Parameters
        ----------
        labels
            Of picks that were seen.
        shipped : ndarray, shape (n,), float64
            Logits of all picks by the shipped classifier; NaN where nothing was seen.
        """
        nothing = np.empty(0)
        mix = calibrate(nothing, nothing.astype(np.bool_), shipped)
        probability = mix.probability(shipped[labels.row])
        is_particle = labels.is_particle
        contradicts = np.where(is_particle, probability < REJECTED_BELOW, probability >= KEPT_FROM)
        return cls(len(labels), int(contradicts.sum()))

    @property
    def are_many(self) -> bool:
        """Whether so many labels contradict that they may be of mistakes alone."""
        return self.labels >= _FEWEST and self.contradicting >= _MANY * self.labels
