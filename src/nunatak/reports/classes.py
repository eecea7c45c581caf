"""Picks of several classes: how many there are of each, and how sure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

CLASS = "class_name"
_UNNAMED = "no class"


@dataclass(frozen=True)
class ClassCounts:
    """Picks of one class.

    Attributes
    ----------
    name : str
        Of the class.
    diameter_A : float
        The largest of its picks, Å; NaN where the table has none.
    selected, candidates : int
        Picks that are selected, and all of them.
    mean_score, lowest_score : float
        Of the selected picks; NaN without any, or without scores.
    """

    name: str
    diameter_A: float
    selected: int
    candidates: int
    mean_score: float
    lowest_score: float


def class_names(table: pd.DataFrame) -> pd.Series:
    """Return the class of each row of a pick table, ``"no class"`` where none is stated."""
    if CLASS not in table:
        return pd.Series(_UNNAMED, index=table.index, dtype=object)
    return table[CLASS].fillna(_UNNAMED).astype(str).replace("", _UNNAMED)


def count_classes(table: pd.DataFrame) -> tuple[ClassCounts, ...]:
    """Count the picks of each class.

    Parameters
    ----------
    table
        Of a summary: with ``score`` and ``selected``.

    Returns
    -------
    tuple of ClassCounts
        Those with the most selected picks first; empty unless there are two classes or more.
    """
    names = class_names(table)
    if names.nunique() < 2:
        return ()
    counts = [_counts(str(name), rows) for name, rows in table.groupby(names, sort=True)]
    return tuple(sorted(counts, key=lambda one: (-one.selected, -one.candidates)))


def _counts(name: str, rows: pd.DataFrame) -> ClassCounts:
    score = rows["score"][rows["selected"]]
    return ClassCounts(
        name=name,
        diameter_A=float(rows["diameter_A"].max()) if "diameter_A" in rows else np.nan,
        selected=len(score),
        candidates=len(rows),
        mean_score=float(score.mean()),
        lowest_score=float(score.min()),
    )
