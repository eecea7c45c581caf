"""Charts of a training: what lies where."""

import pytest

from nunatak.detection.header import ThresholdRow
from nunatak.reports.training_charts import (
    MOST_POINTS,
    loss_chart,
    threshold_chart,
    validation_chart,
)
from nunatak.training.metrics import StepMetrics


def course(losses: list[float], validations: dict[int, float]) -> list[StepMetrics]:
    known = [None, *losses]
    return [
        StepMetrics(step, loss, None if loss is None else 1e-3, float(step), validations.get(step))
        for step, loss in enumerate(known)
    ]


def test_the_loss_runs_from_its_first_to_its_last_step() -> None:
    chart = loss_chart(course([4.0, 3.0, 2.0, 1.0], {}))
    assert chart is not None
    single = chart.lines[0]
    assert [x for x, _ in single.points] == [25.0, 50.0, 75.0, 100.0]
    heights = [y for _, y in single.points]
    assert heights == sorted(heights, reverse=True)
    assert min(heights) > 0
    assert max(heights) < 100


def test_a_long_course_is_averaged_in_groups() -> None:
    chart = loss_chart(course([1.0, 3.0] * 2 * MOST_POINTS, {}))
    assert chart is not None
    assert all(len(line.points) == MOST_POINTS for line in chart.lines)
    assert [y for _, y in chart.lines[0].points] == pytest.approx([50.0] * MOST_POINTS)
    assert "4 steps" in chart.notes[0]


def test_the_step_at_which_the_teacher_begins_is_marked() -> None:
    metrics = course([1.0] * 40, {})
    chart = loss_chart(metrics, first_lesson=10)
    assert chart is not None
    assert chart.rule is not None
    assert (chart.rule.x, "teacher" in chart.rule.label) == (25.0, True)
    for none in (loss_chart(metrics), loss_chart(metrics, first_lesson=41)):
        assert none is not None
        assert none.rule is None


def test_the_kept_step_is_marked_where_it_is() -> None:
    metrics = course([1.0] * 100, {0: 0.80, 50: 0.90, 100: 0.85})
    chart = validation_chart(metrics, kept_step=50)
    assert chart is not None
    assert chart.rule is not None
    assert (chart.rule.x, chart.rule.label) == (50.0, "kept: step 50")
    assert [mark.x for mark in chart.marks] == [0.0, 50.0, 100.0]
    assert "0.900 at step 50" in chart.alternative
    start = validation_chart(metrics, kept_step=0)
    assert start is not None
    assert start.rule is not None
    assert (start.rule.x, start.rule.label) == (0.0, "the start was kept")


def test_small_steps_of_the_validation_do_not_fill_the_chart() -> None:
    chart = validation_chart(course([1.0] * 2, {0: 0.800, 1: 0.801, 2: 0.802}), kept_step=2)
    assert chart is not None
    heights = [y for _, y in chart.lines[0].points]
    assert max(heights) - min(heights) < 5


@pytest.mark.parametrize(("value", "height"), [(0.0, 0.0), (1.0, 100.0)])
def test_the_axis_of_the_validation_ends_where_it_must(value: float, height: float) -> None:
    chart = validation_chart(course([1.0], {0: value, 1: value}), kept_step=0)
    assert chart is not None
    assert {y for _, y in chart.lines[0].points} == {height}
    labels = [tick.label for tick in chart.y_ticks]
    assert all(0 <= float(label.replace("−", "-")) <= 1 for label in labels)


def test_nothing_to_draw_is_no_chart() -> None:
    assert loss_chart(course([1.0], {})) is None
    assert validation_chart(course([1.0], {0: 0.5}), kept_step=0) is None
    assert threshold_chart((), 0.5) is None


def row(threshold: float, precision: float, recall: float, **bounds: float) -> ThresholdRow:
    values = {"threshold": threshold, "precision": precision, "recall": recall, "f1": 0.5}
    return ThresholdRow.model_validate({**values, **bounds})


def test_precision_and_recall_lie_at_their_thresholds() -> None:
    bounds = {"precision_low": 0.4, "precision_high": 0.9, "recall_low": 0.1, "recall_high": 1.0}
    table = [row(0.1, 0.5, 0.9, **bounds), row(0.9, 0.75, 0.25, **bounds)]
    chart = threshold_chart(table, 0.4)
    assert chart is not None
    by_kind = {line.kind: line for line in chart.lines}
    assert by_kind["precision"].points == ((10.0, 50.0), (90.0, 75.0))
    assert by_kind["recall"].points == ((10.0, 90.0), (90.0, 25.0))
    band = by_kind["precision band"]
    assert band.is_closed
    assert band.points == ((10.0, 40.0), (90.0, 40.0), (90.0, 90.0), (10.0, 90.0))
    assert chart.rule is not None
    assert chart.rule.x == 40.0


def test_the_line_of_the_precision_ends_where_nothing_is_selected() -> None:
    table = [row(0.1, 0.5, 0.9), row(0.5, 0.0, 0.0), row(0.7, 1.0, 0.0), row(0.9, 1.0, 0.0)]
    chart = threshold_chart(table, 0.4)
    assert chart is not None
    by_kind = {line.kind: line for line in chart.lines}
    assert by_kind["precision"].points == ((10.0, 50.0), (50.0, 0.0))
    assert [x for x, _ in by_kind["recall"].points] == [10.0, 50.0, 70.0, 90.0]
    empty = threshold_chart(table[2:], 0.4)
    assert empty is not None
    assert [line.kind for line in empty.lines] == ["recall"]
    assert empty.notes == ()


def test_tables_without_intervals_have_no_areas() -> None:
    chart = threshold_chart([row(0.1, 0.5, 0.9), row(0.9, 0.75, 0.25)], 0.4)
    assert chart is not None
    assert [line.kind for line in chart.lines] == ["precision", "recall"]
    assert chart.notes == ()
