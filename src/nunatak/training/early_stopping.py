"""Remember the best validation, and stop when progress has ended."""

import math
from dataclasses import dataclass

from nunatak.errors import NunatakError


@dataclass
class EarlyStopping:
    """The best validation so far.

    Only a strictly higher value is better, so that of equals the earliest stays: a training that
    gains nothing ends with the weights it began with.

    Attributes
    ----------
    patience : int or None
        Validations without progress after which to stop; None never stops.
    best_value : float or None
        Highest value so far; None before the first validation.
    best_step : int
        Where it was reached.
    without_progress : int
        Validations since then.

    Examples
    --------
    >>> stopping = EarlyStopping(patience=2)
    >>> [stopping.improved(step, value) for step, value in enumerate([0.5, 0.7, 0.7, 0.6])]
    [True, True, False, False]
    >>> stopping.stop, stopping.best_step
    (True, 1)
    """

    patience: int | None = None
    best_value: float | None = None
    best_step: int = 0
    without_progress: int = 0

    def improved(self, step: int, value: float) -> bool:
        """Take note of a validation.

        Returns
        -------
        bool
            Whether it is the best so far.

        Raises
        ------
        NunatakError
            If the value is not a finite number.
        """
        if not math.isfinite(value):
            raise NunatakError(
                f"The validation after step {step} gave {value}. Check that the "
                "validation micrographs hold labelled particles."
            )
        if self.best_value is not None and value <= self.best_value:
            self.without_progress += 1
            return False
        self.best_value, self.best_step, self.without_progress = value, step, 0
        return True

    @property
    def stop(self) -> bool:
        """Whether patience has run out."""
        return self.patience is not None and self.without_progress >= self.patience
