"""Judge each label by a head that has not seen it, and choose how far heads may go."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

from nunatak.pruning.head import LinearHead, balanced_weights
from nunatak.pruning.positive_unlabelled_head import (
    Unlabelled,
    fit_with_unlabelled,
    sample_unlabelled,
)

FloatArray = NDArray[np.float64]

STRENGTHS = (0.3, 1.0, 3.0, 10.0, 100.0)
"""Of the prior, tried in turn; the last leaves little but bias and slope to be learned."""

_FEW_LABELS = 50
"""Up to this many labels the folds are ten, beyond it five."""

_COMPARED_FROM = 5
"""Labels of either class from which on strengths are compared at all."""

_TRUST = 0.15
"""Loss, in nats times labels, that a departure of one e-fold (squared) from the expected strength
must make good: differences between strengths of a few labels are mostly chance."""


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What cross-validation inside the labels found.

    Attributes
    ----------
    strength : float
        The one chosen.
    head : LinearHead
        Fitted with it to all labels.
    out_of_fold : ndarray, shape (k,), float64
        Logit of each label by a head fitted with that strength to the other folds.
    loss : dict
        From each strength tried to its mean weighted log-loss out of fold, nats; empty with fewer
        than five labels of either class, which cannot tell strengths apart.
    """

    strength: float
    head: LinearHead
    out_of_fold: FloatArray
    loss: dict[float, float]


def cross_validate(
    x: FloatArray,
    offset: FloatArray,
    rows: NDArray[np.int64],
    is_particle: NDArray[np.bool_],
    *,
    seed: int = 0,
) -> CrossValidation:
    """Choose the strength of the prior, and fit.

    Parameters
    ----------
    x : ndarray, shape (n, d), float64
        Features of all judged picks.
    offset : ndarray, shape (n,), float64
        Their zero-label logits.
    rows : ndarray, shape (k,), int64
        The labelled ones.
    is_particle : ndarray, shape (k,), bool
        The labels.
    seed
        Of the folds and of the sample of unlabelled picks.

    Returns
    -------
    CrossValidation
        With fewer than five labels of either class the strength is that of `expected_strength`.

    Raises
    ------
    BadInput
        See `nunatak.pruning.head.fit_head`.
    """
    unlabelled = sample_unlabelled(x, offset, rows, seed=seed)
    labelled_x, labelled_offset = x[rows], offset[rows]
    fold = stratified_folds(is_particle, np.random.default_rng(seed))
    weight = balanced_weights(is_particle)
    sign = np.where(is_particle, 1.0, -1.0)
    fewest = min(is_particle.sum(), (~is_particle).sum())
    compared = bool(fewest >= _COMPARED_FROM)
    expected = expected_strength(len(rows), of_both_classes=bool(fewest > 0))

    found: dict[float, FloatArray] = {}
    loss: dict[float, float] = {}
    for strength in STRENGTHS if compared else (expected,):
        found[strength] = _out_of_fold(
            labelled_x, labelled_offset, is_particle, fold, unlabelled=unlabelled, strength=strength
        )
        if compared:
            loss[strength] = float(-np.mean(weight * log_expit(sign * found[strength])))

    def penalised(strength: float) -> float:
        return loss[strength] + _TRUST * math.log(strength / expected) ** 2 / len(rows)

    chosen = min(loss, key=penalised) if compared else expected
    head = fit_with_unlabelled(
        labelled_x, labelled_offset, is_particle, unlabelled, strength=chosen
    )
    return CrossValidation(chosen, head, found[chosen], loss)


def expected_strength(n_labels: int, *, of_both_classes: bool) -> float:
    """Strength that suits a number of labels, as found on synthetic embeddings.

    One or two labels are accidents and must not lead far, above all where those of the other
    class do not stand against them; many would be followed into the accidents of every direction.
    """
    least, accident = (0.3, 12.0) if of_both_classes else (1.0, 20.0)
    return least + min(n_labels / 80, 2.7) + accident * math.pow(max(n_labels, 1), -1.5)


def stratified_folds(
    is_particle: NDArray[np.bool_], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Deal labels to folds, each class evenly.

    Parameters
    ----------
    is_particle : ndarray, shape (k,), bool
        The labels.
    generator
        Shuffles before the deal.

    Returns
    -------
    ndarray, shape (k,), int64
        Fold of each label: of ten for up to 50 labels, of five beyond. Fewer labels of a class
        than folds are missing from some of them.
    """
    n_folds = 10 if len(is_particle) <= _FEW_LABELS else 5
    fold = np.zeros(len(is_particle), dtype=np.int64)
    dealt = 0
    for kind in (True, False):
        members = generator.permutation(np.flatnonzero(is_particle == kind))
        fold[members] = (dealt + np.arange(len(members))) % n_folds
        dealt += len(members)
    return fold


def _out_of_fold(
    x: FloatArray,
    offset: FloatArray,
    is_particle: NDArray[np.bool_],
    fold: NDArray[np.int64],
    *,
    unlabelled: Unlabelled,
    strength: float,
) -> FloatArray:
    logit = np.zeros(len(x))
    for held_out in np.unique(fold):
        rest, own = fold != held_out, fold == held_out
        head = fit_with_unlabelled(
            x[rest], offset[rest], is_particle[rest], unlabelled, strength=strength
        )
        logit[own] = head.logit(x[own], offset[own])
    return logit
