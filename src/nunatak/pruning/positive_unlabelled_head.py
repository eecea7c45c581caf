r"""The head where labels of one class only are at hand, and the unlabelled picks stand in.

Most people begin by clicking good particles. The picks without a label then take part as the
other class, each weighted by the probability of being of it that the shipped models give: all of
them together count as a tenth of the labels. This is the weighting of unlabelled examples of
Elkan and Noto 2008 (KDD, 213, section 3.3), with the shipped judgement for the probability. The
unbiased risk (Kiryo et al. 2017, eq. 2), whose second part is the difference between all picks and
a handful of labels, follows the accidents of that handful: on synthetic embeddings, and under a
prior of strength 0.3, it ranked worse than the offset alone for up to 20 labels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from nunatak.pruning.head import LinearHead, check_labelled, fit_head
from nunatak.pruning.prior_shift import natural_mix

FloatArray = NDArray[np.float64]

_UNLABELLED_SHARE = 0.1
"""What all unlabelled picks count together, in labels at hand."""

_MOST_UNLABELLED = 1500


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """A sample of the picks without a label.

    Attributes
    ----------
    x : ndarray, shape (m, d), float64
        Their features.
    offset : ndarray, shape (m,), float64
        Their zero-label logits.
    """

    x: FloatArray
    offset: FloatArray


def sample_unlabelled(
    x: FloatArray, offset: FloatArray, labelled: NDArray[np.int64], *, seed: int = 0
) -> Unlabelled:
    """Choose up to 1500 picks that have no label.

    Parameters
    ----------
    x : ndarray, shape (n, d), float64
        Features of all judged picks.
    offset : ndarray, shape (n,), float64
        Their zero-label logits.
    labelled : ndarray, shape (k,), int64
        Rows that have a label.
    seed
        Of the choice.

    Returns
    -------
    Unlabelled
    """
    free = np.setdiff1d(np.arange(len(x)), labelled)
    if len(free) > _MOST_UNLABELLED:
        generator = np.random.default_rng(seed)
        free = np.sort(generator.choice(free, _MOST_UNLABELLED, replace=False))
    return Unlabelled(x[free], offset[free])


def fit_with_unlabelled(
    x: FloatArray,
    offset: FloatArray,
    is_particle: NDArray[np.bool_],
    unlabelled: Unlabelled,
    *,
    strength: float,
) -> LinearHead:
    """Fit to labels of both classes, of one, or to none.

    Parameters
    ----------
    x, offset, is_particle, strength
        As for `nunatak.pruning.head.fit_head`.
    unlabelled
        Stands in for the class without a label; takes no part where both have one.

    Returns
    -------
    LinearHead
        That of the offset alone where there is no label. One class says nothing on the bias, which
        is then 0.

    Raises
    ------
    BadInput
        See `nunatak.pruning.head.fit_head`.
    """
    check_labelled(x, offset, is_particle, strength)
    if len(is_particle) == 0:
        return LinearHead(np.zeros(x.shape[1]))
    if not (is_particle.all() or not is_particle.any()):
        return fit_head(x, offset, is_particle, strength=strength)
    only_particles = bool(is_particle.all())
    weight, middle = np.zeros(len(unlabelled.x)), np.zeros(x.shape[1])
    if len(unlabelled.x):
        particle = expit(unlabelled.offset + logit(natural_mix(unlabelled.offset)))
        weight = 1 - particle if only_particles else particle
        weight /= weight.sum()
        # Seen from the other class labels lie farther off than from the middle of all picks.
        middle = weight @ unlabelled.x
    head = fit_head(
        np.concatenate([x, unlabelled.x]) - middle,
        np.concatenate([offset, unlabelled.offset]),
        np.concatenate([is_particle, np.full(len(weight), not only_particles)]),
        strength=strength,
        sample_weight=np.concatenate([np.ones(len(x)), _UNLABELLED_SHARE * len(x) * weight]),
        label_mix=0.0,
    )
    return LinearHead(head.weights, 0.0, head.slope)
