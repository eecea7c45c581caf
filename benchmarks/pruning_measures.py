"""How the judgement of picks is rated against what they truly are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10
"""Of the calibration error, of equal width."""

WANTED_FDR = 0.05
MOST_LOST = 0.05
"""Share of the true picks that may be lost for a gain in precision."""

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


def rated(
    truth: NDArray[np.str_],
    probability: FloatArray,
    taken: BoolArray,
    predicted: NDArray[np.str_],
    kept: BoolArray,
    *,
    particle: str = "particle",
) -> dict[str, Any]:
    """Rate one judgement: JSON values.

    Parameters
    ----------
    truth, predicted : ndarray, shape (n,), str
        Classes.
    probability : ndarray, shape (n,), float64
        Of being a particle.
    taken : ndarray, shape (n,), bool
        What is taken for a particle.
    kept : ndarray, shape (n,), bool
        What the method keeps when asked for a false-discovery rate of 5 %.
    particle
        Which class is good.
    """
    is_particle = truth == particle
    false = kept & ~is_particle
    return {
        "picks": len(truth),
        "particles": int(is_particle.sum()),
        "accuracy": float((taken == is_particle).mean()),
        "macro_f1": macro_f1(is_particle, taken),
        "kind_accuracy": float((predicted == truth).mean()),
        "kind_macro_f1": macro_f1(truth, predicted),
        "auprc": average_precision(is_particle, probability),
        "auroc": area_under_roc(is_particle, probability),
        "ece": calibration_error(is_particle, probability),
        "kept": int(kept.sum()),
        "realised_fdr": float(false.sum() / kept.sum()) if kept.any() else None,
        "kept_recall": float((kept & is_particle).sum() / max(is_particle.sum(), 1)),
        "precision_gain": precision_gain(is_particle, probability),
    }


def macro_f1(truth: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Mean F1 over the classes that truly occur."""
    figures = []
    for name in np.unique(truth):
        right = ((truth == name) & (predicted == name)).sum()
        figures.append(2 * right / ((truth == name).sum() + (predicted == name).sum()))
    return float(np.mean(figures))


def average_precision(is_particle: BoolArray, probability: FloatArray) -> float:
    """Area under precision and recall, as the sum over thresholds; equal scores pass together."""
    true, passed = _passing(is_particle, probability)
    gained = np.diff(true, prepend=0)
    return float((gained * true / passed).sum() / max(true[-1], 1))


def area_under_roc(is_particle: BoolArray, probability: FloatArray) -> float:
    """Chance that a particle scores above junk, half for equal scores."""
    good, bad = probability[is_particle], np.sort(probability[~is_particle])
    above = np.searchsorted(bad, good, side="left") + np.searchsorted(bad, good, side="right")
    return float(above.sum() / (2 * max(len(good) * len(bad), 1)))


def calibration_error(is_particle: BoolArray, probability: FloatArray) -> float:
    """Return the expected calibration error: mean distance of promise and truth, ten bins.

    Guo et al., arXiv 1706.04599, eq. 3.
    """
    number = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    promised = np.bincount(number, probability, BINS)
    happened = np.bincount(number, is_particle, BINS)
    return float(np.abs(promised - happened).sum() / len(probability))


def precision_gain(is_particle: BoolArray, probability: FloatArray) -> float:
    """Precision gained by the best threshold that loses at most 5 % of the true picks."""
    true, passed = _passing(is_particle, probability)
    enough = true >= (1 - MOST_LOST) * is_particle.sum()
    return float((true / passed)[enough].max() - is_particle.mean())


def kept_at(probability: FloatArray, wanted: float = WANTED_FDR) -> BoolArray:
    """Keep as many of the most probable picks as promise a false-discovery rate together."""
    order = np.argsort(-probability, kind="stable")
    promised = np.cumsum(1 - probability[order]) / np.arange(1, len(order) + 1)
    kept = np.zeros(len(order), dtype=np.bool_)
    kept[order[: int((promised <= wanted).sum())]] = True
    return kept


def _passing(
    is_particle: BoolArray, probability: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count true picks and all picks that pass each threshold, from the highest down."""
    order = np.argsort(-probability, kind="stable")
    last = np.flatnonzero(np.diff(probability[order], append=-np.inf) != 0)
    return np.cumsum(is_particle[order])[last], last + 1
