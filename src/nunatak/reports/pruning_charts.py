"""What a pruning decided, as charts."""

import math

import numpy as np
from numpy.typing import NDArray

from nunatak.reports.axes import Tick, axis_from_zero, grouped_digits, index_ticks
from nunatak.reports.figures import MAX_BARS, Bar, Chart, Line, Mark

FloatArray = NDArray[np.float64]

HISTOGRAM_BINS = 50

_Z_95 = 1.959964
"""Standard deviations of a normal distribution within which 95 % lie."""

SHARE_TICKS = tuple(Tick(100 * value, f"{value:g}") for value in (0, 0.2, 0.4, 0.6, 0.8, 1.0))


def share_interval(successes: float, trials: float) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson's formula.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927). It stays within 0 and 1, and holds
    for few trials as well.

    Examples
    --------
    >>> low, high = share_interval(0, 10)
    >>> f"{low:.3f} {high:.3f}"
    '0.000 0.278'
    """
    if trials <= 0:
        return 0.0, 1.0
    share, square = successes / trials, _Z_95**2 / trials
    middle = share + square / 2
    half = math.sqrt(square * (share * (1 - share) + square / 4))
    return max((middle - half) / (1 + square), 0.0), min((middle + half) / (1 + square), 1.0)


def probability_histogram(
    probability: FloatArray,
    decision: NDArray[np.object_],
    *,
    keep_from: float,
    reject_below: float,
) -> Chart:
    """Draw how many picks have which probability, by decision.

    Parameters
    ----------
    probability
        Shape ``(n,)``; NaN is left out.
    decision
        Shape ``(n,)``: ``"keep"``, ``"review"``, ``"reject"``.
    keep_from, reject_below
        The two thresholds.
    """
    edges = np.linspace(0.0, 1.0, HISTOGRAM_BINS + 1)
    known = np.isfinite(probability)
    kinds = {"reject": "junk", "review": "doubt", "keep": "bar"}
    counts = {
        kind: np.histogram(probability[known & (decision == name)], edges)[0]
        for name, kind in kinds.items()
    }
    total = np.sum(list(counts.values()), axis=0)
    top, y_ticks = axis_from_zero(_ceiling(total))
    width = 100 / HISTOGRAM_BINS
    bars: list[Bar] = []
    for at in range(HISTOGRAM_BINS):
        base = 0.0
        for kind, count in counts.items():
            upper = min(base + 100 * int(count[at]) / top, 100.0)
            if upper > base:
                bars.append(Bar((at + 0.06) * width, base, 0.88 * width, upper - base, kind))
            base = upper
    notes = []
    if reject_below < keep_from:
        notes.append(f"Below {reject_below:.3g} a pick is rejected.")
    if total.max() > top:
        notes.append(
            f"Bars that reach the top are cut off; the highest holds "
            f"{grouped_digits(int(total.max()))}."
        )
    rule = None
    if 0 <= keep_from <= 1:
        rule = Mark(100 * keep_from, 100.0, "threshold", f"kept from {keep_from:.3g} up")
    return Chart(
        bars=tuple(bars),
        x_ticks=SHARE_TICKS,
        y_ticks=y_ticks,
        x_title="probability of being a particle",
        y_title="picks",
        alternative=f"Histogram of {grouped_digits(int(known.sum()))} probabilities: "
        + ", ".join(
            f"{grouped_digits(int((decision[known] == name).sum()))} {word}"
            for name, word in (("keep", "kept"), ("review", "to review"), ("reject", "rejected"))
        )
        + ".",
        notes=tuple(notes),
        rule=rule,
    )


def discovery_chart(
    false_rate: FloatArray,
    kept: NDArray[np.int64],
    interval: tuple[FloatArray, FloatArray] | None,
    *,
    chosen: float,
) -> Chart | None:
    """Draw how many picks are kept by the share of false ones among them.

    Parameters
    ----------
    false_rate
        Shape ``(m,)``: expected false-discovery rate of each threshold.
    kept
        Shape ``(m,)``: picks kept, rising.
    interval
        Ends of the 95 % interval of each rate, shape ``(m,)`` each; None draws none.
    chosen
        The rate at the threshold in use; NaN where it keeps nothing.

    Returns
    -------
    Chart or None
        None for fewer than two thresholds.
    """
    if len(kept) < 2:
        return None
    rate = np.clip(false_rate, 0.0, 1.0)
    end = _round_up(max(float(rate.max()), 0.01))
    top, y_ticks = axis_from_zero(int(kept.max()))
    bands: tuple[Line, ...] = ()
    if interval is not None:
        low, high = (np.clip(bound, 0.0, end) for bound in interval)
        outline = [*zip(low, kept, strict=True)]
        outline += reversed([*zip(high, kept, strict=True)])
        band = tuple((100 * float(x) / end, 100 * float(y) / top) for x, y in outline)
        bands = (Line(band, "band", is_closed=True),)
    points = zip((100 * rate / end).tolist(), (100 * kept / top).tolist(), strict=True)
    rule = None
    if 0 <= chosen <= end:
        rule = Mark(100 * chosen / end, 100.0, "chosen", f"expected {100 * chosen:.1f} %")
    ticks = tuple(Tick(100 * at, f"{100 * at * end:g} %") for at in (0.0, 0.25, 0.5, 0.75, 1.0))
    return Chart(
        bars=(),
        x_ticks=ticks,
        y_ticks=y_ticks,
        x_title="expected share of false picks among the kept",
        y_title="picks kept",
        alternative=f"Line chart: from {grouped_digits(int(kept[0]))} picks kept at "
        f"{100 * rate[0]:.1f} % false ones to {grouped_digits(int(kept[-1]))} at "
        f"{100 * rate[-1]:.1f} %.",
        notes=("The area is the 95 % interval.",) if bands else (),
        lines=(*bands, Line(tuple(points), "line")),
        rule=rule,
    )


def changes_chart(
    before: NDArray[np.int64], kept: NDArray[np.int64], noun: str = "micrograph"
) -> Chart:
    """Draw the picks of each image before and after, in the order of the list.

    Parameters
    ----------
    before, kept
        Shape ``(n_images,)``, at least one.
    noun
        What an image is called.

    Returns
    -------
    Chart
        One bar an image; where there are too many, one bar the mean of some neighbours.
    """
    n_images = len(before)
    group = math.ceil(n_images / MAX_BARS)
    starts = np.arange(0, n_images, group)
    sizes = np.diff(np.append(starts, n_images))
    means = [np.add.reduceat(counts, starts) / sizes for counts in (before, kept)]
    top, y_ticks = axis_from_zero(math.ceil(float(means[0].max())))
    bars: list[Bar] = []
    for start, size, all_picks, kept_picks in zip(starts, sizes, *means, strict=True):
        x, width = 100 * float(start) / n_images, 100 * float(size) / n_images
        left, wide = x + 0.1 * width, 0.8 * width
        middle, upper = 100 * float(kept_picks) / top, 100 * float(all_picks) / top
        bars.append(Bar(left, 0.0, wide, middle, "bar"))
        bars.append(Bar(left, middle, wide, upper - middle, "rejected"))
    notes = (f"Each bar is the mean of {group} neighbouring {noun}s.",) if group > 1 else ()
    return Chart(
        bars=tuple(bar for bar in bars if bar.height > 0),
        x_ticks=index_ticks(n_images),
        y_ticks=y_ticks,
        x_title=f"{noun}, in the order of the list",
        y_title="picks",
        alternative=f"Bar chart of picks on {n_images} {noun}s: "
        f"{grouped_digits(int(before.sum()))} before, {grouped_digits(int(kept.sum()))} kept.",
        notes=notes,
    )


def _ceiling(total: NDArray[np.int64]) -> int:
    """Return the count up to which bars are drawn: the two ends often dwarf what lies between."""
    inner = int(total[1:-1].max())
    highest = int(total.max())
    return highest if highest <= 4 * inner or inner == 0 else 4 * inner


def _round_up(rate: float) -> float:
    """Return the least of some round shares that is not below a rate."""
    return next(end for end in (0.01, 0.02, 0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if end >= rate)
