"""The words of a column of labels."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.picks.formats.relion_columns import OWN
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import DUPLICATE, class_of

USUAL_COLUMNS = ("label", "nunatakLabel", "class_name", "rlnLabel")
"""Where labels are looked for when no column is named; but in tomograms, ``class_name`` says which
kind of particle a pick is of."""

_BLANK = frozenset({"", "-", "?", "None", "nan", "NaN", "<NA>", "null"})
"""How tables write that there is nothing. In small letters, "none" is a word for no particle."""

_UNDECIDED = frozenset({"review", "unjudged", "unknown", "unlabelled", "unlabeled"})

_MOST_NAMED = 3

_DECISION, _LOOKS_LIKE, _REJECT = "decision", "predicted_class", "reject"
"""Columns and a word of an earlier pruning."""


def classes_of_column(picks: PickSet, column: str | None) -> NDArray[np.object_]:
    """Return the class that each row's word stands for.

    In the decisions of an earlier pruning, what was rejected as a duplicate stays one: it has the
    picture of a particle, and taken for junk it would teach that particles are junk.

    Parameters
    ----------
    picks
        The table.
    column
        As the file calls it or as nunatak does; None takes the first of `USUAL_COLUMNS`.

    Returns
    -------
    ndarray of str, shape (n,)
        One of `nunatak.pruning.classes.CLASSES`; empty where the cell is blank.

    Raises
    ------
    BadInput
        If there is no such column, a word is unknown, or every cell is blank.
    """
    origin = str(picks.source or "the picks")
    name = label_column(picks, column)
    words = _words(picks.table[name])
    found, unknown = {}, []
    for word in words.unique().tolist():
        if _is_no_label(word):
            found[word] = ""
            continue
        try:
            found[word] = class_of(word)
        except BadInput as error:
            unknown.append((word, error))
    if unknown:
        word, problem = unknown[0]
        count = int(words.isin([each for each, _ in unknown]).sum())
        row = int(np.flatnonzero(words == word)[0])
        others = ", ".join(repr(each) for each, _ in unknown[1 : 1 + _MOST_NAMED])
        more = f" Other words that are not known: {others}." if others else ""
        raise BadInput(
            f"{origin}, column {column or name}, row {row + 1}: {problem} "
            f"Of {len(words)} rows, {count} cannot be understood.{more}"
        )
    classes = words.map(found).to_numpy(dtype=object)
    if not (classes != "").any():
        raise BadInput(
            f"{origin}, column {column or name}: no labels, all {len(words)} rows are blank. "
            "Label some, or name another column (--label-column)."
        )
    if name == _DECISION and _LOOKS_LIKE in picks.table:
        classes[_rejected_duplicates(picks.table)] = DUPLICATE
    return classes


def says_nothing(cells: pd.Series) -> bool:
    """Tell whether every cell is blank, or leaves open whether there is a particle."""
    return all(_is_no_label(word) for word in _words(cells).unique().tolist())


def _is_no_label(word: str) -> bool:
    return word in _BLANK or word.casefold() in _UNDECIDED


def label_column(picks: PickSet, column: str | None) -> str:
    """Return the column of the table that holds the labels.

    Parameters
    ----------
    picks
        The table.
    column
        See `classes_of_column`.

    Raises
    ------
    BadInput
        If there is no such column.
    """
    origin, table = str(picks.source or "the picks"), picks.table
    by_name = {str(name).casefold(): str(name) for name in table.columns}
    by_name |= {label.casefold(): ours for ours, label in OWN.items() if ours in table.columns}
    usual = tuple(name for name in USUAL_COLUMNS if picks.ndim == 2 or name != "class_name")
    for wanted in usual if column is None else (column,):
        name = by_name.get(wanted.lstrip("_").casefold())
        if name is not None:
            return name
    there = ", ".join(map(str, table.columns))
    if column is None:
        raise BadInput(
            f"{origin}: no column of labels ({', '.join(usual)}). Name it with "
            f"--label-column; there are {there}.{_earlier(picks)} Or give good and bad picks in "
            "two files (--good, --bad)."
        )
    raise BadInput(f"{origin}: no column {column}. There are {there}.")


def _earlier(picks: PickSet) -> str:
    if "decision" not in picks.table.columns:
        return ""
    return (
        " If the decisions of an earlier pruning, looked through by a person, are meant, that is "
        f"--label-column {OWN['decision']}."
    )


def _rejected_duplicates(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which picks carry pruning's own word for a duplicate; a person's "junk" is meant so."""
    rejected = _words(table[_DECISION]).str.casefold() == _REJECT
    looks_like = _words(table[_LOOKS_LIKE]).str.casefold()
    return np.asarray(rejected & (looks_like == DUPLICATE), dtype=np.bool_)


def _words(cells: pd.Series) -> "pd.Series[str]":
    if pd.api.types.is_float_dtype(cells.dtype):
        # A whole number became one of decimals beside a cell without a value.
        return cells.map(lambda value: "" if pd.isna(value) else f"{value:g}")
    return cells.astype(object).where(cells.notna(), "").astype(str).str.strip()
