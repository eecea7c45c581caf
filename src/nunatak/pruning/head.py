r"""Learn from a few labels how far to depart from the shipped judgement.

The logit of a pick is :math:`b + s\,o + w \cdot x` with o the offset, the zero-label logit of the
shipped models, and x the standardised features. Its parameters maximise the posterior under
:math:`w \sim N(0, 1/\lambda)`, :math:`s \sim N(1, \sigma_s^2)`, :math:`b \sim N(0, \sigma_b^2)`:
without a label the head is the offset, and every label moves it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from nunatak.errors import BadInput

FloatArray = NDArray[np.float64]

SLOPE_SD = 0.3
"""What the slope of the offset is believed to be off by, from one data set to another."""

BIAS_SD = 1.0
"""What the bias of the offset is believed to be off by."""

WRONG_LABELS = 0.04
"""Share of labels that say nothing: one that contradicts everything else must not turn the head
(the likelihood of a label is that share of a half, and the logistic one for the rest)."""


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A fitted head.

    Attributes
    ----------
    weights : ndarray, shape (d,), float64
        Of the features.
    bias, slope : float
        Of the offset.
    """

    weights: FloatArray
    bias: float = 0.0
    slope: float = 1.0

    def logit(self, x: FloatArray, offset: FloatArray) -> FloatArray:
        """Judge picks.

        Parameters
        ----------
        x : ndarray, shape (n, d), float64
            From `nunatak.pruning.features.PickFeatures.matrix`.
        offset : ndarray, shape (n,), float64
            Zero-label logits.

        Returns
        -------
        ndarray, shape (n,), float64
            Logit of being a particle where particles and junk are equally many.
        """
        return self.bias + self.slope * offset + x @ self.weights


def fit_head(
    x: FloatArray,
    offset: FloatArray,
    is_particle: NDArray[np.bool_],
    *,
    strength: float,
    sample_weight: FloatArray | None = None,
    label_mix: float | None = None,
) -> LinearHead:
    """Fit by maximum a posteriori.

    Parameters
    ----------
    x : ndarray, shape (k, d), float64
        Features of the labelled picks.
    offset : ndarray, shape (k,), float64
        Their zero-label logits.
    is_particle : ndarray, shape (k,), bool
        The labels.
    strength
        Inverse variance of the weights' prior: the larger, the closer to the offset.
    sample_weight : ndarray, shape (k,), float64
        How much each label counts. Default: `balanced_weights`.
    label_mix
        Log-odds of a particle among the weighted labels. Default: `label_mix_logit`.

    Returns
    -------
    LinearHead
        That of the offset alone where there is no label.

    Raises
    ------
    BadInput
        If the lengths differ, a feature is not a number, or the strength is not positive.

    Examples
    --------
    >>> x = np.array([[1.0, 0.1], [1.2, -0.2], [-1.0, 0.0], [-0.8, 0.3]])
    >>> head = fit_head(x, np.zeros(4), np.array([True, True, False, False]), strength=1.0)
    >>> bool((head.logit(x, np.zeros(4)) > 0).tolist() == [True, True, False, False])
    True
    """
    check_labelled(x, offset, is_particle, strength)
    weight = balanced_weights(is_particle) if sample_weight is None else sample_weight
    sign = np.where(is_particle, 1.0, -1.0)
    start = offset + (label_mix_logit(is_particle, weight) if label_mix is None else label_mix)
    prior = prior_precision(x.shape[1], strength)
    design = np.column_stack([np.ones(len(x)), offset, x])

    def negative_log_posterior(parameters: FloatArray) -> tuple[float, FloatArray]:
        # Parameters are departures from the offset: bias, slope - 1, weights.
        margin = sign * (start + design @ parameters)
        right = expit(margin)
        likelihood = WRONG_LABELS / 2 + (1 - WRONG_LABELS) * right
        pull = (1 - WRONG_LABELS) * right * expit(-margin) / likelihood
        gradient = design.T @ (-weight * sign * pull) + prior * parameters
        value = -weight @ np.log(likelihood) + 0.5 * prior @ parameters**2
        return float(value), gradient

    return minimised(negative_log_posterior, x.shape[1])


def balanced_weights(is_particle: NDArray[np.bool_]) -> FloatArray:
    r"""Make a class of many labels weigh less, but no less than it knows more.

    Parameters
    ----------
    is_particle : ndarray, shape (k,), bool

    Returns
    -------
    ndarray, shape (k,), float64
        :math:`\propto k_c^{-1/2}` with :math:`k_c` the labels of the class, of mean 1.
    """
    counts = np.where(is_particle, is_particle.sum(), (~is_particle).sum())
    weight = 1.0 / np.sqrt(np.maximum(counts, 1))
    return np.asarray(weight / weight.mean() if len(weight) else weight)


def label_mix_logit(is_particle: NDArray[np.bool_], weight: FloatArray) -> float:
    """Log-odds of the particles among weighted labels; 0 where these are of one class.

    Among labels of another mix than equal shares the logit of every pick is higher by this much
    (case-control sampling: Anderson 1972, Biometrika 59, 19).
    """
    good, bad = weight[is_particle].sum(), weight[~is_particle].sum()
    return float(np.log(good / bad)) if good > 0 and bad > 0 else 0.0


def prior_precision(n_features: int, strength: float) -> FloatArray:
    """Inverse variances of the departures from the offset: bias, slope, weights."""
    return np.concatenate([[BIAS_SD**-2, SLOPE_SD**-2], np.full(n_features, strength)])


def minimised(
    objective: Callable[[FloatArray], tuple[float, FloatArray]], n_features: int
) -> LinearHead:
    """Minimise over the departures from the offset: bias, slope - 1, weights.

    Parameters
    ----------
    objective
        From the departures, shape (n_features + 2,), to a value and its gradient.
    n_features
        Number of weights.

    Returns
    -------
    LinearHead
    """
    start = np.zeros(n_features + 2)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    bias, slope, *weights = found.x
    return LinearHead(np.array(weights), float(bias), 1.0 + float(slope))


def check_labelled(
    x: FloatArray, offset: FloatArray, is_particle: NDArray[np.bool_], strength: float
) -> None:
    """Refuse features, offsets and labels that do not fit together.

    Raises
    ------
    BadInput
        If the lengths differ, a feature is not a number, or the strength is not positive.
    """
    if not len(x) == len(offset) == len(is_particle):
        raise BadInput(
            f"{len(is_particle)} labels came with the features of {len(x)} picks and the offsets "
            f"of {len(offset)}."
        )
    if not (np.isfinite(x).all() and np.isfinite(offset).all()):
        raise BadInput(
            "A labelled pick has a feature or an offset that is not a number: it was not judged, "
            "and no label on it can be learned from."
        )
    if not strength > 0:
        raise BadInput(f"The strength of the prior is {strength:g}; give a positive number.")
