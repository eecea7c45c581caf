"""From probabilities to decisions: which picks to keep, to look at, and to reject."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.picks.table import coordinate_columns
from nunatak.pruning.classes import DUPLICATE, JUNK, PARTICLE
from nunatak.pruning.false_discovery import DiscoveryCurve
from nunatak.pruning.kinds import by_image_and_kind
from nunatak.pruning.labels import MatchedLabels

KEEP, REVIEW, REJECT, UNJUDGED = "keep", "review", "reject", "unjudged"

DECISIONS = (KEEP, REVIEW, REJECT, UNJUDGED)
"""What can be decided; a pick is unjudged where its image could not be seen."""

DUPLICATE_WITHIN = 0.3
"""Share of the diameter within which two picks are one particle: no two particles of a monolayer
lie so close, and no picker is so far off."""

REJECTED_BELOW = 0.2
"""Below this probability a pick is not worth a look: four of five would be looked at in vain."""

KEPT_FROM = 0.5
"""Where no false-discovery rate is asked for, what is more likely a particle than not is kept."""


NOTHING_KEPT = 1.0 + 2**-50
"""A limit that no probability reaches: where no pick can be kept at the rate asked for."""


@dataclass(frozen=True)
class Limits:
    """Probabilities that part kept, doubtful and rejected picks.

    Attributes
    ----------
    keep_from : float
        The least probability of a pick that is kept, or `NOTHING_KEPT`.
    reject_below : float
        Below it a pick is rejected; at most ``keep_from``.
    """

    keep_from: float = KEPT_FROM

    @property
    def reject_below(self) -> float:
        """Where rejection ends and review begins."""
        return min(self.keep_from, REJECTED_BELOW)


def limits_for(discovery: DiscoveryCurve, keep_fdr: float | None) -> Limits:
    """Return the limits that keep as many picks as a false-discovery rate allows.

    Parameters
    ----------
    discovery
        Of the picks.
    keep_fdr
        Share of junk among what is kept; None keeps what is more likely a particle than not.
    """
    if keep_fdr is None:
        return Limits()
    return Limits(min(discovery.threshold_for(keep_fdr), NOTHING_KEPT))


def decided(
    probability: NDArray[np.float64],
    predicted_class: NDArray[np.object_],
    limits: Limits,
    *,
    is_duplicate: NDArray[np.bool_],
    labels: MatchedLabels | None = None,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Decide on every pick.

    A pick that carries a label is decided by it: nobody wants to say the same thing twice.

    Parameters
    ----------
    probability : ndarray, shape (n,), float64
        That the pick is a particle; NaN where nothing was seen.
    predicted_class : ndarray of str, shape (n,)
        By the picture.
    limits
        Of the probability.
    is_duplicate : ndarray, shape (n,), bool
        See `duplicates`.
    labels
        What a person said of some of the picks.

    Returns
    -------
    decision, predicted_class : ndarray of str, shape (n,)
    """
    unjudged = np.isnan(probability)
    decision = np.full(len(probability), REVIEW, dtype=object)
    with np.errstate(invalid="ignore"):
        decision[probability >= limits.keep_from] = KEEP
        decision[probability < limits.reject_below] = REJECT
    kind = np.where(unjudged, UNJUDGED, predicted_class).astype(object)
    decision[unjudged] = UNJUDGED
    decision[is_duplicate], kind[is_duplicate] = REJECT, DUPLICATE
    if labels is not None:
        said = labels.class_name
        decision[labels.row] = np.where(said == PARTICLE, KEEP, REJECT)
        # What was called junk alone keeps the kind of junk that it looks like.
        seen = kind[labels.row]
        is_kind = (said == JUNK) & (seen != PARTICLE) & (seen != UNJUDGED)
        kind[labels.row] = np.where(is_kind, seen, said)
    return decision, kind


def duplicates(
    table: pd.DataFrame,
    probability: NDArray[np.float64],
    radius_px: NDArray[np.float64],
    labels: MatchedLabels | None = None,
) -> NDArray[np.bool_]:
    """Tell which picks stand for a particle that a more probable pick stands for.

    Parameters
    ----------
    table
        Picks on micrographs, or in tomograms, where those of another class are no duplicates.
    probability : ndarray, shape (n,), float64
        NaN where nothing was seen: such a pick is nobody's duplicate and has none.
    radius_px : ndarray, shape (n,), float64
        Picks nearer than this are one particle; of an image (in a tomogram, of a class) the least
        counts, NaN for none.
    labels
        A pick that a person called a particle is the most probable of all, and one that a person
        called junk takes no other pick's place.

    Returns
    -------
    ndarray, shape (n,), bool
        The most probable pick of a crowd is not marked, nor is one that only a marked pick is
        near to; of equally probable ones the first stands.
    """
    marked = np.zeros(len(table), dtype=bool)
    position = table[[*coordinate_columns(table)]].to_numpy(np.float64)
    rank = probability.copy()
    if labels is not None:
        rank[labels.row] = np.where(labels.is_particle, 2.0, np.nan)
    for all_rows in by_image_and_kind(table):
        rows = all_rows[~np.isnan(rank[all_rows])]
        if len(rows) < 2 or not radius_px[rows].min() > 0:
            continue
        rows = rows[np.argsort(-rank[rows], kind="stable")]
        # query_pairs includes the radius itself; "nearer" does not.
        radius = np.nextafter(radius_px[rows].min(), 0.0)
        pairs = KDTree(position[rows]).query_pairs(radius, output_type="ndarray")
        # By the better pick of each pair, so that it is known by then whether it stands itself.
        for better, worse in pairs[np.argsort(pairs[:, 0], kind="stable")].tolist():
            if not marked[rows[better]]:
                marked[rows[worse]] = True
    return marked
