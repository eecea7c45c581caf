"""Axes of charts: where they end, and which round numbers they carry."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tick:
    """A label on an axis, ``at`` percent of its length."""

    at: float
    label: str


def grouped_digits(number: int) -> str:
    r"""Write a whole number with thin spaces between groups of three digits.

    Examples
    --------
    >>> grouped_digits(1234567)
    '1\u202f234\u202f567'
    """
    return f"{number:,}".replace(",", "\u202f")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, like `nunatak.picks.counted`, its digits in groups."""
    return f"{grouped_digits(number)} {noun}" + ("" if number == 1 else "s")


def axis_from_zero(highest: int) -> tuple[float, tuple[Tick, ...]]:
    """Return the end of an axis of counts, just above the highest, and its ticks."""
    top = max(highest, 1) * 1.05
    step = max(_round_step(top, 4), 1.0)
    values = np.arange(0, top, step)
    return top, tuple(Tick(100 * value / top, grouped_digits(round(value))) for value in values)


def index_ticks(n_images: int) -> tuple[Tick, ...]:
    """Return round ordinal numbers for things that lie side by side."""
    step = max(round(_round_step(n_images, 6)), 1)
    numbers = list(range(step, n_images + 1, step))
    if step > 2:
        numbers.insert(0, 1)
    return tuple(Tick(100 * (number - 0.5) / n_images, str(number)) for number in numbers)


def value_ticks(low: float, high: float) -> tuple[Tick, ...]:
    """Return round values between two different ends."""
    step = _round_step(high - low, 6)
    decimals = max(0, -math.floor(math.log10(step)))
    values = np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step
    return tuple(
        Tick(100 * (value - low) / (high - low), f"{value:.{decimals}f}".replace("-", "−"))
        for value in values
    )


def _round_step(length: float, n_steps: int) -> float:
    """Return the least step of the form 1, 2 or 5 × 10ⁿ that gives at most ``n_steps`` steps."""
    raw = length / n_steps
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= raw * (1 - 1e-9))
