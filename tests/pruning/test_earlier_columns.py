"""What the picks hold under the names of pruning's own columns is not lost."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.picks.table import PickSet
from nunatak.pruning.earlier_columns import set_aside
from nunatak.pruning.labels import MatchedLabels

PRUNED = {
    "probability": [0.9, 0.4, 0.1, 0.95, np.nan],
    "predicted_class": ["particle", "ice", "empty", "duplicate", "unjudged"],
    "decision": ["keep", "review", "reject", "reject", "unjudged"],
}


def picks(**columns: list[object]) -> PickSet:
    table = pd.DataFrame({"image": "a.mrc", "x_px": np.arange(5.0), "y_px": 1.0, **columns})
    return PickSet(table, source=Path("picks.star"))


def labels(*rows: int) -> MatchedLabels:
    return MatchedLabels(np.array(rows), np.full(len(rows), "particle", dtype=object))


def aside(given: PickSet, said: MatchedLabels | None = None) -> set[str]:
    """Return the columns that stay under another name, after looking that nothing is lost."""
    table = set_aside(given, said)
    assert table.shape == given.table.shape
    named = set(table.columns) - set(given.table.columns)
    for name in named:
        before = given.table[name.partition("_before")[0]]
        pd.testing.assert_series_equal(table[name], before, check_names=False)
    return named


def test_what_an_earlier_pruning_wrote_is_replaced_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert aside(picks()) == set()
    assert aside(picks(**PRUNED)) == set()
    assert aside(picks(**PRUNED, decision_before=["", "", "keep", "", ""])) == set()
    # Labels decide: of their picks nothing is replaced but by themselves.
    corrected = {**PRUNED, "decision": ["", "review", "keep", "", ""]}
    assert aside(picks(**corrected), labels(2)) == set()
    assert not caplog.records


def test_a_pickers_selection_stays_and_that_of_an_earlier_pruning_is_replaced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    by_picker = {"selected": [True, True, False, True, True]}
    assert aside(picks(**by_picker)) == {"selected_before"}
    pruned = {**PRUNED, "selected": [True, False, False, False, False]}
    again = {**pruned, "selected_before": by_picker["selected"]}
    assert aside(picks(**again)) == set()
    assert aside(picks(**{**again, "decision": [""] * 5})) == set()
    assert not caplog.records
    # Somebody has taken one of the doubtful picks in.
    again["selected"] = [True, True, False, False, False]
    assert aside(picks(**again)) == {"selected_before2"}
    assert "what is in selected is not as an earlier pruning left it" in caplog.text
    assert aside(picks(**again), labels(1)) == set()


def test_columns_of_other_hands_stay_under_another_name(caplog: pytest.LogCaptureFixture) -> None:
    assert aside(picks(probability=PRUNED["probability"])) == {"probability_before"}
    with caplog.at_level(logging.WARNING):
        mine = picks(**{**PRUNED, "probability": [93.0] * 5})
        assert aside(mine, labels(0, 1, 2, 3, 4)) == {"probability_before"}
    assert caplog.messages[-1] == (
        "picks.star: what is in probability is not as an earlier pruning left it, and stays as "
        "probability_before"
    )
    taken = {"decision": ["a"] * 5, "decision_before": ["b"] * 5}
    assert aside(picks(**taken)) == {"decision_before2"}


@pytest.mark.parametrize(
    "decision",
    [
        ["keep", "review", "keep", "reject", "unjudged"],
        ["keep", "reject", "reject", "", ""],
        ["keep", "review", "Ice", "reject", "unjudged"],
        ["review", "keep", "reject", "reject", "unjudged"],
    ],
)
def test_corrected_decisions_are_kept_unless_they_are_labels(
    decision: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    given = picks(**{**PRUNED, "decision": decision})
    with caplog.at_level(logging.WARNING):
        assert aside(given) == {"decision_before"}
    assert "meant as labels, give --label-column nunatakDecision" in caplog.text
    assert aside(given, labels(0, 1, 2)) == set()
