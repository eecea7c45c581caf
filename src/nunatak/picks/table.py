"""The pick table: a pandas DataFrame with a checked schema."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import BadInput

REQUIRED_COLUMNS = ("image", "x_px", "y_px")
"""``image`` is the path of the image as text (identity is the path, not the stem)."""

FLOAT_COLUMNS = ("x_px", "y_px", "score", "diameter_A", "pixel_size_A")
"""Columns that hold float64 where they are present; NaN means unknown (never in x_px, y_px)."""


@dataclass
class PickSet:
    """Picks of a set of images, in nunatak's frame.

    Attributes
    ----------
    table : DataFrame
        One row a pick. Required columns ``image`` (str), ``x_px``, ``y_px`` (float64, pixels of
        the stored image, 0 = centre of the first pixel). Optional: ``score`` (float64, higher is
        better), ``class_name`` (str), ``diameter_A``, ``pixel_size_A`` (float64), ``selected``
        (bool: passes the chosen threshold). Every other column came with the file and is kept
        as it is.
    optics : DataFrame or None
        RELION's optics groups, as read.
    images : tuple of str
        Every image that was looked at, including those without a pick; a metric counts the
        latter as misses. Always contains every value of ``table["image"]``.
    source : Path or None
        The file the picks came from.
    """

    table: pd.DataFrame
    optics: pd.DataFrame | None = None
    images: tuple[str, ...] = ()
    source: Path | None = None
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = checked(self.table)
        known = dict.fromkeys(self.images)
        known.update(dict.fromkeys(self.table["image"].unique()))
        self.images = tuple(known)

    def __len__(self) -> int:
        return len(self.table)


def checked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the schema's dtypes.

    Parameters
    ----------
    table
        A DataFrame with at least the required columns.

    Returns
    -------
    DataFrame
        A copy with a fresh integer index.

    Raises
    ------
    BadInput
        If a column is missing, a coordinate is not finite, or a number cannot be read.
    """
    missing = [name for name in REQUIRED_COLUMNS if name not in table.columns]
    if missing:
        raise BadInput(
            f"The pick table lacks {', '.join(missing)}. "
            f"Columns found: {', '.join(map(str, table.columns))}."
        )
    result = table.reset_index(drop=True).copy()
    result["image"] = result["image"].astype(str)
    for name in FLOAT_COLUMNS:
        if name in result.columns:
            try:
                result[name] = result[name].astype(np.float64)
            except (TypeError, ValueError) as error:
                raise BadInput(f"Column {name} of the pick table holds text: {error}.") from error
    finite = np.isfinite(result["x_px"]) & np.isfinite(result["y_px"])
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise BadInput(
            f"{int((~finite).sum())} picks have a coordinate that is not a number "
            f"(first: row {row + 1}, image {result['image'].iloc[row]}). "
            "Remove or repair these rows."
        )
    return result


def empty_table() -> pd.DataFrame:
    """Return a valid pick table without rows."""
    return checked(
        pd.DataFrame(
            {
                "image": pd.Series(dtype=str),
                "x_px": pd.Series(dtype=float),
                "y_px": pd.Series(dtype=float),
            }
        )
    )
