"""One figure that the benchmarks must reach."""

import math
from dataclasses import dataclass
from typing import Literal

Sense = Literal["at least", "at most", "more than"]


@dataclass(frozen=True)
class Target:
    """One figure that must be reached.

    Attributes
    ----------
    result : str
        Name of the result file that holds the measured value, ``results/<result>.json``.
    key : str
        Name of the figure within that file's ``targets``.
    what : str
        For people.
    sense : str
        How the measured value must relate to the bound.
    bound : float
    unit : str
        Empty for a pure number.
    decimals : int
        With which values are shown; judging uses all digits.
    """

    result: str
    key: str
    what: str
    sense: Sense
    bound: float
    unit: str = ""
    decimals: int = 3

    def is_met(self, value: float) -> bool:
        """Whether a measured value reaches the target; NaN never does."""
        match self.sense:
            case "at least":
                return value >= self.bound
            case "at most":
                return value <= self.bound
            case "more than":
                return value > self.bound

    def shown(self, value: float) -> str:
        """Return a value as text, with its unit."""
        if not math.isfinite(value):
            return "not reached"
        return f"{value:.{self.decimals}f} {self.unit}".rstrip()
