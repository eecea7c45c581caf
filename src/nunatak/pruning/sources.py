"""Labels as people have them: a column of the picks, labelled picks, or good and bad ones."""

from collections.abc import Mapping, Sequence

import numpy as np

from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import JUNK, PARTICLE
from nunatak.pruning.labels import (
    MATCHED_WITHIN,
    MatchedLabels,
    joined,
    labels_by_position,
    labels_of_column,
)
from nunatak.pruning.radii import radii_px

_SAME_PLACE_PX = 1.0
"""Where nobody knows how many pixels a particle spans, a label must be at its pick."""


def matched_labels(
    picks: PickSet,
    files: Mapping[str, ListedMicrograph] | None = None,
    *,
    labelled: Sequence[PickSet] = (),
    column: str | None = None,
    good: Sequence[PickSet] = (),
    bad: Sequence[PickSet] = (),
    diameter_A: float | None = None,
    pixel_size_A: float | None = None,
) -> MatchedLabels | None:
    """Find the picks that labels mean.

    Parameters
    ----------
    picks
        The picks.
    files
        Their micrographs, for pixel sizes that the table does not state.
    labelled
        Labelled picks, with their labels in a column.
    column
        Its name; None takes the first of the usual ones. Without ``labelled``, a column of the
        picks themselves.
    good, bad
        Picks that are all particles, and all junk.
    diameter_A
        Of the particle, ångström: a label means the nearest pick within 0.2 diameters.
    pixel_size_A
        Of all micrographs, ångström; None takes what is known of each.

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
        radius_A = np.nan if diameter_A is None else MATCHED_WITHIN * diameter_A
        radius = radii_px(picks, radius_A, files or {}, pixel_size_A)
        radius = np.where(np.isnan(radius), _SAME_PLACE_PX, radius)
        for one, class_name in sets:
            parts.append(
                labels_by_position(picks, one, radius, column=column, class_name=class_name)
            )
    return joined(parts, picks) if parts else None
