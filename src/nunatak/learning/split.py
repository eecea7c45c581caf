"""Keep whole micrographs aside for validation."""

from collections.abc import Sequence
from itertools import combinations

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
    if share <= 0:
        return []
    wanted = min(max(share * sum(labels), LEAST_LABELS), MOST_LABELS)
    # Shuffled, so that the choice among equally fitting micrographs is random.
    labelled = [int(index) for index in rng.permutation(len(labels)) if labels[index] > 0]
    chosen = _one_by_one(labels, labelled, wanted, by_class)
    if not _is_enough(labels, chosen):
        chosen = _any_enough(labels, labelled, wanted, by_class)
    return sorted(chosen)


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


def _one_by_one(
    labels: Sequence[int],
    labelled: Sequence[int],
    wanted: float,
    by_class: NDArray[np.int64] | None,
) -> list[int]:
    """Take the micrograph that fits best, again and again; of few labels these may be too few."""
    left = list(labelled)
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
    return chosen


def _any_enough(
    labels: Sequence[int],
    labelled: Sequence[int],
    wanted: float,
    by_class: NDArray[np.int64] | None,
) -> list[int]:
    """Return the fewest micrographs that leave enough on either side; empty where none do."""
    spare = [index for index in labelled if not _lost(by_class, [index])]
    # Each has a label or more, so that more micrographs are never needed.
    for number in range(1, LEAST_LABELS + 1):
        enough = [one for one in combinations(spare, number) if _is_enough(labels, one)]
        for one in sorted(enough, key=lambda one: abs(wanted - sum(labels[i] for i in one))):
            if not _lost(by_class, one):
                return list(one)
    return []


def _is_enough(labels: Sequence[int], chosen: Sequence[int]) -> bool:
    aside = sum(labels[index] for index in chosen)
    return min(aside, sum(labels) - aside) >= LEAST_LABELS


def _lost(by_class: NDArray[np.int64] | None, aside: Sequence[int]) -> bool:
    return by_class is not None and bool(lost_classes(by_class, aside))
