"""The estimated share of right candidates, against a truth that the test knows."""

import numpy as np
import pytest

from nunatak.detection.header import ThresholdRow
from nunatak.server.review.precision import PrecisionEstimate, by_model

NOTHING = np.empty(0, dtype=np.int64)
NOBODY = np.empty(0, dtype=np.bool_)


def test_nothing_is_estimated_from_nothing() -> None:
    estimate = PrecisionEstimate(np.array([0.5, 0.9]), known=NOTHING, is_right=NOBODY)
    assert estimate.source is None
    assert estimate.at(0.0) is None


def test_a_table_is_applied_to_the_candidates_at_hand() -> None:
    rows = [
        ThresholdRow(threshold=at, precision=0.5, recall=0.5, f1=0.5, probability=likely)
        for at, likely in ((0.2, 0.2), (0.8, 0.8))
    ]
    score = np.array([0.9, 0.8, 0.2, 0.1])
    guess = by_model(score, np.zeros(4, np.int64), [rows], "tests")
    estimate = PrecisionEstimate(score, known=NOTHING, is_right=NOBODY, guess=guess)
    all_of_them, best = estimate.at(0.0), estimate.at(0.8)
    assert all_of_them is not None
    assert best is not None
    assert all_of_them.value == pytest.approx((0.8 + 0.8 + 0.2 + 0.2) / 4)
    assert best.value == pytest.approx(0.8)
    assert estimate.at(0.95) is None


def test_each_class_has_a_table_of_its_own() -> None:
    tables = [
        [ThresholdRow(threshold=0.5, precision=likely, recall=1, f1=0.5, probability=likely)]
        for likely in (0.2, 0.9)
    ]
    score, kind = np.array([0.9, 0.8]), np.array([1, 0])
    guess = by_model(score, kind, tables, "tests")
    assert guess is not None
    assert guess.value.tolist() == [0.9, 0.2]
    assert by_model(score, kind, [tables[0], []], "tests") is None


def test_looking_at_the_best_alone_does_not_flatter_the_rest() -> None:
    score = np.linspace(0, 1, 1000)
    known = np.arange(900, 1000)
    is_right = np.ones(100, dtype=np.bool_)
    rows = [ThresholdRow(threshold=0.5, precision=0.3, recall=1, f1=0.5, probability=0.3)]
    guess = by_model(score, np.zeros(1000, np.int64), [rows], "tests")
    estimate = PrecisionEstimate(score, known=known, is_right=is_right, guess=guess)
    best, all_of_them = estimate.at(0.95), estimate.at(0.0)
    assert best is not None
    assert all_of_them is not None
    assert best.value > 0.95
    assert all_of_them.value < 0.45
    assert all_of_them.high - all_of_them.low > 0.2


@pytest.mark.parametrize("threshold", [0.3, 0.6])
def test_intervals_hold_the_truth_as_often_as_they_say(threshold: float) -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        score = rng.random(1500)
        truth = rng.random(1500) < score
        known = rng.choice(1500, 60, replace=False)
        found = PrecisionEstimate(score, known=known, is_right=truth[known]).at(threshold)
        assert found is not None
        held += found.low <= truth[score >= threshold].mean() <= found.high
    assert held >= 0.88 * 200
