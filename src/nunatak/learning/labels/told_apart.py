"""Which rows of a label table are particles, places that are none, or say nothing."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.learning.labels.words import NEGATIVE_CLASSES, ONLY_CLASS
from nunatak.picks.selection import SELECTED, SELECTED_BEFORE


def told_apart(table: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell places that are no particle, and rows that say nothing, from labelled particles.

    A row is a negative if its class has one of the `NEGATIVE_CLASSES`, or if it is marked as
    not selected in a table without scores: there, a person has rejected it. Where a table has
    scores, ``selected`` says which candidates pass a threshold, and in pruned picks
    (``selected_before``) which are kept. The others may be particles all the same, and are left
    out.

    Parameters
    ----------
    table
        Of picks on micrographs or in tomograms.

    Returns
    -------
    is_negative, is_left_out : ndarray, shape (n,), bool
        No row is both.
    """
    is_negative = class_names(table).str.casefold().str.strip().isin(NEGATIVE_CLASSES).to_numpy()
    rejected = np.zeros(len(table), dtype=np.bool_)
    if SELECTED in table:
        rejected = ~table[SELECTED].astype(bool).to_numpy()
    if has_scores(table) or SELECTED_BEFORE in table:
        return is_negative, rejected & ~is_negative
    return is_negative | rejected, np.zeros_like(rejected)


def has_scores(table: pd.DataFrame) -> bool:
    """Whether a table of labels looks like a picker's."""
    return "score" in table and bool(table["score"].notna().any())


def class_names(table: pd.DataFrame) -> pd.Series:
    """Return the class of each row of a table of picks; the only one where none is named."""
    if "class_name" not in table:
        return pd.Series(ONLY_CLASS, index=table.index, dtype=object)
    return table["class_name"].fillna(ONLY_CLASS).astype(str).replace("", ONLY_CLASS)
