"""The training loop: optimiser, learning-rate schedule, averaged weights."""

from collections.abc import Callable, Iterable
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from nunatak.errors import NunatakError
from nunatak.objectives.heatmap import focal_loss
from nunatak.training.batches import Batch


class TrainingConfig(BaseModel):
    """How to optimise; recorded in the model file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(8000, gt=0)
    batch_size: int = Field(32, gt=0)
    learning_rate: float = Field(2e-3, gt=0)
    """Peak of the one-cycle schedule (Smith & Topin, arXiv 1708.07120)."""
    weight_decay: float = Field(1e-3, ge=0)
    averaging: float = Field(0.998, gt=0, lt=1)
    """Momentum of the exponential moving average of the weights, which are the result."""
    target_sigma: float = Field(0.12, gt=0)
    """Width of the target peaks, particle diameters."""
    precision: Literal["float32", "bfloat16"] = "bfloat16"


def fit(
    network: nn.Module,
    batches: Iterable[Batch],
    config: TrainingConfig,
    *,
    device: torch.device | str = "cpu",
    on_step: Callable[[int, float], None] = lambda step, loss: None,
) -> nn.Module:
    """Train a network on fully labelled batches.

    Parameters
    ----------
    network
        Maps ``(b, 1, n, n)`` to logits of the targets' shape; changed in place.
    batches
        At least ``config.steps`` batches.
    config
        Optimisation.
    device
        Where to train; the result is brought back to the CPU.
    on_step
        Called after every step with its number (from 1) and its loss.

    Returns
    -------
    Module
        The averaged network, in evaluation mode.

    Raises
    ------
    NunatakError
        If the loss stops being a number.
    """
    # Channels last is the layout in which convolution libraries are fastest.
    network.train().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = AveragedModel(
        network,
        multi_avg_fn=get_ema_multi_avg_fn(config.averaging),  # type: ignore[no-untyped-call]
        use_buffers=True,
    )
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.steps, pct_start=0.1
    )
    for step, batch in zip(range(1, config.steps + 1), batches, strict=False):
        loss = _loss(network, batch, config, torch.device(device))
        if not torch.isfinite(loss):
            raise NunatakError(
                f"Training diverged: the loss of step {step} is {loss.item()}. "
                "Lower the learning rate."
            )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        averaged.update_parameters(network)
        on_step(step, loss.item())
    result: nn.Module = averaged.module
    return result.eval().cpu()


def _loss(
    network: nn.Module, batch: Batch, config: TrainingConfig, device: torch.device
) -> torch.Tensor:
    image = batch.image.to(device).contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
        logits = network(image)
    return focal_loss(logits, batch.target.to(device), batch.weight.to(device))
