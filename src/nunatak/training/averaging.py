"""The averaged network: the teacher while training, and its result."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn


class AveragedNetwork(nn.Module):
    """Exponential moving average of a network's weights and buffers.

    After step ``t`` every weight is ``m θ' + (1 - m) θ`` of its earlier average ``θ'`` and the
    network's weight ``θ`` (mean teacher: Tarvainen & Valpola, arXiv 1703.01780, eq. 1). With
    ``warmup`` the momentum ``m`` is ``min(momentum, (1 + t) / (10 + t))``: early averages forget
    their start quickly, and the average of a short training covers about its last tenth.

    Calling it scores without gradients, in evaluation mode.

    Parameters
    ----------
    network
        What to average; copied as it is.
    momentum
        0 (no averaging) to 1 (exclusive).
    warmup
        Whether to begin with a small momentum.
    autocast
        Makes the context in which to convolve, such as ``Fabric.autocast``.

    Attributes
    ----------
    module : Module
        The average, in evaluation mode; its weights need no gradient.
    """

    module: nn.Module

    def __init__(
        self,
        network: nn.Module,
        momentum: float,
        *,
        warmup: bool = True,
        autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        super().__init__()
        self.module = deepcopy(network).eval().requires_grad_(requires_grad=False)
        self.training = False
        self._momentum = momentum
        self._warmup = warmup
        self._autocast = autocast

    def train(self, mode: bool = True) -> "AveragedNetwork":
        """Stay in evaluation mode, whatever is asked."""
        del mode
        return self

    def forward(self, *inputs: Tensor) -> Any:
        """Apply the averaged network, without gradients."""
        with torch.no_grad(), self._autocast():
            return _as_float32(self.module(*inputs))

    def momentum(self, step: int) -> float:
        """Momentum of the update after a step (from 1)."""
        if not self._warmup:
            return self._momentum
        return min(self._momentum, (1 + step) / (10 + step))

    def copied(self) -> Any:
        """Return a copy of the averaged network, to keep or to change."""
        return deepcopy(self.module)

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take up the weights and buffers of the network after a step (from 1)."""
        share = 1 - self.momentum(step)
        new = network.state_dict()
        old = self.module.state_dict()
        floating = [name for name, tensor in old.items() if tensor.is_floating_point()]
        torch._foreach_lerp_(
            [old[name] for name in floating], [new[name] for name in floating], share
        )
        for name in old.keys() - set(floating):
            old[name].copy_(new[name])  # counters, such as batches seen


def _as_float32(output: Any) -> Any:
    if isinstance(output, Tensor):
        return output.float() if output.is_floating_point() else output
    if isinstance(output, tuple):
        return tuple(_as_float32(part) for part in output)
    return output
