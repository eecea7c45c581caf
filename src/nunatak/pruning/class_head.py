r"""What kind of junk a pick is, learned from labels with names.

The logits of the kinds are :math:`\ln q_c + b_c + w_c \cdot x`, with q the shipped classifier's
probabilities of the kinds of junk; b and w maximise the posterior under normal priors, so that a
kind without a label stays as the shipped classifier has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from nunatak.errors import BadInput
from nunatak.pruning.classes import PARTICLE
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.head import BIAS_SD

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClassHead:
    """A fitted head over the kinds of junk.

    Attributes
    ----------
    classes : tuple of str
        The kinds, in the order of the shipped classifier without the particle.
    weights : ndarray, shape (kinds, d), float64
    bias : ndarray, shape (kinds,), float64
    """

    classes: tuple[str, ...]
    weights: FloatArray
    bias: FloatArray

    def log_probability(self, x: FloatArray, features: PickFeatures) -> FloatArray:
        """Judge which junk picks are, if they are junk.

        Parameters
        ----------
        x : ndarray, shape (n, d), float64
            ``features.matrix()``.
        features
            Of the same picks.

        Returns
        -------
        ndarray, shape (n, kinds), float64
            Of ``classes``.
        """
        shipped = junk_log_probability(features)
        return np.asarray(log_softmax(shipped + self.bias + x @ self.weights.T, axis=1))

    def name(self, x: FloatArray, features: PickFeatures) -> NDArray[np.object_]:
        """Name the most probable kind of each pick, were it junk: shape (n,), str."""
        best = self.log_probability(x, features).argmax(axis=1)
        return np.array([self.classes[kind] for kind in best], dtype=object)


def junk_log_probability(features: PickFeatures) -> FloatArray:
    """Give the shipped classifier's log-probabilities of the kinds of junk, if it is junk."""
    log_probability = features.log_probability.astype(np.float64)
    junk = np.delete(log_probability, features.classes.index(PARTICLE), axis=1)
    return np.asarray(log_softmax(np.maximum(junk, -20.0), axis=1))


def fit_class_head(
    x: FloatArray,
    features: PickFeatures,
    rows: NDArray[np.int64],
    labels: Sequence[str],
    *,
    strength: float,
) -> ClassHead:
    """Fit by maximum a posteriori.

    Parameters
    ----------
    x : ndarray, shape (n, d), float64
        ``features.matrix()`` of all judged picks.
    features
        Of the same picks.
    rows : ndarray, shape (k,), int64
        Labelled picks.
    labels
        Class of each. Those that are no kind of junk that the shipped classifier knows (particles,
        duplicates, junk without a name) take no part.
    strength
        Inverse variance of the weights' prior.

    Returns
    -------
    ClassHead
        That of the shipped classifier where no label names a kind.

    Raises
    ------
    BadInput
        If the lengths differ or the strength is not positive.
    """
    if len(rows) != len(labels):
        raise BadInput(f"{len(labels)} class names came with {len(rows)} labelled picks.")
    if not strength > 0:
        raise BadInput(f"The strength of the prior is {strength:g}; give a positive number.")
    classes = tuple(kind for kind in features.classes if kind != PARTICLE)
    named = np.array([label in classes for label in labels], dtype=np.bool_)
    kind = np.array([classes.index(label) for label in labels if label in classes], dtype=np.int64)
    rows = rows[named]
    shipped = junk_log_probability(features)[rows]
    design = np.column_stack([np.ones(len(rows)), x[rows]])
    prior = np.concatenate([[BIAS_SD**-2], np.full(x.shape[1], strength)])
    shape = (len(classes), design.shape[1])
    target = np.eye(len(classes))[kind]

    def negative_log_posterior(flat: FloatArray) -> tuple[float, FloatArray]:
        parameters = flat.reshape(shape)
        log_probability = log_softmax(shipped + design @ parameters.T, axis=1)
        value = -(target * log_probability).sum() + 0.5 * (prior * parameters**2).sum()
        gradient = (np.exp(log_probability) - target).T @ design + prior * parameters
        return float(value), gradient.ravel()

    start = np.zeros(shape[0] * shape[1])
    found = minimize(
        negative_log_posterior, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}
    )
    bias, *weights = found.x.reshape(shape).T
    return ClassHead(classes, np.array(weights).reshape(-1, len(classes)).T, bias)
