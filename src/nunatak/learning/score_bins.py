"""Scores counted in bins of equal width on the scale of their logits."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

FloatArray = NDArray[np.float64]

_BIN_EDGES = np.linspace(-9.2, 9.2, 185)
BIN_CENTRES = (_BIN_EDGES[1:] + _BIN_EDGES[:-1]) / 2
"""Logits, 0.1 apart: no detector's calibration changes within so little."""


def binned(scores: ArrayLike) -> FloatArray:
    """Count scores (probabilities) in bins of equal width on the scale of logits."""
    with np.errstate(divide="ignore"):
        position = logit(np.asarray(scores, dtype=np.float64))
    index = np.searchsorted(_BIN_EDGES, position, side="right") - 1
    clipped = np.clip(index, 0, len(BIN_CENTRES) - 1)
    return np.bincount(clipped, minlength=len(BIN_CENTRES)).astype(np.float64)


def probability_at(threshold: ArrayLike, probability: FloatArray) -> FloatArray:
    """Interpolate curves of shape (..., bins) at scores of shape (k,); shape (..., k)."""
    position = _position(threshold)
    left = np.clip(np.floor(position).astype(np.int64), 0, len(BIN_CENTRES) - 2)
    share = np.clip(position - left, 0.0, 1.0)
    result = probability[..., left] * (1 - share) + probability[..., left + 1] * share
    return np.asarray(result, dtype=np.float64)


def amount_above(threshold: ArrayLike, amount: FloatArray) -> FloatArray:
    """Sum what lies in bins above scores of shape (k,); a bin that a score cuts counts in part.

    ``amount`` has shape (..., bins), the result (..., k).
    """
    above = np.cumsum(amount[..., ::-1], axis=-1)[..., ::-1]
    above = np.concatenate([above, np.zeros_like(above[..., :1])], axis=-1)
    position = np.clip(_position(threshold) + 0.5, 0.0, len(BIN_CENTRES))
    left = np.minimum(position.astype(np.int64), len(BIN_CENTRES) - 1)
    share = position - left
    result = above[..., left] * (1 - share) + above[..., left + 1] * share
    return np.asarray(result, dtype=np.float64)


def _position(score: ArrayLike) -> FloatArray:
    """Return where scores lie, in bins from the first bin's centre."""
    tiny = 1e-12
    scores = np.clip(np.asarray(score, dtype=np.float64), tiny, 1 - tiny)
    width = _BIN_EDGES[1] - _BIN_EDGES[0]
    return np.asarray((logit(scores) - BIN_CENTRES[0]) / width, dtype=np.float64)
