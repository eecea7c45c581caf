"""The course of a training and its threshold table as charts."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.header import ThresholdRow
from nunatak.reports.axes import Tick, value_ticks
from nunatak.reports.figures import Chart, Line, Mark
from nunatak.training.metrics import StepMetrics

FloatArray = NDArray[np.float64]

MOST_POINTS = 300
"""More steps than this are averaged in groups; no screen shows more."""

SMOOTHED_OVER = 20
"""Points that the smooth line of the loss averages, at most a fifth of all."""

LEAST_SPAN = 0.1
"""Of the axis of the validation: smaller steps are chance, and should not look like more."""

_MARGIN = 0.08


def loss_chart(metrics: Sequence[StepMetrics], *, first_lesson: int | None = None) -> Chart | None:
    """Draw the loss by step; None without two steps.

    Long trainings are averaged in groups of neighbouring steps. A batch differs from the next,
    so that a running mean is drawn over the single values.

    Parameters
    ----------
    metrics
        The course.
    first_lesson
        Step at which a teacher's labels begin to count, marked: their loss comes on top of that of
        the user's labels, so that the sum rises there.
    """
    known = [(one.step, one.loss) for one in metrics if one.loss is not None]
    if len(known) < 2:
        return None
    step, loss = np.array(known, dtype=np.float64).T
    group = math.ceil(len(step) / MOST_POINTS)
    step, loss = _grouped(step, group), _grouped(loss, group)
    low, high = _span(loss)
    smooth = _running_mean(loss, min(SMOOTHED_OVER, max(len(loss) // 5, 1)))
    batches = "a batch" if group == 1 else f"the batches of {group} steps"
    return Chart(
        bars=(),
        x_ticks=_step_ticks(step[-1]),
        y_ticks=value_ticks(low, high),
        x_title="step",
        y_title="loss",
        alternative=f"Line chart of the loss over {len(known)} steps: {loss[0]:.3g} at first, "
        f"{smooth[-1]:.3g} in the end.",
        notes=(f"Pale: mean over {batches}. Dark: its running mean.",),
        lines=(
            _line(step / step[-1], loss, low, high, "single"),
            _line(step / step[-1], smooth, low, high, "line"),
        ),
        rule=_beginning(first_lesson, float(step[-1])),
    )


def validation_chart(metrics: Sequence[StepMetrics], kept_step: int) -> Chart | None:
    """Draw the validation by step, with the step whose weights were kept; None without two.

    Parameters
    ----------
    metrics
        The course.
    kept_step
        0 for the start.
    """
    known = [(one.step, one.validation) for one in metrics if one.validation is not None]
    if len(known) < 2:
        return None
    step, value = np.array(known, dtype=np.float64).T
    low, high = _within_0_and_1(*_span(value, least=LEAST_SPAN))
    place = step / step[-1]
    heights = _percent(value, low, high)
    marks = tuple(
        Mark(float(100 * x), float(y), "judged", "") for x, y in zip(place, heights, strict=True)
    )
    kept = "the start was kept" if kept_step == 0 else f"kept: step {kept_step}"
    return Chart(
        bars=(),
        x_ticks=_step_ticks(step[-1]),
        y_ticks=value_ticks(low, high),
        x_title="step",
        y_title="average precision on the held-out labels",
        alternative="Line chart of the validation's average precision: "
        + "; ".join(f"{one:.3f} at step {at:.0f}" for at, one in zip(step, value, strict=True)),
        marks=marks,
        lines=(_line(place, value, low, high, "line"),),
        rule=Mark(float(100 * kept_step / step[-1]), 100.0, "kept", kept),
    )


def threshold_chart(table: Sequence[ThresholdRow], default: float) -> Chart | None:
    """Draw precision and recall by threshold, with intervals; None for fewer than two rows.

    The line of the precision ends where nothing is selected any more.
    """
    if len(table) < 2:
        return None
    threshold = np.array([row.threshold for row in table])
    lines: list[Line] = []
    for name in ("precision", "recall"):
        bounds = [[getattr(row, f"{name}_{side}") for row in table] for side in ("low", "high")]
        if all(value is not None for bound in bounds for value in bound):
            outline = [*zip(threshold, bounds[0], strict=True)]
            outline += reversed([*zip(threshold, bounds[1], strict=True)])
            points = tuple((100 * float(x), 100 * float(y)) for x, y in outline)
            lines.append(Line(points, f"{name} band", is_closed=True))
    selecting = np.array([not row.selects_nothing for row in table])
    for name, is_known in (("precision", selecting), ("recall", np.ones_like(selecting))):
        values = np.array([getattr(row, name) for row in table])
        if is_known.any():
            lines.append(_line(threshold[is_known], values[is_known], 0.0, 1.0, name))
    ticks = tuple(Tick(100 * value, f"{value:g}") for value in (0, 0.2, 0.4, 0.6, 0.8, 1.0))
    return Chart(
        bars=(),
        x_ticks=ticks,
        y_ticks=ticks,
        x_title="threshold",
        y_title="precision and recall",
        alternative="Line chart of precision and recall by threshold; the table below has them.",
        notes=("Areas are 95 % intervals.",) if any(line.is_closed for line in lines) else (),
        lines=tuple(lines),
        rule=Mark(100 * default, 100.0, "threshold", f"default threshold {default:.4g}"),
    )


def _beginning(first_lesson: int | None, last: float) -> Mark | None:
    if first_lesson is None or first_lesson > last:
        return None
    return Mark(100 * first_lesson / last, 100.0, "lesson", "the teacher’s labels count, too")


def _grouped(values: FloatArray, group: int) -> FloatArray:
    starts = np.arange(0, len(values), group)
    sums: FloatArray = np.add.reduceat(values, starts)
    return sums / np.diff(np.append(starts, len(values)))


def _running_mean(values: FloatArray, width: int) -> FloatArray:
    """Mean of the last so many values: what was known at each step."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - width, 0)
    mean: FloatArray = (total[last] - total[first]) / (last - first)
    return mean


def _span(values: FloatArray, *, least: float = 1e-6) -> tuple[float, float]:
    """Return the ends of an axis that holds the values with a margin, not shorter than a length."""
    low, high = float(values.min()), float(values.max())
    missing = max(least - (high - low), 0.0) / 2
    margin = missing + _MARGIN * (high - low)
    return low - margin, high + margin


def _within_0_and_1(low: float, high: float) -> tuple[float, float]:
    """Move the ends of an axis of shares to where there can be values."""
    shift = max(-low, 0.0) - max(high - 1.0, 0.0)
    return max(low + shift, 0.0), min(high + shift, 1.0)


def _percent(values: FloatArray, low: float, high: float) -> FloatArray:
    percent: FloatArray = 100 * (values - low) / (high - low)
    return percent


def _line(place: FloatArray, values: FloatArray, low: float, high: float, kind: str) -> Line:
    points = zip((100 * place).tolist(), _percent(values, low, high).tolist(), strict=True)
    return Line(tuple(points), kind)


def _step_ticks(last: float) -> tuple[Tick, ...]:
    return value_ticks(0.0, float(last))
