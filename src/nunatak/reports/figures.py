"""Charts as plain geometry, drawn by the page itself.

A chart knows where its bars and labels lie, in percent of its plot area; the template turns
that into SVG shapes and HTML text. The page's own colours (light or dark) and fonts then hold
in the charts as well, and labels stay legible on a phone, where a scaled picture would shrink
them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.reports.axes import Tick, axis_from_zero, grouped_digits, index_ticks, value_ticks

FloatArray = NDArray[np.float64]

MAX_BARS = 160
"""More images than this are grouped, so that a bar stays visible."""

HISTOGRAM_BINS = 60


@dataclass(frozen=True)
class Bar:
    """A rectangle in percent of the plot area, from the bottom left; ``kind`` is its CSS class."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True)
class Line:
    """A line through points ``(x, y)``, or the area inside them; ``kind`` is its CSS class."""

    points: tuple[tuple[float, float], ...]
    kind: str
    is_closed: bool = False


@dataclass(frozen=True)
class Mark:
    """A point of interest: ``kind`` is its CSS class, ``label`` what it says."""

    x: float
    y: float
    kind: str
    label: str


@dataclass(frozen=True)
class Chart:
    """Everything that a chart consists of.

    Attributes
    ----------
    bars, lines, marks, x_ticks, y_ticks
        What is drawn.
    x_title, y_title : str
        What the axes show.
    alternative : str
        The chart in words, for those who cannot see it.
    notes : tuple of str
        What the reader must know to read it right.
    rule : Mark or None
        A labelled vertical line.
    """

    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_title: str
    y_title: str
    alternative: str
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()
    rule: Mark | None = None
    lines: tuple[Line, ...] = ()


def counts_chart(
    selected: NDArray[np.int64], landmarks: dict[str, int], *, noun: str = "micrograph"
) -> Chart:
    """Draw the number of selected picks of each image, in the order of the list.

    Parameters
    ----------
    selected
        Shape ``(n_images,)``, at least one.
    landmarks
        Role (``"best"``, ``"median"``, ``"worst"``) to the image's number, from 0.
    noun
        What an image is called.

    Returns
    -------
    Chart
        One bar an image; where there are too many, one bar a group of neighbours that
        reaches from its least to its greatest count, with a line at its median.
    """
    n_images = len(selected)
    group = math.ceil(n_images / MAX_BARS)
    top, y_ticks = axis_from_zero(int(selected.max()))
    edges = np.arange(0, n_images, group)
    bars: list[Bar] = []
    for first in edges.tolist():
        part = selected[first : first + group]
        x, width = 100 * first / n_images, 100 * len(part) / n_images
        x, width = x + 0.1 * width, 0.8 * width
        if group == 1:
            bars.append(Bar(x, 0.0, width, 100 * int(part[0]) / top, "bar"))
        else:
            low, middle, high = (100 * np.quantile(part, [0.0, 0.5, 1.0]) / top).tolist()
            bars.append(Bar(x, low, width, max(high - low, 0.6), "range"))
            bars.append(Bar(x, max(middle - 0.8, 0.0), width, 1.6, "bar"))
    marks = tuple(
        Mark(
            100 * (number + 0.5) / n_images,
            100 * int(selected[number]) / top,
            role,
            f"{role}: {grouped_digits(int(selected[number]))}",
        )
        for role, number in landmarks.items()
    )
    notes = (
        (
            f"Each bar spans {group} neighbouring {noun}s, from the least to the greatest "
            "count; the dark line is their median.",
        )
        if group > 1
        else ()
    )
    low, middle, high = np.quantile(selected, [0.0, 0.5, 1.0])
    return Chart(
        bars=tuple(bars),
        x_ticks=index_ticks(n_images),
        y_ticks=y_ticks,
        x_title=f"{noun}, in the order of the list",
        y_title="selected picks",
        alternative=f"Bar chart of selected picks on {n_images} {noun}s: "
        f"least {low:g}, median {middle:g}, greatest {high:g}.",
        marks=marks,
        notes=notes,
    )


def score_histogram(
    score: FloatArray, selected: NDArray[np.bool_], threshold: float | None
) -> Chart:
    """Draw how many picks have which score, selected and rejected apart.

    Parameters
    ----------
    score
        Shape ``(n,)``, at least one; NaN is left out.
    selected
        Shape ``(n,)``.
    threshold
        Becomes an edge between two bins, so that no bar mixes selected and rejected picks.

    Returns
    -------
    Chart
    """
    known = np.isfinite(score)
    score, selected = score[known], selected[known]
    edges = _bin_edges(score, threshold)
    chosen, _ = np.histogram(score[selected], edges)
    rejected, _ = np.histogram(score[~selected], edges)
    highest = int((chosen + rejected).max())
    ceiling = _ceiling(chosen, rejected)
    top, y_ticks = axis_from_zero(ceiling)
    x, widths = _percent(edges[:-1], edges), 100 * np.diff(edges) / (edges[-1] - edges[0])
    bars: list[Bar] = []
    for left, width, below, above in zip(x, widths, rejected, chosen, strict=True):
        lower = min(100.0, 100 * int(below) / top)
        upper = min(100.0, 100 * int(below + above) / top)
        gap = 0.06 * width
        bars.append(Bar(left + gap, 0.0, width - 2 * gap, lower, "rejected"))
        bars.append(Bar(left + gap, lower, width - 2 * gap, upper - lower, "bar"))
    rule = None
    if threshold is not None and edges[0] <= threshold <= edges[-1]:
        at = float(_percent(np.array([threshold]), edges)[0])
        rule = Mark(at, 100.0, "threshold", f"threshold {threshold:.4g}")
    notes = (
        (f"Bars that reach the top are cut off; the highest holds {grouped_digits(highest)}.",)
        if highest > top
        else ()
    )
    return Chart(
        bars=tuple(bar for bar in bars if bar.height > 0),
        x_ticks=value_ticks(float(edges[0]), float(edges[-1])),
        y_ticks=y_ticks,
        x_title="score",
        y_title="picks",
        alternative=f"Histogram of {grouped_digits(len(score))} scores from {score.min():.3g} to "
        f"{score.max():.3g}; {grouped_digits(int(selected.sum()))} picks are selected.",
        notes=notes,
        rule=rule,
    )


def _ceiling(chosen: NDArray[np.int64], rejected: NDArray[np.int64]) -> int:
    """Return the count up to which bars are drawn.

    Candidates near the floor can outnumber the selected picks a hundred to one, which would
    press the part that matters flat.
    """
    highest, of_interest = int((chosen + rejected).max()), int(chosen.max())
    return highest if highest <= 4 * of_interest or of_interest == 0 else 2 * of_interest


def _bin_edges(score: FloatArray, threshold: float | None) -> FloatArray:
    low, high = float(score.min()), float(score.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / HISTOGRAM_BINS
    if threshold is None or not low < threshold < high:
        return np.linspace(low, high, HISTOGRAM_BINS + 1)
    below, above = math.ceil((threshold - low) / width), math.ceil((high - threshold) / width)
    edges: FloatArray = threshold + width * np.arange(-below, above + 1, dtype=np.float64)
    # The last bin is closed on the right, as in `numpy.histogram`; rounding must not open it.
    edges[-1] = max(edges[-1], high)
    edges[0] = min(edges[0], low)
    return edges


def _percent(value: FloatArray, edges: FloatArray) -> FloatArray:
    percent: FloatArray = 100 * (value - edges[0]) / (edges[-1] - edges[0])
    return percent
