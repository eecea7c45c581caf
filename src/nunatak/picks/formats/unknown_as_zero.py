"""Files that have no way to say that a value is unknown, and hold 0 in its place.

STAR files could say it, but RELION reads whatever is no number as 0 (``setValueFromString`` of its
src/metadata_table.cpp), and other programs may stop there or calculate on.
"""

import numpy as np
import pandas as pd

from nunatak.geometry import FloatArray
from nunatak.picks.table import ANGLE_COLUMNS


def unless_zero(values: FloatArray) -> FloatArray | None:
    """Return values, or None if all are 0, as in files that were never given any."""
    return values if (values != 0).any() else None


def or_zero(values: pd.Series) -> FloatArray:
    """Return numbers of a pick table, shape (n,), with 0 for unknown ones."""
    return values.fillna(0.0).to_numpy(dtype=np.float64)


def angles_or_zero(table: pd.DataFrame) -> FloatArray:
    """Return RELION's angles of a pick table, shape (n, 3), degrees, with 0 for unknown ones."""
    return rows_or_zero(table[list(ANGLE_COLUMNS)].to_numpy(dtype=np.float64))


def rows_or_zero(angles_deg: FloatArray) -> FloatArray:
    """Return orientations, shape (n, 3), degrees, with 0 for all angles of one of unknown ones."""
    return np.where(np.isnan(angles_deg).any(axis=1, keepdims=True), 0.0, angles_deg)
