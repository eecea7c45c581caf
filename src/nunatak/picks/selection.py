"""Leave out candidates that nobody would take for particles."""

from dataclasses import replace

from nunatak.errors import UsageError
from nunatak.picks.table import PickSet

SELECTED = "selected"

SELECTED_BEFORE = "selected_before"
"""A picker's selection, in picks of which a pruning has decided anew what is selected."""


def chosen(
    picks: PickSet, *, selected_only: bool = False, threshold: float | None = None
) -> PickSet:
    """Return the picks that pass; every image stays, also one without a pick left.

    Parameters
    ----------
    picks
        Candidates.
    selected_only
        Keep those marked as selected.
    threshold
        Keep those with at least this score; a pick of unknown score does not pass. Where picks
        are marked as selected or not, those that pass become the selected ones.

    Raises
    ------
    UsageError
        If the table has no selection, or no scores, to go by.
    """
    table = picks.table
    if selected_only:
        if SELECTED not in table.columns:
            raise UsageError(
                "--selected-only: the picks are not marked as selected or not. Give --threshold "
                "SCORE instead."
            )
        table = table[table[SELECTED].astype(bool)]
    if threshold is not None:
        if "score" not in table.columns:
            raise UsageError(
                f"--threshold {threshold:g}: the picks have no scores. Leave the option out."
            )
        table = table[table["score"] >= threshold]
        if SELECTED in table.columns:
            # The marks are those of another threshold, and would take picks away again.
            table = table.assign(**{SELECTED: True})
    return replace(picks, table=table)


def count_newly_selected(picks: PickSet, threshold: float) -> int:
    """Count the candidates marked as not selected that a threshold would select."""
    if not {SELECTED, "score"} <= set(picks.table.columns):
        return 0
    passes = picks.table["score"] >= threshold
    return int((passes & ~picks.table[SELECTED].astype(bool)).sum())


def true_positions(truth: PickSet) -> PickSet:
    """Return what a truth set says is there; every image stays, also one without a position left.

    Candidates that are marked as not selected are no true particles: nobody took them for any.
    Where nothing is marked, all that the set holds is true.
    """
    return chosen(truth, selected_only=True) if count_unselected(truth) else truth


def count_unselected(picks: PickSet) -> int:
    """Count the candidates that are marked as not selected."""
    if SELECTED not in picks.table.columns:
        return 0
    return int((~picks.table[SELECTED].astype(bool)).sum())
