"""What a training tells while it runs, and what it ends with."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import nn

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Progress:
    """How far a training has come, after a step.

    Attributes
    ----------
    step, steps : int
        The step done (0 for the validation of the start) and how many there are.
    loss : float or None
        Mean over the processes; None at step 0.
    learning_rate : float or None
        None at step 0.
    validation : float or None
        Value of the validation after this step, where there was one.
    best_value, best_step : float or None, int
        Of the best validation so far.
    seconds : float
        Time spent on training until now, earlier runs included.
    seconds_left : float or None
        At the pace of this run, without an early stop; None before there is one.
    """

    step: int
    steps: int
    loss: float | None
    learning_rate: float | None
    validation: float | None
    best_value: float | None
    best_step: int
    seconds: float
    seconds_left: float | None


@dataclass(frozen=True)
class Fitted(Generic[Network]):
    """A trained network and how it came about.

    Attributes
    ----------
    network : Module
        The averaged network of the best step; evaluation mode, on the CPU.
    step : int
        That step: the last one without validation, otherwise the best one; 0 means that nothing
        was better than the start.
    validation : float or None
        Value of that step's validation.
    last_step : int
        How many steps were done.
    stopped_early : bool
        Whether patience ran out before the steps did.
    """

    network: Network
    step: int
    validation: float | None
    last_step: int
    stopped_early: bool
