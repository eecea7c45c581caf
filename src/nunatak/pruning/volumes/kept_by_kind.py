"""What a pruning left of each kind of particle in tomograms."""

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from nunatak.picks.formats.frame import by_image
from nunatak.pruning.decide import DECISIONS, DUPLICATE_WITHIN, KEEP
from nunatak.pruning.kinds import kinds_of
from nunatak.pruning.result import PruneResult


def by_kind(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count the picks of each kind of particle.

    Parameters
    ----------
    table
        Pick table with ``decision``.

    Returns
    -------
    dict
        By the name of the kind, most picks first: how many ``picks`` there are, and of each
        decision.
    """
    kinds = pd.Series(kinds_of(table), index=table.index)
    counts = {}
    for name in kinds.value_counts(sort=True).index:
        decision = table["decision"][kinds == name]
        counts[str(name)] = {
            "picks": len(decision),
            **{one: int((decision == one).sum()) for one in DECISIONS},
        }
    return counts


def shared_places(result: PruneResult) -> int:
    """Count the kept picks that lie where a kept pick of another kind lies.

    Both stay, for nothing here tells one kind of particle from another. Places are the same within
    0.3 diameters of the larger particle.

    Parameters
    ----------
    result
        Of a pruning of picks in tomograms.
    """
    picks = result.picks
    kinds, radius_px = kinds_of(picks.table), DUPLICATE_WITHIN * result.diameter_px
    is_kept = (picks.table["decision"] == KEEP).to_numpy() & (radius_px > 0)
    is_shared = np.zeros(len(picks), dtype=bool)
    for _, all_rows in by_image(picks.table):
        rows = all_rows[is_kept[all_rows]]
        if len(rows) < 2:
            continue
        position_px = picks.positions_px[rows]
        pairs = KDTree(position_px).query_pairs(radius_px[rows].max(), output_type="ndarray")
        one, other = rows[pairs[:, 0]], rows[pairs[:, 1]]
        apart_px = np.linalg.norm(position_px[pairs[:, 0]] - position_px[pairs[:, 1]], axis=1)
        near = apart_px < np.maximum(radius_px[one], radius_px[other])
        near &= kinds[one] != kinds[other]
        is_shared[one[near]] = is_shared[other[near]] = True
    return int(is_shared.sum())
