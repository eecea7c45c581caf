from typing import Any

import numpy as np
import pytest

from nunatak.detection.header import ModelHeader, ThresholdRow
from nunatak.detection.model import load_model
from nunatak.detection.threshold_table import described, probability_curves
from nunatak.detection.thresholds import choose_threshold, require_reachable
from nunatak.errors import UsageError


def header(table: list[ThresholdRow], **provenance: Any) -> ModelHeader:
    return ModelHeader(
        name="m", normalisation="n", threshold_table=tuple(table), provenance=provenance
    )


def calibrated(*, spread: float = 0.0) -> ModelHeader:
    """A model whose score is the probability of being right."""
    rows = [
        ThresholdRow(
            threshold=t,
            precision=(1 + t) / 2,
            recall=1 - t,
            f1=0.5,
            probability=t,
            **(
                {"probability_low": max(0.0, t - spread), "probability_high": min(1.0, t + spread)}
                if spread
                else {}
            ),
        )
        for t in np.arange(0.05, 1.0, 0.01).round(2).tolist()
    ]
    return header(rows, calibration={"data": "10 held-out labels"})


def test_the_promise_is_kept_on_the_candidates_at_hand(rng: np.random.Generator) -> None:
    for junk in (100, 5000):
        score = np.concatenate([rng.uniform(0.05, 1, 3000), rng.uniform(0.05, 0.5, junk)])
        right = rng.random(len(score)) < score
        choice = choose_threshold(calibrated(), 0.7, score)
        assert right[score >= choice.threshold].mean() == pytest.approx(0.7, abs=0.03)
        # It is the lowest: a little less would no longer do.
        assert score[score >= choice.threshold - 0.002].mean() < 0.702


def test_more_junk_raises_the_threshold(rng: np.random.Generator) -> None:
    particles = rng.uniform(0.3, 1, 300)
    few, many = (
        choose_threshold(
            calibrated(), 0.7, np.concatenate([particles, rng.uniform(0.05, 0.5, junk)])
        )
        for junk in (30, 3000)
    )
    assert many.threshold > few.threshold + 0.05


def test_a_choice_says_what_it_promises_and_why() -> None:
    choice = choose_threshold(calibrated(spread=0.1), 0.6, np.linspace(0.05, 0.95, 181))
    assert choice.precision is not None
    assert choice.precision.value >= 0.6
    assert choice.precision.low == pytest.approx(choice.precision.value - 0.1, abs=0.01)
    assert choice.precision.high is not None
    assert choice.precision.value < choice.precision.high
    assert choice.recall.value == pytest.approx(1 - choice.threshold, abs=0.01)
    assert choice.basis == "10 held-out labels"


def test_all_candidates_are_taken_where_all_are_good_enough() -> None:
    choice = choose_threshold(calibrated(), 0.7, [0.9, 0.95])
    assert choice.threshold == 0.05


@pytest.mark.parametrize("scores", [[], [0.1, 0.2, 0.3]])
def test_nothing_is_selected_where_nothing_is_likely_enough(scores: list[float]) -> None:
    choice = choose_threshold(calibrated(), 0.9, scores)
    assert all(score < choice.threshold for score in scores)
    assert choice.precision is None


def test_what_no_model_promises_is_refused() -> None:
    with pytest.raises(UsageError, match="no table of thresholds"):
        require_reachable(header([]), 0.9)
    low = [ThresholdRow(threshold=0.1, precision=0.6, recall=0.9, f1=0.7, probability=0.62)]
    with pytest.raises(UsageError, match=r"no precision of 0\.9 .* the highest is 0\.620"):
        require_reachable(header(low), 0.9)
    for wrong in (0.0, 1.0, 90.0, float("nan")):
        with pytest.raises(UsageError, match="between 0 and 1"):
            require_reachable(calibrated(), wrong)


def test_a_table_without_probabilities_gives_them_by_its_steps() -> None:
    # Of 100 candidates from 0.2 on 50 are right, of 40 from 0.6 on 36: 14 of 60 in between.
    rows = [
        ThresholdRow(threshold=0.2, precision=0.5, recall=0.5, f1=0.5),
        ThresholdRow(threshold=0.6, precision=0.9, recall=0.36, f1=0.51),
    ]
    (curve,) = probability_curves(rows)
    np.testing.assert_allclose(curve.score, [0.4, 0.8])
    np.testing.assert_allclose(curve.probability, [14 / 60, 0.9], atol=1e-9)


def test_the_shipped_model_promises_a_precision() -> None:
    shipped = load_model("general-2d").header
    scores = np.linspace(0.05, 0.99, 500)
    strict, lax = (choose_threshold(shipped, wanted, scores) for wanted in (0.95, 0.7))
    assert strict.threshold > lax.threshold
    assert "simulated" in strict.basis


def test_a_model_is_described_by_its_most_useful_thresholds() -> None:
    lines = described(calibrated())
    assert list(lines)[-1] == "thresholds judged by"
    assert lines["at threshold 0.8"] == "precision 0.90, recall 0.20"
    assert len(lines) == 6
    assert described(header([])) == {}
