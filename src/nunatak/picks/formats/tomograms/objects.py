"""The object that a pick is one of, where a format keeps objects in files of their own."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.geometry import FloatArray
from nunatak.picks.table import ANGLE_COLUMNS, PickSet

UNNAMED = "particle"
"""What picks without a class are called in files that must name their object."""

INSTANCE_COLUMN = "instance_id"
"""Whole number that groups picks, such as those of one filament; 0 means none."""

Rows = NDArray[np.intp]


def object_names(table: pd.DataFrame) -> pd.Series:
    """Return the object's name of each pick: its class, or `UNNAMED`."""
    if "class_name" not in table.columns:
        return pd.Series([UNNAMED] * len(table), index=table.index, dtype=str)
    classes = table["class_name"].astype(object)
    return classes.where(classes.notna() & (classes != ""), UNNAMED).astype(str)


def rows_of_objects(picks: PickSet, names: Collection[str]) -> dict[tuple[str, str], Rows]:
    """Return the row numbers of each image's picks of each object, none of which may be absent.

    An image without picks of an object that others have was looked at in vain, and says so in a
    file of its own.

    Parameters
    ----------
    picks
        The picks.
    names
        The object of each pick (see `object_names`).
    """
    present = list(dict.fromkeys(names)) or [UNNAMED]
    pairs = pd.DataFrame({"image": picks.table["image"].tolist(), "name": list(names)})
    found = pairs.groupby(["image", "name"], sort=False).indices
    nothing = np.empty(0, dtype=np.intp)
    return {
        (image, name): np.asarray(found.get((image, name), nothing), dtype=np.intp)
        for image in picks.images
        for name in present
    }


def instance_ids(table: pd.DataFrame) -> NDArray[np.int64]:
    """Return the instance of each pick, shape (n,), int64; 0 where it has none.

    Raises
    ------
    BadInput
        If one is no whole number.
    """
    if INSTANCE_COLUMN not in table.columns:
        return np.zeros(len(table), dtype=np.int64)
    cells = table[INSTANCE_COLUMN].astype(object).where(table[INSTANCE_COLUMN].notna(), 0)
    ids = pd.to_numeric(cells.replace("", 0), errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(ids) | (ids != np.round(ids)))
    if len(wrong):
        raise BadInput(
            f"Column {INSTANCE_COLUMN} of the pick table holds {cells.iloc[int(wrong[0])]!r} "
            f"(row {int(wrong[0]) + 1}) where a whole number was expected."
        )
    return ids.astype(np.int64)


def angles_deg(table: pd.DataFrame) -> FloatArray:
    """Return the angles of each pick, shape (n, 3), degrees; NaN where they are not known."""
    if not set(ANGLE_COLUMNS) <= set(table.columns):
        return np.full((len(table), 3), np.nan)
    return table[list(ANGLE_COLUMNS)].to_numpy(dtype=np.float64)
