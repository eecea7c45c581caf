"""Optics groups for writing: those that were read, or new ones made of the pixel sizes."""

import numpy as np
import pandas as pd

from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.table import PickSet


def with_optics(picks: PickSet) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the table and its optics groups, ready for writing.

    Groups that were read are kept as they are. Otherwise, where the pixel size of every pick
    is known, one group is made for each pixel size. Where it is known for some picks only, it
    stays a column of the table.

    Parameters
    ----------
    picks
        Any pick set.

    Returns
    -------
    table : DataFrame
        With ``rlnOpticsGroup`` and without ``pixel_size_A`` where there are optics groups.
    optics : DataFrame or None
        One row a group.
    """
    table, optics = picks.table, picks.optics
    sizes = table.get("pixel_size_A")
    if optics is not None and len(optics) and relion.OPTICS_GROUP in optics.columns:
        if relion.OPTICS_GROUP not in table.columns and len(optics) == 1:
            table = table.assign(**{relion.OPTICS_GROUP: optics[relion.OPTICS_GROUP].iloc[0]})
        if relion.OPTICS_GROUP in table.columns and _agree(table, optics):
            return table.drop(columns="pixel_size_A", errors="ignore"), optics
    if sizes is None or not len(table) or not np.isfinite(sizes).all():
        known = sizes is not None and bool(np.isfinite(sizes).any())
        return (table if known else table.drop(columns="pixel_size_A", errors="ignore")), None
    groups, distinct = pd.factorize(sizes, sort=True)
    optics = pd.DataFrame(
        {
            relion.OPTICS_GROUP_NAME: [f"opticsGroup{n}" for n in range(1, len(distinct) + 1)],
            relion.OPTICS_GROUP: np.arange(1, len(distinct) + 1),
            relion.PIXEL_SIZE: np.asarray(distinct, dtype=np.float64),
        }
    )
    table = table.drop(columns="pixel_size_A").assign(**{relion.OPTICS_GROUP: groups + 1})
    return table, optics


def _agree(table: pd.DataFrame, optics: pd.DataFrame) -> bool:
    """Whether the groups describe every pick, with the pixel size that it has."""
    described = optics[relion.OPTICS_GROUP].astype(str)
    if not table[relion.OPTICS_GROUP].astype(str).isin(set(described)).all():
        return False
    if "pixel_size_A" not in table.columns:
        return True
    if relion.PIXEL_SIZE not in optics.columns:
        return not bool(np.isfinite(table["pixel_size_A"]).any())
    # A group whose size is not known says None, or what else programs write.
    sizes_A = pd.to_numeric(optics[relion.PIXEL_SIZE], errors="coerce")
    of_group = dict(zip(described, sizes_A.astype(float), strict=True))
    expected = table[relion.OPTICS_GROUP].astype(str).map(of_group).to_numpy(dtype=np.float64)
    return bool(np.allclose(table["pixel_size_A"], expected, rtol=1e-6, equal_nan=True))
