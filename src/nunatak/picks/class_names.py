"""The classes of picks, where a figure of merit is asked for class by class."""

from dataclasses import replace

import pandas as pd

from nunatak.errors import BadInput
from nunatak.picks.table import PickSet


def class_names(picks: PickSet, role: str) -> pd.Series:
    """Return the class of every pick.

    Parameters
    ----------
    picks
        Picks, each with its ``class_name``; without a pick no column is needed.
    role
        What the picks are in words, for messages where they came from no file.

    Returns
    -------
    Series of str
        With the index of ``picks.table``.

    Raises
    ------
    BadInput
        If there is no column of classes, or a pick has no class.

    Examples
    --------
    >>> rows = {"image": ["a", "a"], "x_px": [1, 2], "y_px": [1, 2], "class_name": ["80S", "70S"]}
    >>> class_names(PickSet(pd.DataFrame(rows)), "the picks").tolist()
    ['80S', '70S']
    """
    table = picks.table
    if len(table) == 0:
        return pd.Series(index=table.index, dtype=str)
    origin = picks.source or role
    if "class_name" not in table:
        raise BadInput(
            f"{origin}: no classes (column class_name), by which the picks are to be judged. Add "
            "the column, or judge all picks alike (without --by-class and --czii)."
        )
    names = table["class_name"].fillna("").astype(str)
    unnamed = int((names == "").sum())
    if unnamed:
        first = table.index[names == ""][0]
        raise BadInput(
            f"{origin}: {unnamed} of {len(table)} positions have no class (class_name; first: row "
            f"{first + 1}, image {table['image'][first]}). Name the class of all of them."
        )
    return names


def of_class(picks: PickSet, names: pd.Series, name: str) -> PickSet:
    """Return the picks of one class; every image stays, also one without such a pick.

    Parameters
    ----------
    picks
        Picks of several classes.
    names
        From `class_names`.
    name
        The class.
    """
    return replace(picks, table=picks.table[names == name])
