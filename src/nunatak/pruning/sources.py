"""Labels as people have them: a column of the picks, labelled picks, or good and bad ones."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.picks.table import PickSet
from nunatak.pruning.classes import JUNK, PARTICLE
from nunatak.pruning.labels import (
    MATCHED_WITHIN,
    MatchedLabels,
    joined,
    labels_by_position,
    labels_of_column,
)

_SAME_PLACE_PX = 1.0
"""Where nobody knows how many pixels a particle spans, a label must be at its pick."""


def matched_labels(
    picks: PickSet,
    diameter_px: NDArray[np.float64],
    *,
    labelled: Sequence[PickSet] = (),
    column: str | None = None,
    good: Sequence[PickSet] = (),
    bad: Sequence[PickSet] = (),
) -> MatchedLabels | None:
    """Find the picks that labels mean.

    Parameters
    ----------
    picks
        The picks.
    diameter_px : ndarray, shape (n,), float64
        Of the particle of each pick, pixels, NaN where unknown: a label means the nearest pick
        within 0.2 diameters.
    labelled
        Labelled picks, with their labels in a column.
    column
        Its name; None takes the first of the usual ones. Without ``labelled``, a column of the
        picks themselves.
    good, bad
        Picks that are all particles, and all junk.

    Returns
    -------
    MatchedLabels or None
        None where no labels are given.

    Raises
    ------
    Mismatch
        If the labels of a file fit no pick, or two contradict each other.
    BadInput
        If there is no such column, or a word is unknown.
    """
    parts = []
    if column is not None and not labelled:
        parts.append(labels_of_column(picks, column))
    sets: list[tuple[PickSet, str | None]] = [(one, None) for one in labelled]
    sets += [(one, PARTICLE) for one in good] + [(one, JUNK) for one in bad]
    if sets:
        radius = MATCHED_WITHIN * diameter_px
        radius = np.where(np.isnan(radius), _SAME_PLACE_PX, radius)
        for one, class_name in sets:
            parts.append(
                labels_by_position(picks, one, radius, column=column, class_name=class_name)
            )
    return joined(parts, picks) if parts else None
