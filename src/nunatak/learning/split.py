"""Keep whole micrographs aside for validation."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_LABELS = 4
"""Fewer labels say too little about a model to choose one by them."""

MOST_LABELS = 1000
"""More labels make the choice no surer, and every validation slower."""


def validation_micrographs(
    labels: Sequence[int],
    *,
    share: float,
    rng: np.random.Generator,
    by_class: NDArray[np.int64] | None = None,
) -> list[int]:
    """Choose micrographs whose labels take no part in training.

    Whole micrographs, never crops: neighbouring particles share ice, defocus and dose, and a
    model that knows one knows the other.

    Parameters
    ----------
    labels
        Number of labelled particles on each micrograph.
    share
        Of all labels that should be kept aside; 0 keeps none.
    rng
        Source of randomness.
    by_class : ndarray, shape (micrographs, classes), int64
        The same labels by class, of each of which some must be left; None asks for no more than
        some of any class.

    Returns
    -------
    list of int
        Indices, rising. Empty where it cannot be done: a single labelled micrograph, too few
        labels for either side, or no micrograph that a class can spare.
    """
    wanted = min(max(share * sum(labels), LEAST_LABELS), MOST_LABELS)
    # Shuffled, so that the choice among equally fitting micrographs is random.
    left = [int(index) for index in rng.permutation(len(labels)) if labels[index] > 0]
    chosen: list[int] = []
    missing = wanted
    while len(left) > 1:
        spare = [index for index in left if not _lost(by_class, [*chosen, index])]
        if not spare:
            break
        best = min(spare, key=lambda index: abs(missing - labels[index]))
        # One is taken in any case: to check on half of the labels beats not checking at all.
        if chosen and abs(missing - labels[best]) >= abs(missing):
            break
        left.remove(best)
        chosen.append(best)
        missing -= labels[best]
    enough = min(sum(labels[i] for i in chosen), sum(labels[i] for i in left)) >= LEAST_LABELS
    return sorted(chosen) if share > 0 and enough else []


def lost_classes(by_class: NDArray[np.int64], aside: Sequence[int]) -> list[int]:
    """Return the classes all of whose labels are kept aside, rising.

    Parameters
    ----------
    by_class : ndarray, shape (micrographs, classes), int64
        Labels.
    aside
        Indices of the micrographs that are kept aside.

    Examples
    --------
    >>> lost_classes(np.array([[3, 0, 2], [4, 0, 0]]), [0])
    [2]
    """
    left = np.delete(by_class, aside, axis=0).sum(axis=0)
    return np.flatnonzero((left == 0) & (by_class.sum(axis=0) > 0)).tolist()


def _lost(by_class: NDArray[np.int64] | None, aside: Sequence[int]) -> bool:
    return by_class is not None and bool(lost_classes(by_class, aside))
