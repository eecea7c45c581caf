import numpy as np
import pytest

from nunatak.workspace.doubt import CORRECTED_AT_ONCE, doubt_of


def test_certain_candidates_teach_nothing() -> None:
    assert doubt_of(np.array([1.0, 1.0, 0.0, 0.0]), 0.5) == pytest.approx(0, abs=1e-3)
    assert doubt_of(np.zeros(0), 0.5) == 0


def test_more_doubtful_candidates_teach_more() -> None:
    doubts = [doubt_of(np.full(count, 0.5), 0.5) for count in (1, 5, 20, 100)]
    assert doubts == [1 / CORRECTED_AT_ONCE, 5 / CORRECTED_AT_ONCE, 1, 1]


def test_the_nearer_to_the_threshold_the_more_doubtful() -> None:
    doubts = [doubt_of(np.full(20, score), 0.4) for score in (0.4, 0.5, 0.7, 0.95)]
    assert doubts == sorted(doubts, reverse=True)
    assert len(set(doubts)) == 4


def test_what_is_settled_teaches_nothing() -> None:
    scores = np.array([0.5, 0.5, 0.5])
    assert doubt_of(scores, 0.5, np.array([True, True, False])) == 1 / CORRECTED_AT_ONCE


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_extreme_thresholds_give_a_number(threshold: float) -> None:
    assert 0 <= doubt_of(np.array([0.0, 0.5, 1.0]), threshold) <= 1
