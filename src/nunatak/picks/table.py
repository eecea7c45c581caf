"""The pick table: a pandas DataFrame with a checked schema."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput

REQUIRED_COLUMNS = ("image", "x_px", "y_px")
"""``image`` is the path of the image as text (identity is the path, not the stem)."""

Z_COLUMN = "z_px"
"""Present in pick tables of tomograms, and in no other."""

ANGLE_COLUMNS = ("rot_deg", "tilt_deg", "psi_deg")
"""Orientation of a particle in a tomogram: see `nunatak.rotations`."""

FLOAT_COLUMNS = (
    *("x_px", "y_px", Z_COLUMN),
    *ANGLE_COLUMNS,
    *("score", "diameter_A", "pixel_size_A", "probability"),
)
"""Columns that hold float64 where they are present; NaN means unknown (never in a coordinate)."""


MERGING_COLUMNS = ("agreement", "looked", "seen_by")
"""All present in the table of a merging: see `nunatak.picks.merge.merge`."""

SCORE_PREFIX = "score_"
"""Beginning of a merging's columns for the score in each of its sets, float64."""


@dataclass
class PickSet:
    """Picks of a set of micrographs or of tomograms, in nunatak's frame.

    Attributes
    ----------
    table : DataFrame
        One row a pick. Required columns ``image`` (str), ``x_px``, ``y_px`` (float64, pixels of
        the stored image, 0 = centre of the first pixel); for tomograms ``z_px`` as well, in
        voxels. Optional: ``score`` (float64, higher is better), ``class_name`` (str),
        ``diameter_A``, ``pixel_size_A`` (float64; of a tomogram the side of a voxel),
        ``selected`` (bool: passes the chosen threshold, or is kept by a pruning), what a pruning
        says (``probability``, float64; ``predicted_class`` and ``decision``, str), what a merging
        says (see `nunatak.picks.merge.merge`), and for tomograms the orientation
        ``rot_deg``, ``tilt_deg``, ``psi_deg`` (float64, see `nunatak.rotations`). Every other
        column came with the file and is kept as it is.
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

    @property
    def ndim(self) -> int:
        """2 for picks on micrographs, 3 for picks in tomograms."""
        return 3 if Z_COLUMN in self.table.columns else 2

    @property
    def has_angles(self) -> bool:
        """Whether the table holds orientations."""
        return set(ANGLE_COLUMNS) <= set(self.table.columns)

    @property
    def positions_px(self) -> NDArray[np.float64]:
        """Positions ``(x, y[, z])``, shape (n, ndim), pixels of the stored images."""
        return self.table[list(coordinate_columns(self.table))].to_numpy(np.float64)


def coordinate_columns(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns of a pick table that hold the position: x, y and, in tomograms, z."""
    return ("x_px", "y_px", Z_COLUMN) if Z_COLUMN in table.columns else ("x_px", "y_px")


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
        If a column is missing, a coordinate is not finite, a number cannot be read, or an
        orientation lacks one of its angles.
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
    result = _with_numbers_of_merging(result)
    angles = [name for name in ANGLE_COLUMNS if name in result.columns]
    if Z_COLUMN in result.columns and 0 < len(angles) < len(ANGLE_COLUMNS):
        raise BadInput(
            f"The pick table holds {', '.join(angles)}, but an orientation needs all of "
            f"{', '.join(ANGLE_COLUMNS)}."
        )
    finite = np.isfinite(result[list(coordinate_columns(result))]).all(axis=1)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise BadInput(
            f"{int((~finite).sum())} picks have a coordinate that is not a number "
            f"(first: row {row + 1}, image {result['image'].iloc[row]}). "
            "Remove or repair these rows."
        )
    return result


def _with_numbers_of_merging(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with numbers in the columns of a merging, which files may hold as text."""
    if not {*MERGING_COLUMNS} <= set(table.columns):
        return table
    names = [name for name in table if str(name).startswith(SCORE_PREFIX)]
    for name in ("agreement", "looked", *names):
        cells = table[name].astype(object)
        try:
            numbers = cells.where(~cells.isin(["", "None"]), np.nan).astype(np.float64)
        except (TypeError, ValueError) as error:
            raise BadInput(f"Column {name} of the pick table holds text: {error}.") from error
        is_count = name not in names and bool((numbers % 1 == 0).all())
        table[name] = numbers.astype(np.int64) if is_count else numbers
    return table


def empty_table(ndim: int = 2) -> pd.DataFrame:
    """Return a valid pick table without rows, of micrographs (2) or of tomograms (3)."""
    coordinates = ("x_px", "y_px", Z_COLUMN)[:ndim]
    return checked(
        pd.DataFrame(
            {
                "image": pd.Series(dtype=str),
                **{name: pd.Series(dtype=float) for name in coordinates},
            }
        )
    )
