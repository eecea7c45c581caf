"""Charts of a pruning: what lies where."""

import numpy as np
import pytest

from nunatak.reports.figures import MAX_BARS
from nunatak.reports.pruning_calibration import (
    check_calibration,
    expected_error,
    mix_weights,
    reliability,
)
from nunatak.reports.pruning_charts import (
    changes_chart,
    discovery_chart,
    probability_histogram,
    share_interval,
)


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Worked example: 8 of 10 (95 %).
    low, high = share_interval(8, 10)
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert share_interval(0, 0) == (0.0, 1.0)
    assert share_interval(5, 5)[1] == 1.0


def test_bars_of_the_histogram_stack_the_decisions() -> None:
    probability = np.array([0.01, 0.01, 0.31, 0.31, 0.99, np.nan])
    decision = np.array(["reject", "reject", "review", "keep", "keep", "unjudged"], dtype=object)
    chart = probability_histogram(probability, decision, keep_from=0.4, reject_below=0.2)
    by_kind = {kind: [bar for bar in chart.bars if bar.kind == kind] for kind in ("bar", "doubt")}
    assert [round(bar.x) for bar in by_kind["bar"]] == [30, 98]
    (review,) = by_kind["doubt"]
    assert by_kind["bar"][0].y == pytest.approx(review.height)
    assert sum(bar.height for bar in chart.bars if bar.kind == "junk") == pytest.approx(
        2 * review.height
    )
    assert chart.rule is not None
    assert chart.rule.x == 40.0
    assert "5 probabilities: 2 kept, 1 to review, 2 rejected" in chart.alternative
    assert "Below 0.2" in chart.notes[0]


def test_a_threshold_that_nothing_can_reach_has_no_line() -> None:
    decision = np.array(["review"], dtype=object)
    chart = probability_histogram(np.array([0.5]), decision, keep_from=1.1, reject_below=0.2)
    assert chart.rule is None


def test_crowded_ends_do_not_press_the_middle_flat() -> None:
    probability = np.concatenate([np.full(10_000, 0.001), np.full(10, 0.5)])
    decision = np.where(probability < 0.2, "reject", "keep").astype(object)
    chart = probability_histogram(probability, decision, keep_from=0.4, reject_below=0.2)
    assert max(bar.height for bar in chart.bars if bar.kind == "bar") > 20
    assert max(bar.height for bar in chart.bars) == 100
    assert "highest holds 10\u202f000" in chart.notes[-1]


def test_labels_are_weighted_to_the_mix_of_the_picks() -> None:
    is_particle = np.array([True] * 20 + [False] * 20)
    weight = mix_weights(is_particle, 0.2)
    assert weight.mean() == pytest.approx(1.0)
    assert np.average(is_particle, weights=weight) == pytest.approx(0.2)


def test_right_probabilities_lie_on_the_diagonal(rng: np.random.Generator) -> None:
    # Labels are drawn half and half from picks of which three in ten are particles.
    probability = rng.beta(0.6, 1.4, 200_000)
    is_particle = rng.uniform(size=len(probability)) < probability
    rows = np.concatenate(
        [rng.choice(np.flatnonzero(is_particle == kind), 5000, replace=False) for kind in (0, 1)]
    )
    natural = float(probability.mean())
    weight = mix_weights(is_particle[rows], natural)
    bins = reliability(probability[rows], is_particle[rows], weight)
    assert len(bins) == 10
    assert expected_error(bins) < 0.015
    assert all(one.interval[0] <= one.share <= one.interval[1] for one in bins)
    unweighted = reliability(probability[rows], is_particle[rows], np.ones(len(rows)))
    assert expected_error(unweighted) > 0.1


def test_the_diagram_has_a_mark_an_interval_and_a_count_a_bin() -> None:
    probability = np.array([0.05, 0.05, 0.95, 0.95, 0.95, 1.0])
    is_particle = np.array([False, False, True, True, True, False])
    found = check_calibration(probability, is_particle, natural_share=0.5)
    assert found is not None
    assert [(round(mark.x, 2), round(mark.y)) for mark in found.chart.marks] == [
        (5.0, 0),
        (96.25, 75),
    ]
    assert [line.kind for line in found.chart.lines] == ["single", "interval", "interval"]
    assert found.chart.bars[1].height == 2 * found.chart.bars[0].height
    assert [row[:2] for row in found.rows] == [("0.0 to 0.1", "2"), ("0.9 to 1.0", "4")]


def test_labels_of_one_kind_show_no_calibration() -> None:
    assert check_calibration(np.array([0.9, 0.8]), np.array([True, True]), 0.5) is None
    assert check_calibration(np.array([]), np.array([], dtype=bool), 0.5) is None


def test_the_discovery_curve_rises_to_the_right() -> None:
    kept = np.array([100, 300, 400])
    rate = np.array([0.02, 0.05, 0.1])
    chart = discovery_chart(rate, kept, (rate / 2, rate * 2), chosen=0.05)
    assert chart is not None
    line = next(line for line in chart.lines if line.kind == "line")
    assert [x for x, _ in line.points] == pytest.approx([20.0, 50.0, 100.0])
    assert line.points[0][1] * 4 == pytest.approx(line.points[-1][1])
    band = next(line for line in chart.lines if line.is_closed)
    # The interval is cut off where the axis ends.
    assert max(x for x, _ in band.points) == 100.0
    assert chart.rule is not None
    assert (chart.rule.x, chart.rule.label) == (pytest.approx(50.0), "expected 5.0 %")
    assert [tick.label for tick in chart.x_ticks] == ["0 %", "2.5 %", "5 %", "7.5 %", "10 %"]


def test_a_curve_of_one_threshold_is_none() -> None:
    one = np.array([0.1])
    assert discovery_chart(one, np.array([5]), (one, one), chosen=0.1) is None


def test_a_threshold_that_keeps_nothing_is_not_on_the_curve() -> None:
    flat = np.zeros(2)
    chart = discovery_chart(flat, np.array([5, 9]), (flat, flat), chosen=np.nan)
    assert chart is not None
    assert chart.rule is None
    assert chart.x_ticks[-1].label == "1 %"


def test_bars_show_picks_before_and_after() -> None:
    chart = changes_chart(np.array([10, 0, 20]), np.array([5, 0, 20]))
    assert [(round(bar.x), bar.kind) for bar in chart.bars] == [
        (3, "bar"),
        (3, "rejected"),
        (70, "bar"),
    ]
    assert chart.bars[0].height == pytest.approx(chart.bars[1].height)
    assert chart.bars[2].height == pytest.approx(4 * chart.bars[0].height)


def test_many_micrographs_are_averaged_in_groups() -> None:
    chart = changes_chart(np.full(2 * MAX_BARS, 8), np.tile([2, 6], MAX_BARS))
    assert len(chart.bars) == 2 * MAX_BARS
    assert {round(bar.height, 6) for bar in chart.bars} == {round(100 * 4 / 8.4, 6)}
    assert "mean of 2 neighbouring" in chart.notes[0]
