"""Which kind of particle each pick is of, where picks of several kinds lie together."""

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.picks.formats.frame import by_image
from nunatak.picks.table import Z_COLUMN, PickSet

_log = logging.getLogger(__name__)

_MOST_NAMED = 5


def kinds_of(table: pd.DataFrame) -> NDArray[np.object_]:
    """Return the kind of particle that each pick is of.

    Parameters
    ----------
    table
        Pick table. In tomograms ``class_name`` says the kind; on micrographs picks are of one
        kind, and the column may hold anything.

    Returns
    -------
    ndarray of str, shape (n,)
        Empty where nothing is said.
    """
    if Z_COLUMN not in table or "class_name" not in table:
        return np.full(len(table), "", dtype=object)
    return table["class_name"].fillna("").astype(str).to_numpy(dtype=object)


def known_kinds(others: PickSet, picks: PickSet) -> NDArray[np.object_]:
    """Return the kinds of positions, as far as they are kinds of the picks.

    People and programs call one kind of particle by different names; a name that the picks do not
    have says nothing of them, and is warned of.

    Parameters
    ----------
    others
        Positions.
    picks
        Those that the positions are compared with.

    Returns
    -------
    ndarray of str, shape (n,)
        As of `kinds_of` for ``others``; empty also where no pick is of that kind.
    """
    kinds, known = kinds_of(others.table), {*kinds_of(picks.table).tolist(), ""}
    strange = sorted({*kinds.tolist()} - known)
    if strange and known != {""}:
        _log.warning(
            "%s: no pick is of class %s; what is said there is taken for the nearest pick of any "
            "class",
            others.source or "the labels",
            " or ".join(strange[:_MOST_NAMED]),
        )
    kinds[pd.Series(kinds).isin(strange).to_numpy()] = ""
    return kinds


def by_image_and_kind(table: pd.DataFrame) -> Iterator[NDArray[np.int64]]:
    """Yield the positions of the rows of each kind on each image, ascending."""
    kinds = kinds_of(table)
    for _, rows in by_image(table):
        for kind in pd.unique(kinds[rows]):
            yield rows[kinds[rows] == kind].astype(np.int64)
