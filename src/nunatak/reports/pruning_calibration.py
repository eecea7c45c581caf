"""How far the probabilities of a pruning can be trusted: what the labels say about them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.reports.figures import Bar, Chart, Line, Mark
from nunatak.reports.pruning_charts import SHARE_TICKS, share_interval

FloatArray = NDArray[np.float64]

PROBABILITY_BINS = 10

_COUNTS_HEIGHT = 22.0
"""Of the highest of the bars that count labels, percent of the plot."""


@dataclass(frozen=True)
class Reliability:
    """The labels whose probability falls into a bin.

    Attributes
    ----------
    low, high : float
        Ends of the bin.
    n : int
        Labels in it.
    weight : float
        Their share of all labels' weight.
    worth : float
        As many labels of equal weight say as much about the share.
    mean, share : float
        Mean probability, and share of particles; both weighted.
    """

    low: float
    high: float
    n: int
    weight: float
    worth: float
    mean: float
    share: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share."""
        return share_interval(self.share * self.worth, self.worth)


@dataclass(frozen=True)
class CalibrationCheck:
    """Probabilities and labels compared, ready to be shown.

    Attributes
    ----------
    chart : Chart
        Reliability diagram.
    rows : tuple of tuple of str
        A line for each bin: its ends, labels, mean probability, share of particles, interval.
    """

    chart: Chart
    rows: tuple[tuple[str, ...], ...]


def check_calibration(
    probability: FloatArray, is_particle: NDArray[np.bool_], natural_share: float
) -> CalibrationCheck | None:
    """Compare the probabilities of labelled picks with what their labels say.

    Parameters
    ----------
    probability
        Shape ``(k,)``: judged by what was learned from other labels.
    is_particle
        Shape ``(k,)``.
    natural_share
        Share of particles among all picks, which the probabilities are meant for.

    Returns
    -------
    CalibrationCheck or None
        None unless there are labels of both kinds.
    """
    if len(is_particle) == 0 or is_particle.all() or not is_particle.any():
        return None
    bins = reliability(probability, is_particle, mix_weights(is_particle, natural_share))
    rows = tuple(
        (
            f"{one.low:.1f} to {one.high:.1f}",
            f"{one.n}",
            f"{one.mean:.2f}",
            f"{100 * one.share:.0f} %",
            f"{100 * one.interval[0]:.0f} to {100 * one.interval[1]:.0f} %",
        )
        for one in bins
    )
    return CalibrationCheck(_chart(bins), rows)


def mix_weights(is_particle: NDArray[np.bool_], natural_share: float) -> FloatArray:
    """Weigh labels so that particles have the share among them that they have among the picks.

    People label as many particles as junk, whatever the mix of the picks; a probability that is
    right for the picks would look wrong among such labels.

    Parameters
    ----------
    is_particle
        Shape ``(k,)``; of both kinds.
    natural_share
        Of particles among the picks; kept within 0.01 and 0.99.

    Returns
    -------
    ndarray, shape (k,), float64
        Of mean 1.
    """
    share = float(is_particle.mean())
    wanted = min(max(natural_share, 0.01), 0.99)
    return np.where(is_particle, wanted / share, (1 - wanted) / (1 - share))


def reliability(
    probability: FloatArray, is_particle: NDArray[np.bool_], weight: FloatArray
) -> tuple[Reliability, ...]:
    """Gather labels into bins of their probability.

    Parameters
    ----------
    probability, is_particle, weight
        Of each label, shape ``(k,)``.

    Returns
    -------
    tuple of Reliability
        The bins that hold labels, by rising probability.
    """
    number = np.clip((probability * PROBABILITY_BINS).astype(int), 0, PROBABILITY_BINS - 1)
    bins = []
    for at in np.unique(number).tolist():
        own = number == at
        bins.append(
            Reliability(
                low=at / PROBABILITY_BINS,
                high=(at + 1) / PROBABILITY_BINS,
                n=int(own.sum()),
                weight=float(weight[own].sum() / weight.sum()),
                # L. Kish, Survey Sampling (1965): the effective size of a weighted sample.
                worth=float(weight[own].sum() ** 2 / (weight[own] ** 2).sum()),
                mean=float(np.average(probability[own], weights=weight[own])),
                share=float(np.average(is_particle[own], weights=weight[own])),
            )
        )
    return tuple(bins)


def expected_error(bins: tuple[Reliability, ...]) -> float:
    """Return the expected calibration error: how far probability and share lie apart on average."""
    return sum(one.weight * abs(one.share - one.mean) for one in bins)


def _chart(bins: tuple[Reliability, ...]) -> Chart:
    most = max(one.n for one in bins)
    counts = tuple(
        Bar(
            100 * one.low + 0.5,
            0.0,
            100 * (one.high - one.low) - 1.0,
            _COUNTS_HEIGHT * one.n / most,
            "range",
        )
        for one in bins
    )
    intervals = tuple(
        Line(tuple((100 * one.mean, 100 * end) for end in one.interval), "interval") for one in bins
    )
    return Chart(
        bars=counts,
        x_ticks=SHARE_TICKS,
        y_ticks=SHARE_TICKS,
        x_title="probability, as judged without the label itself",
        y_title="share of particles",
        alternative="Reliability diagram: "
        + "; ".join(f"{one.share:.2f} are particles at {one.mean:.2f}" for one in bins)
        + ".",
        marks=tuple(Mark(100 * one.mean, 100 * one.share, "judged", "") for one in bins),
        notes=(
            f"Expected calibration error {expected_error(bins):.3f}. On the diagonal, "
            f"probabilities are right. Pale bars: labels, up to {most}; upright lines: 95 % "
            "intervals.",
        ),
        lines=(Line(((0.0, 0.0), (100.0, 100.0)), "single"), *intervals),
    )
