"""The estimated share of right candidates, against a truth that the test knows."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from nunatak.detection.header import ThresholdRow
from nunatak.server.review.columns import KEPT, REJECTED, UNDECIDED
from nunatak.server.review.estimates import Probabilities
from nunatak.server.review.kept_precision import Fate, KeptPrecision
from nunatak.server.review.precision import PrecisionEstimate, by_model

NOTHING = np.empty(0, dtype=np.int64)
NOBODY = np.empty(0, dtype=np.bool_)
TRIES = 200


def test_nothing_is_estimated_from_nothing() -> None:
    estimate = PrecisionEstimate(
        np.array([0.5, 0.9]), known=NOTHING, is_right=NOBODY, is_sample=NOBODY
    )
    assert estimate.source is None
    assert estimate.at(0.0) is None


def test_a_table_is_applied_to_the_candidates_at_hand() -> None:
    rows = [
        ThresholdRow(threshold=at, precision=0.5, recall=0.5, f1=0.5, probability=likely)
        for at, likely in ((0.2, 0.2), (0.8, 0.8))
    ]
    score = np.array([0.9, 0.8, 0.2, 0.1])
    guess = by_model(score, np.zeros(4, np.int64), [rows], "tests")
    estimate = PrecisionEstimate(
        score, known=NOTHING, is_right=NOBODY, is_sample=NOBODY, guess=guess
    )
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
    estimate = PrecisionEstimate(
        score, known=known, is_right=is_right, is_sample=np.ones_like(is_right), guess=guess
    )
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
    for _ in range(TRIES):
        score = rng.random(1500)
        truth = rng.random(1500) < score
        known = rng.choice(1500, 60, replace=False)
        found = PrecisionEstimate(
            score, known=known, is_right=truth[known], is_sample=np.ones(60, np.bool_)
        ).at(threshold)
        assert found is not None
        held += found.low <= truth[score >= threshold].mean() <= found.high
    assert held >= 0.88 * TRIES


Words = NDArray[np.int64]
Person = Callable[[NDArray[np.bool_], np.random.Generator], Words]


def rejects_only_junk(truth: NDArray[np.bool_], _rng: np.random.Generator) -> Words:
    return np.where(truth, UNDECIDED, REJECTED)


def rejects_some_junk(truth: NDArray[np.bool_], rng: np.random.Generator) -> Words:
    return np.where(truth | (rng.random(len(truth)) < 0.5), UNDECIDED, REJECTED)


def decides_everything(truth: NDArray[np.bool_], _rng: np.random.Generator) -> Words:
    return np.where(truth, KEPT, REJECTED)


def decides_the_best(truth: NDArray[np.bool_], _rng: np.random.Generator) -> Words:
    """The candidates come by falling score."""
    return np.where(np.arange(len(truth)) < 120, np.where(truth, KEPT, REJECTED), UNDECIDED)


def keeps_only(truth: NDArray[np.bool_], _rng: np.random.Generator) -> Words:
    return np.where(truth, KEPT, UNDECIDED)


def keeps_some(truth: NDArray[np.bool_], rng: np.random.Generator) -> Words:
    return np.where(truth & (rng.random(len(truth)) < 0.2), KEPT, UNDECIDED)


def looks_here_and_there(truth: NDArray[np.bool_], rng: np.random.Generator) -> Words:
    return np.where(rng.random(len(truth)) < 0.3, np.where(truth, KEPT, REJECTED), UNDECIDED)


PEOPLE = [
    rejects_only_junk,
    rejects_some_junk,
    decides_everything,
    decides_the_best,
    keeps_only,
    keeps_some,
    looks_here_and_there,
]


def estimates(
    score: NDArray[np.float64],
    likely: NDArray[np.float64],
    truth: NDArray[np.bool_],
    decided: Words,
    unsure: float = 0.0,
) -> tuple[PrecisionEstimate, KeptPrecision]:
    guess = Probabilities(likely, likely - unsure, np.minimum(likely + unsure, 1.0), "tests")
    known = np.flatnonzero(decided)
    before = PrecisionEstimate(
        score,
        known=known,
        is_right=truth[known],
        is_sample=np.zeros(len(known), np.bool_),
        guess=guess,
    )
    fate = Fate(
        score=score,
        rejected=decided == REJECTED,
        decided=decided,
        right=np.where(decided == UNDECIDED, np.nan, (decided == KEPT).astype(float)),
        probability=np.full(len(score), np.nan),
    )
    return before, KeptPrecision(fate, before, guess)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("threshold", [0.3, 0.7])
def test_whoever_decides_the_intervals_hold_the_truth(person: Person, threshold: float) -> None:
    rng = np.random.default_rng(5)
    held = np.zeros(2)
    for _ in range(TRIES):
        score = np.sort(rng.uniform(0.1, 1.0, 400))[::-1]
        likely = score**0.2
        truth = rng.random(400) < likely
        decided = person(truth, rng)
        before, after = estimates(score, likely, truth, decided)
        selected = score >= threshold
        kept = (selected & (decided == UNDECIDED)) | (decided == KEPT)
        for i, (found, right) in enumerate(
            ((before.at(threshold), truth[selected]), (after.at(threshold), truth[kept]))
        ):
            assert found is not None
            assert found.low <= found.value <= found.high
            held[i] += found.low - 1e-9 <= right.mean() <= found.high + 1e-9
    assert held.min() >= 0.93 * TRIES


def test_rejecting_the_junk_that_there_is_leaves_no_junk() -> None:
    score = np.linspace(1.0, 0.3, 298)
    truth = np.ones(298, dtype=np.bool_)
    truth[np.linspace(50, 290, 22).astype(int)] = False
    before, after = estimates(
        score, np.full(298, 0.95), truth, np.where(truth, UNDECIDED, REJECTED), 0.01
    )
    selected, kept = before.at(0.3), after.at(0.3)
    assert selected is not None
    assert kept is not None
    assert selected.value == pytest.approx(276 / 298)
    assert kept.value == kept.high == 1.0
    # Somebody may not have seen the others: then they are as the model says.
    assert 0.9 < kept.low < 0.95


def test_what_everybody_can_see_is_said_exactly() -> None:
    score = np.linspace(1.0, 0.3, 100)
    truth = np.arange(100) % 3 > 0
    before, after = estimates(score, score, truth, np.where(truth, KEPT, REJECTED))
    selected, kept = before.at(0.0), after.at(0.0)
    assert selected is not None
    assert kept is not None
    assert selected.value == selected.low == selected.high == pytest.approx(truth.mean())
    assert kept.value == kept.low == 1.0


def test_a_good_beginning_promises_nothing_of_the_rest() -> None:
    score = np.linspace(1.0, 0.1, 1000)
    likely = np.full(1000, 0.5)
    truth = np.arange(1000) < 300
    decided = np.where(truth, KEPT, UNDECIDED)
    before, _ = estimates(score, likely, truth, decided)
    nobody, _ = estimates(score, likely, truth, np.zeros(1000, np.int64))
    found, without = before.undecided(0.0), nobody.undecided(0.0)
    assert found is not None
    assert without is not None
    assert found.value / 700 == pytest.approx(without.value / 1000)
