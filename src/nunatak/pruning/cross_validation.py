"""Judge each label by a head that has not seen it, and average over how far heads may go."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from nunatak.pruning.head import WRONG_LABELS, LinearHead, balanced_weights
from nunatak.pruning.positive_unlabelled_head import (
    Unlabelled,
    fit_with_unlabelled,
    sample_unlabelled,
)

FloatArray = NDArray[np.float64]

STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Of the prior, all of which are fitted where there are labels of both classes."""

_OF_ONE_CLASS = (4.0,)
"""Labels of one class cannot tell strengths apart."""

_FEW_LABELS = 50
"""Up to this many labels the folds are ten, beyond it five."""

_TEMPER = 0.5
"""What a nat of log-loss out of fold counts in a strength's weight: less than a nat of likelihood,
for heads of different folds share most of their labels."""


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What cross-validation inside the labels found.

    Attributes
    ----------
    strength : float
        Geometric mean of the strengths by weight.
    head : LinearHead
        Mean by weight of those fitted with each strength to all labels.
    out_of_fold : ndarray, shape (k,), float64
        Logit of each label by the mean of heads fitted to the other folds.
    loss : dict
        From each strength to its mean weighted log-loss out of fold, nats; empty without labels of
        both classes, of which one cannot tell strengths apart.
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
    with_shipped: bool = False,
    seed: int = 0,
) -> CrossValidation:
    r"""Fit with every strength of the prior, and average.

    A strength weighs :math:`e^{-\tau L}` with L the log-loss, nats, of all labels out of fold and
    :math:`\tau` = 1/2: few labels cannot tell strengths apart, and picking one follows chance.

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
    with_shipped
        Whether the shipped judgement takes part in the mean as well, believed beforehand as much
        as all heads together: labels that it foretells better than heads do, such as careless
        ones, then move it little. Labels of one class cannot tell, and it takes no part.
    seed
        Of the folds and of the sample of unlabelled picks.

    Returns
    -------
    CrossValidation

    Raises
    ------
    BadInput
        See `nunatak.pruning.head.fit_head`.
    """
    unlabelled = sample_unlabelled(x, offset, rows, seed=seed)
    labelled_x, labelled_offset = x[rows], offset[rows]
    fold = stratified_folds(is_particle, np.random.default_rng(seed))
    of_both = bool(is_particle.any() and not is_particle.all())
    strengths = STRENGTHS if of_both else _OF_ONE_CLASS
    logits = np.array(
        [
            _out_of_fold(
                labelled_x,
                labelled_offset,
                is_particle,
                fold,
                unlabelled=unlabelled,
                strength=strength,
            )
            for strength in strengths
        ]
    )
    heads = [
        fit_with_unlabelled(labelled_x, labelled_offset, is_particle, unlabelled, strength=strength)
        for strength in strengths
    ]
    believed = np.zeros(len(strengths))
    if with_shipped and of_both:
        heads.append(LinearHead(np.zeros(x.shape[1])))
        logits = np.vstack([logits, labelled_offset])
        believed = np.append(believed, np.log(len(strengths)))
    right = expit(np.where(is_particle, 1.0, -1.0) * logits)
    loss = -np.log(WRONG_LABELS / 2 + (1 - WRONG_LABELS) * right) @ balanced_weights(is_particle)
    share = softmax(believed - _TEMPER * loss)
    of_heads = softmax(-_TEMPER * loss[: len(strengths)])
    return CrossValidation(
        strength=float(np.exp(of_heads @ np.log(strengths))),
        head=_mean_head(heads, share),
        out_of_fold=share @ logits,
        loss={
            strength: float(one) / len(rows)
            for strength, one in zip(strengths, loss[: len(strengths)], strict=True)
            if of_both
        },
    )


def _mean_head(heads: list[LinearHead], share: FloatArray) -> LinearHead:
    return LinearHead(
        weights=share @ np.array([head.weights for head in heads]),
        bias=float(share @ [head.bias for head in heads]),
        slope=float(share @ [head.slope for head in heads]),
    )


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
        if len(np.unique(is_particle[rest])) < len(np.unique(is_particle)):
            # What one class alone teaches says nothing of the head that saw both.
            logit[own] = offset[own]
            continue
        head = fit_with_unlabelled(
            x[rest], offset[rest], is_particle[rest], unlabelled, strength=strength
        )
        logit[own] = head.logit(x[own], offset[own])
    return logit
