"""Whether picks can be pruned, and how large their particle is."""

import numpy as np

from nunatak.errors import BadInput, UsageError
from nunatak.picks.table import PickSet

_SAME_DIAMETER = 1.1
"""Diameters that differ by less are one: two people's rulers differ by as much."""


def diameter_of(picks: PickSet, stated_A: float | None = None) -> float:
    """Return the diameter of the particle, ångström.

    Parameters
    ----------
    picks
        May state it in their column ``diameter_A``.
    stated_A
        Goes before what the picks say.

    Raises
    ------
    UsageError
        If neither states it, or the picks state several.
    """
    if stated_A is not None:
        return stated_A
    sizes_A = picks.table["diameter_A"].to_numpy() if "diameter_A" in picks.table else np.empty(0)
    sizes_A = sizes_A[sizes_A > 0]
    origin = f"{picks.source}: " if picks.source else ""
    if len(sizes_A) == 0:
        raise UsageError(
            f"{origin}the picks do not say how large the particle is. Give --diameter, its longest "
            "extent in Å."
        )
    if sizes_A.max() > _SAME_DIAMETER * sizes_A.min():
        raise UsageError(
            f"{origin}the picks state diameters from {sizes_A.min():g} to {sizes_A.max():g} Å. "
            "Give --diameter, that of the particle to keep."
        )
    return float(np.median(sizes_A))


def refuse_unprunable(picks: PickSet) -> None:
    """Refuse picks that cannot be judged at all.

    Raises
    ------
    BadInput
        If there are none, or they lie in tomograms.
    """
    origin = str(picks.source or "the picks")
    if picks.ndim == 3:
        raise BadInput(
            f"{origin}: picks in tomograms, which cannot be pruned; prune takes picks on "
            "micrographs, and particle images. Raise the threshold instead (nunatak convert "
            "--threshold)."
        )
    if len(picks) == 0:
        raise BadInput(f"{origin}: no picks, so that there is nothing to prune.")
