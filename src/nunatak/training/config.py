"""How to optimise; recorded in the model file."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Schedule = Literal["one-cycle", "constant", "warmup-cosine"]
TrainingPrecision = Literal["float32", "bfloat16"]


class TrainingConfig(BaseModel):
    """Everything about the optimisation that is neither network, data nor objective.

    Attributes
    ----------
    steps : int
        Optimiser steps.
    batch_size : int
        Items a step on each process; for whoever makes the batches.
    learning_rate : float
        Peak of the schedule.
    weight_decay : float
        Decoupled (Loshchilov & Hutter, arXiv 1711.05101); 0 is plain Adam.
    schedule : str
        See `nunatak.training.schedule`.
    head_first : float
        Share of the steps over which only the head learns; all other weights stay what they
        were, and statistics of batches go on following the data (linear probing before
        fine-tuning: Kumar et al., arXiv 2202.10054, section 4).
    body_rate : float
        Learning rate of all but the head, as a share of the head's.
    gradient_clip : float or None
        Largest norm of the whole gradient; None for no limit.
    averaging : float
        Momentum of the exponential moving average of the weights, which is the result.
    averaging_warmup : bool
        Whether the momentum rises from a small value, so that the average of a short training is
        not held at its start (see `nunatak.training.averaging`).
    target_sigma : float
        Width of the target peaks, particle diameters; for whoever makes the targets.
    precision : str
        Number format of the convolutions; weights and losses are float32.
    validate_every : int
        Steps between two validations.
    patience : int or None
        Validations without progress after which training stops; None never stops early.
    checkpoint_every : int
        Steps between two checkpoints.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(8000, gt=0)
    batch_size: int = Field(32, gt=0)
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(1e-3, ge=0)
    schedule: Schedule = "one-cycle"
    head_first: float = Field(0.0, ge=0, lt=1)
    body_rate: float = Field(1.0, gt=0, le=1)
    gradient_clip: float | None = Field(5.0, gt=0)
    averaging: float = Field(0.998, ge=0, lt=1)
    averaging_warmup: bool = True
    target_sigma: float = Field(0.12, gt=0)
    precision: TrainingPrecision = "bfloat16"
    validate_every: int = Field(200, gt=0)
    patience: int | None = Field(None, gt=0)
    checkpoint_every: int = Field(200, gt=0)
