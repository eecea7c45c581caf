"""Empty crops on which a model errs: what it has to learn next."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nunatak.detection.scoring import Scorer
from nunatak.simulate.bank import CropFactory
from nunatak.simulate.crops import TrainingCrop


class HardNegativeConfig(BaseModel):
    """How many empty crops are looked through, and how many are trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(0.25, gt=0, lt=1)
    """Of all crops that are trained on."""
    looked_through: int = Field(5, ge=1)
    """Empty crops simulated for each one that is kept."""
    junk: float = Field(1.2, ge=0)
    """Their factor on the probability of every kind of junk, instead of the other crops'."""


def hardest(
    factory: CropFactory, scorer: Scorer, *, start: int, count: int, config: HardNegativeConfig
) -> list[TrainingCrop]:
    """Simulate empty crops and keep those with the most confident false peaks.

    The choice depends on the scoring model alone and not on the network in training: the same
    numbers give the same crops, whenever they are asked for.

    Parameters
    ----------
    factory
        Of crops without a particle.
    scorer
        Applies the model whose errors are looked for.
    start
        Number of the first crop to keep; crops of different numbers differ.
    count
        How many to keep.
    config
        How many to look through.

    Returns
    -------
    list of TrainingCrop
        Hardest first.
    """
    crops = factory.make(start * config.looked_through, count * config.looked_through)
    confidence = [_most_confident(scorer.logits(crop.image)[0], crop, scorer) for crop in crops]
    return [crops[index] for index in np.argsort(confidence)[::-1][:count]]


def _most_confident(logits: NDArray[np.float32], crop: TrainingCrop, scorer: Scorer) -> float:
    """Return the highest score of a crop where a verdict is possible."""
    y, x = np.indices(logits.shape) * scorer.stride + (scorer.stride - 1) / 2
    judged = np.ones(logits.shape, bool)
    for disc_x, disc_y, radius in crop.ignored_px:
        judged &= np.hypot(x - disc_x, y - disc_y) > radius
    return float(logits[judged].max(initial=-np.inf))
