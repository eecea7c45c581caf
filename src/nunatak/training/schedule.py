"""Learning-rate schedules as pure functions of the step: nothing to save, nothing to restore."""

import math
from typing import NamedTuple

from nunatak.training.config import TrainingConfig

BETA_1 = 0.9
"""Adam's default (Kingma & Ba, arXiv 1412.6980)."""

WARM_UP_SHARE = 0.05
"""Share of the steps over which ``warmup-cosine`` rises."""

_RISING_SHARE = 0.1
_START_DIVISOR = 25.0
_END_DIVISOR = 25.0e4
_BETA_1_HIGH = 0.95
_BETA_1_LOW = 0.85


class Rates(NamedTuple):
    """What a schedule sets before a step.

    Attributes
    ----------
    learning_rate : float
    beta_1 : float
        Adam's momentum.
    """

    learning_rate: float
    beta_1: float


def rates(step: int, config: TrainingConfig) -> Rates:
    """Learning rate and momentum of a step.

    ``one-cycle`` rises by a cosine from 1/25 of the peak over a tenth of the steps and falls by
    a cosine to almost nothing; the momentum goes the opposite way (Smith & Topin, arXiv
    1708.07120). ``warmup-cosine`` rises linearly and falls by a cosine to almost nothing
    (Loshchilov & Hutter, arXiv 1608.03983, without restarts). ``constant`` stays at the peak.

    Parameters
    ----------
    step
        From 1.
    config
        The schedule, its peak and the number of steps.

    Examples
    --------
    >>> config = TrainingConfig(steps=100, learning_rate=1e-3, schedule="warmup-cosine")
    >>> [round(1e3 * rates(step, config).learning_rate, 3) for step in (1, 5, 53, 100)]
    [0.2, 1.0, 0.5, 0.0]
    """
    peak = config.learning_rate
    if config.schedule == "constant":
        return Rates(peak, BETA_1)
    if config.schedule == "warmup-cosine":
        return Rates(peak * _warmup_cosine(step, config.steps), BETA_1)
    return _one_cycle(step, config.steps, peak)


def body_share(step: int, config: TrainingConfig) -> float:
    """Learning rate of all but the head, as a share of the head's; 0 while only that learns.

    Parameters
    ----------
    step
        From 1.
    config
        ``head_first`` and ``body_rate``.

    Examples
    --------
    >>> config = TrainingConfig(steps=10, head_first=0.3, body_rate=0.1)
    >>> [body_share(step, config) for step in (1, 3, 4, 10)]
    [0.0, 0.0, 0.1, 0.1]
    """
    return 0.0 if step <= round(config.head_first * config.steps) else config.body_rate


def _warmup_cosine(step: int, steps: int) -> float:
    rising = max(1, round(WARM_UP_SHARE * steps))
    if step <= rising:
        return step / rising
    # One more than the steps that fall, so that the last of them still learns something.
    return _cosine(1.0, 0.0, (step - rising) / (steps - rising + 1))


def _one_cycle(step: int, steps: int, peak: float) -> Rates:
    done = step - 1
    top = max(_RISING_SHARE * steps - 1, 0.0)
    if done < top:
        share = done / top
        rate = _cosine(peak / _START_DIVISOR, peak, share)
        return Rates(rate, _cosine(_BETA_1_HIGH, _BETA_1_LOW, share))
    share = (done - top) / max(steps - 1 - top, 1.0)
    rate = _cosine(peak, peak / _END_DIVISOR, share)
    return Rates(rate, _cosine(_BETA_1_LOW, _BETA_1_HIGH, share))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
