"""Keep whole micrographs aside for validation."""

from collections.abc import Sequence

import numpy as np

LEAST_LABELS = 4
"""Fewer labels say too little about a model to choose one by them."""

MOST_LABELS = 1000
"""More labels make the choice no surer, and every validation slower."""


def validation_micrographs(
    labels: Sequence[int], *, share: float, rng: np.random.Generator
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

    Returns
    -------
    list of int
        Indices, rising. Empty where it cannot be done: a single labelled micrograph, or too few
        labels for either side.
    """
    wanted = min(max(share * sum(labels), LEAST_LABELS), MOST_LABELS)
    # Shuffled, so that the choice among equally fitting micrographs is random.
    left = [int(index) for index in rng.permutation(len(labels)) if labels[index] > 0]
    chosen: list[int] = []
    missing = wanted
    while len(left) > 1:
        best = min(left, key=lambda index: abs(missing - labels[index]))
        # One is taken in any case: to check on half of the labels beats not checking at all.
        if chosen and abs(missing - labels[best]) >= abs(missing):
            break
        left.remove(best)
        chosen.append(best)
        missing -= labels[best]
    enough = min(sum(labels[i] for i in chosen), sum(labels[i] for i in left)) >= LEAST_LABELS
    return sorted(chosen) if share > 0 and enough else []
