"""Classes in the STAR files of picks in tomograms.

RELION numbers the classes of its 3D classifications (``rlnClassNumber``), and here a class is a
name. Numbers are taken for names where they tell particles apart: RELION writes 0 for particles
that were never classified and 1 for all of a refinement without classes, which says nothing of
what they are. Names that are all whole numbers are written as RELION's numbers again.

On micrographs this does not hold: there RELION's number is the class of a two-dimensional
average or an autopicking reference, and it stays a column like any other.
"""

from typing import Final

import numpy as np
import pandas as pd

from nunatak.errors import FormatError
from nunatak.geometry import FloatArray
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.star import StarTable
from nunatak.picks.formats.tomograms.numbering import first_not_whole

NUMBER: Final = "rlnClassNumber"
NAME: Final = relion.OWN["class_name"]
COLUMN: Final = "class_name"

_WHOLE = r"0|[1-9][0-9]{0,6}"


def classes(star: StarTable) -> pd.Series | None:
    """Return the class of each particle by RELION's numbers; None if they say none.

    Parameters
    ----------
    star
        The particles. Where names of classes stand beside the numbers, the names count.

    Returns
    -------
    Series of str, shape (n,), or None
        Missing where the number is 0 or unknown.

    Raises
    ------
    FormatError
        If a number is not whole.
    """
    if NUMBER not in star.columns or NAME in star.columns:
        return None
    numbers = star.numbers(NUMBER, missing_allowed=True)
    known = np.where(np.isfinite(numbers), numbers, 0.0)
    row = first_not_whole(known)
    if row is not None:
        raise FormatError(
            star.path,
            f"{star.columns[NUMBER][row]!r} where a whole number was expected",
            line=int(star.row_lines[row]),
            field=NUMBER,
            hint="RELION counts its classes from 1; 0 means none. Correct or remove the column",
        )
    if not _tell_apart(known):
        return None
    texts = pd.Series(known.astype(np.int64).astype(str), dtype=object)
    return texts.where(known != 0, None)


def labelled(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the columns that say the classes of a pick table, by label; none without classes.

    Parameters
    ----------
    table
        Pick table; a column of RELION's numbers that it has kept fills what has no name.

    Returns
    -------
    dict of str to Series
        RELION's numbers, where all names are whole numbers. Names otherwise, and also where
        `classes` would not take the numbers for classes again.
    """
    if COLUMN not in table.columns:
        return {}
    cells = table[COLUMN]
    names = cells.where(cells.notna() & (cells != "")).astype(object)
    numbers = _numbers(names, table.get(NUMBER))
    if numbers is None:
        return {NAME: cells}
    found = {NUMBER: numbers}
    return found if _tell_apart(numbers.to_numpy(np.float64)) else {NAME: cells, **found}


def _numbers(names: pd.Series, kept: pd.Series | None) -> pd.Series | None:
    """Return the class of each pick as a number, 0 without one; None if numbers cannot say it."""
    known = names.dropna().astype(str)
    if known.empty or not known.str.fullmatch(_WHOLE).all():
        return None
    if kept is None:
        return names.fillna("0").astype(np.int64)
    stated = kept.where(kept.notna(), "0").astype(str)
    beside = stated[known.index]
    if not stated.str.fullmatch(_WHOLE).all() or ((beside != known) & (beside != "0")).any():
        return None
    return names.fillna(stated).astype(np.int64)


def _tell_apart(numbers: FloatArray) -> bool:
    return bool(numbers.any() and (numbers != 1).any())
