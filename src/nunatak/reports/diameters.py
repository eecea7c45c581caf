"""How large the particles of a report are drawn."""

from dataclasses import replace

import numpy as np
import pandas as pd

from nunatak.errors import UsageError
from nunatak.picks.table import PickSet


def with_diameters(picks: PickSet, diameter_A: float | None) -> PickSet:
    """Return the picks with a diameter each.

    Parameters
    ----------
    picks
        Candidates.
    diameter_A
        Of all of them, Å; None takes what the table says of each, and the largest that it says
        where it says nothing.

    Returns
    -------
    PickSet
        Its table has a column ``diameter_A`` without gaps.

    Raises
    ------
    UsageError
        If the diameter is not positive, or nowhere stated.
    """
    if diameter_A is not None and not diameter_A > 0:
        raise UsageError(f"The particle diameter must be positive, found {diameter_A:g} Å.")
    if diameter_A is not None:
        return replace(picks, table=picks.table.assign(diameter_A=diameter_A))
    stated = picks.table.get("diameter_A", pd.Series(np.nan, index=picks.table.index))
    stated = stated.where(stated > 0)
    if stated.isna().all():
        raise UsageError(
            f"{picks.source or 'The picks'}: does not state the particle diameter. Give --diameter."
        )
    return replace(picks, table=picks.table.assign(diameter_A=stated.fillna(stated.max())))


def typical_diameter_A(table: pd.DataFrame, diameter_A: float | None) -> float:
    """Return the one diameter, or the median of a table that is not empty, Å."""
    return float(table["diameter_A"].median()) if diameter_A is None else diameter_A


def diameters_in_words(table: pd.DataFrame, diameter_A: float | None) -> str:
    """Say which diameters are drawn; the table is as for `typical_diameter_A`."""
    if diameter_A is not None:
        return f"Particle diameter {diameter_A:g} Å."
    low, high = table["diameter_A"].min(), table["diameter_A"].max()
    if low == high:
        return f"Particle diameter {low:g} Å."
    return f"Particle diameters {low:.3g} to {high:.3g} Å."
