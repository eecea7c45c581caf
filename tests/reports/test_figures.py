import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nunatak.reports.axes import axis_from_zero, index_ticks, value_ticks
from nunatak.reports.figures import MAX_BARS, counts_chart, score_histogram

KINDS = ("bar", "rejected")


def test_one_bar_a_micrograph_in_proportion_to_its_count() -> None:
    chart = counts_chart(np.array([10, 0, 20]), {"best": 2, "worst": 1})
    heights = [bar.height for bar in chart.bars]
    assert heights[0] * 2 == pytest.approx(heights[2])
    assert heights[1] == 0
    assert [(mark.kind, mark.label) for mark in chart.marks] == [
        ("best", "best: 20"),
        ("worst", "worst: 0"),
    ]
    assert chart.marks[0].x == pytest.approx(100 * 2.5 / 3)
    assert chart.alternative.endswith("3 micrographs: least 0, median 10, greatest 20.")


def test_many_micrographs_are_grouped_into_ranges(rng: np.random.Generator) -> None:
    chart = counts_chart(rng.poisson(100, 5000), {"best": 0})
    ranges = [bar for bar in chart.bars if bar.kind == "range"]
    assert MAX_BARS / 2 < len(ranges) <= MAX_BARS
    assert "32 neighbouring micrographs" in chart.notes[0]


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200),
    st.one_of(st.none(), st.floats(-1e6, 1e6)),
)
def test_every_score_is_in_a_bar_and_bars_stay_inside(
    values: list[float], threshold: float | None
) -> None:
    score = np.array(values)
    selected = score >= threshold if threshold is not None else np.ones(len(score), dtype=bool)
    chart = score_histogram(score, selected, threshold)
    assert chart.bars
    for bar in chart.bars:
        assert -1e-6 <= bar.x <= bar.x + bar.width <= 100 + 1e-6
        assert 0 < bar.height <= bar.y + bar.height <= 100 + 1e-6
    if not chart.notes:
        height = {kind: sum(bar.height for bar in chart.bars if bar.kind == kind) for kind in KINDS}
        share = height["bar"] / (height["bar"] + height["rejected"])
        assert share == pytest.approx(selected.mean())


def test_the_threshold_parts_the_bars_and_is_marked() -> None:
    score = np.linspace(0, 1, 1001)
    chart = score_histogram(score, score >= 0.333, 0.333)
    assert chart.rule is not None
    assert chart.rule.label == "threshold 0.333"
    for bar in chart.bars:
        if bar.kind == "bar":
            assert bar.x >= chart.rule.x
        else:
            assert bar.x + bar.width <= chart.rule.x


def test_a_flood_of_low_candidates_is_cut_off_and_said_so() -> None:
    score = np.concatenate([np.zeros(100_000), np.linspace(0.5, 1, 300)])
    chart = score_histogram(score, score >= 0.5, 0.5)
    assert chart.notes == ("Bars that reach the top are cut off; the highest holds 100\u202f000.",)


@pytest.mark.parametrize(
    ("highest", "labels"),
    [(0, ["0", "1"]), (3, ["0", "1", "2", "3"]), (157, ["0", "50", "100", "150"])],
)
def test_counts_have_whole_ticks(highest: int, labels: list[str]) -> None:
    top, ticks = axis_from_zero(highest)
    assert top > highest
    assert [tick.label for tick in ticks] == labels


def test_ticks_are_round_and_in_place() -> None:
    assert [tick.label for tick in value_ticks(-0.31, 0.52)] == ["−0.2", "0.0", "0.2", "0.4"]
    assert value_ticks(0.0, 2.0)[1].at == pytest.approx(25.0)
    assert [tick.label for tick in index_ticks(3)] == ["1", "2", "3"]
    assert [tick.label for tick in index_ticks(100)] == ["1", "20", "40", "60", "80", "100"]
