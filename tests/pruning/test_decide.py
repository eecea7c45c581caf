"""Probabilities become decisions."""

import numpy as np
import pandas as pd

from nunatak.pruning.decide import Limits, decided, duplicates, limits_for
from nunatak.pruning.false_discovery import DiscoveryCurve
from nunatak.pruning.labels import MatchedLabels

NONE = np.zeros(5, dtype=bool)
SEEN = np.array(["particle", "particle", "ice", "gold", "particle"], dtype=object)
PROBABILITY = np.array([0.9, 0.6, 0.1, 0.5, np.nan])


def test_limits_part_kept_doubtful_and_rejected_picks() -> None:
    decision, kind = decided(PROBABILITY, SEEN, Limits(0.6), is_duplicate=NONE)
    assert decision.tolist() == ["keep", "keep", "reject", "review", "unjudged"]
    assert kind.tolist() == ["particle", "particle", "ice", "gold", "unjudged"]


def test_where_keeping_begins_low_nothing_is_left_to_review() -> None:
    decision, _ = decided(PROBABILITY, SEEN, Limits(0.1), is_duplicate=NONE)
    assert Limits(0.1).reject_below == 0.1
    assert decision.tolist() == ["keep"] * 4 + ["unjudged"]
    decision, _ = decided(PROBABILITY, SEEN, Limits(np.inf), is_duplicate=NONE)
    assert decision.tolist() == ["review", "review", "reject", "review", "unjudged"]


def test_a_label_decides_and_junk_keeps_the_kind_that_it_looks_like() -> None:
    labels = MatchedLabels(
        np.array([0, 2, 3, 4]), np.array(["junk", "junk", "particle", "ice"], dtype=object)
    )
    decision, kind = decided(PROBABILITY, SEEN, Limits(0.6), is_duplicate=NONE, labels=labels)
    assert decision.tolist() == ["reject", "keep", "reject", "keep", "reject"]
    assert kind.tolist() == ["junk", "particle", "ice", "particle", "ice"]


def test_a_duplicate_is_rejected_whatever_it_looks_like() -> None:
    decision, kind = decided(
        PROBABILITY, SEEN, Limits(0.6), is_duplicate=np.array([False, True, False, False, False])
    )
    assert (decision[1], kind[1]) == ("reject", "duplicate")


def test_the_most_probable_of_a_crowd_stands() -> None:
    # In a row, each 6 px from the next: the best one takes its neighbours' place, and the one at
    # the end is near to a duplicate only.
    table = pd.DataFrame({"image": "a", "x_px": [0.0, 6.0, 12.0, 18.0, 12.0], "y_px": 0.0})
    table.loc[4, "image"] = "b"
    probability = np.array([0.7, 0.8, 0.6, 0.5, 0.3])
    assert duplicates(table, probability, np.full(5, 7.0)).tolist() == [
        True,
        False,
        True,
        *[False] * 2,
    ]
    assert not duplicates(table, probability, np.full(5, 6.0)).any()
    assert not duplicates(table, probability, np.full(5, np.nan)).any()
    probability[1] = np.nan
    assert duplicates(table, probability, np.full(5, 7.0)).tolist() == [False] * 3 + [True, False]


def test_a_labelled_particle_stands_and_labelled_junk_takes_nobodys_place() -> None:
    table = pd.DataFrame({"image": "a", "x_px": [0.0, 1.0, 2.0], "y_px": 0.0})
    probability = np.array([0.9, 0.8, 0.3])
    particle = MatchedLabels(np.array([2]), np.array(["particle"], dtype=object))
    assert duplicates(table, probability, np.full(3, 7.0), particle).tolist() == [True, True, False]
    junk = MatchedLabels(np.array([0]), np.array(["ice"], dtype=object))
    assert duplicates(table, probability, np.full(3, 7.0), junk).tolist() == [False, False, True]


def test_limits_follow_the_false_discovery_rate() -> None:
    row = np.array([0.9, 0.6, 0.1])
    curve = DiscoveryCurve(row, np.arange(1, 4), 1 - row, row, row, row)
    assert limits_for(curve, 0.45) == Limits(0.6)
    assert limits_for(curve, None) == Limits(0.5)
    nothing = limits_for(curve, 0.05)
    assert (nothing.keep_from > 1.0, nothing.reject_below) == (True, 0.2)
