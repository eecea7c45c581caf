"""Columns of the picks that have the names of what pruning writes.

Those that an earlier pruning wrote are replaced. Others are a person's, or another program's, and
stay under another name; so do decisions that a person has corrected and that are not given as
labels, and the selection of the picker.
"""

import logging

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.picks.formats.relion_columns import OWN
from nunatak.picks.selection import SELECTED, SELECTED_BEFORE
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import CLASSES, DUPLICATE
from nunatak.pruning.decide import DECISIONS, KEEP, REJECT, REVIEW, UNJUDGED
from nunatak.pruning.label_words import says_nothing
from nunatak.pruning.labels import MatchedLabels

_log = logging.getLogger(__name__)

PROBABILITY, LOOKS_LIKE, DECISION = "probability", "predicted_class", "decision"

BEFORE = "_before"
"""Follows the name of a column that is set aside."""


_AS_LABELS = f". If a person's decisions are meant as labels, give --label-column {OWN[DECISION]}"


def set_aside(picks: PickSet, labels: MatchedLabels | None) -> pd.DataFrame:
    """Rename the columns that a judgement would replace, unless an earlier pruning wrote them.

    What is renamed is warned of, but for a picker's selection, to which it happens to all.

    Parameters
    ----------
    picks
        To be judged.
    labels
        What a person said of some of them; their decisions need not be kept, for labels decide.

    Returns
    -------
    DataFrame
        The pick table: ``decision`` may have become ``decision_before``, and the like.
    """
    table = picks.table
    unlabelled = np.ones(len(table), dtype=np.bool_)
    if labels is not None:
        unlabelled[labels.row] = False
    names = {name: _free_name(table, name) for name in _to_keep(table, unlabelled)}
    if names:
        _log.warning(
            "%s: what is in %s is not as an earlier pruning left it, and stays as %s%s",
            picks.source or "the picks",
            " and ".join(names),
            " and ".join(names.values()),
            _AS_LABELS if DECISION in names else "",
        )
    if SELECTED in table and SELECTED_BEFORE not in table:
        names[SELECTED] = SELECTED_BEFORE
    return table.rename(columns=names)


def _to_keep(table: pd.DataFrame, unlabelled: NDArray[np.bool_]) -> list[str]:
    """Name the columns whose content neither an earlier pruning wrote nor a picker."""
    there = [name for name in (PROBABILITY, LOOKS_LIKE, DECISION) if name in table]
    changed = [SELECTED] if _is_selection_changed(table[unlabelled]) else []
    if len(there) < 3:
        return there + changed
    is_ours = {
        PROBABILITY: not table[PROBABILITY].lt(0).any() and not table[PROBABILITY].gt(1).any(),
        LOOKS_LIKE: bool(table[LOOKS_LIKE].isin((*CLASSES, UNJUDGED)).all()),
    }
    is_ours[DECISION] = says_nothing(table[DECISION][unlabelled]) or (
        is_ours[PROBABILITY] and _is_as_decided(table[unlabelled])
    )
    return [name for name in there if not is_ours[name]] + changed


def _is_selection_changed(table: pd.DataFrame) -> bool:
    """Tell whether somebody has changed which picks an earlier pruning selected: the kept ones."""
    if not {SELECTED, SELECTED_BEFORE, DECISION} <= set(table):
        return False
    decided = table[table[DECISION].isin(DECISIONS)]
    return bool((decided[SELECTED].astype(bool) != (decided[DECISION] == KEEP)).any())


def _is_as_decided(table: pd.DataFrame) -> bool:
    """Tell whether probabilities alone explain the decisions: nobody corrected them."""
    if not table[DECISION].isin(DECISIONS).all():
        return False
    judged = table[table[PROBABILITY].notna() & (table[LOOKS_LIKE] != DUPLICATE)]
    probability, decision = judged[PROBABILITY].to_numpy(np.float64), judged[DECISION]
    rejected, kept = (np.asarray(decision == one, dtype=np.bool_) for one in (REJECT, KEEP))
    doubtful = np.asarray(decision == REVIEW, dtype=np.bool_)
    return _are_apart(probability, rejected, doubtful | kept) and _are_apart(
        probability, rejected | doubtful, kept
    )


def _are_apart(
    probability: NDArray[np.float64], low: NDArray[np.bool_], high: NDArray[np.bool_]
) -> bool:
    """Tell whether a threshold parts some picks from others."""
    return bool(probability[low].max(initial=-np.inf) <= probability[high].min(initial=np.inf))


def _free_name(table: pd.DataFrame, name: str) -> str:
    """Return a name that no column has: what was set aside before stays, too."""
    wanted, number = f"{name}{BEFORE}", 1
    while wanted in table:
        number += 1
        wanted = f"{name}{BEFORE}{number}"
    return wanted
