"""The logistic losses of one score, and their means over a minibatch."""

import torch
from torch import Tensor
from torch.nn import functional


def full_precision(logits: Tensor) -> Tensor:
    """Cast half-precision logits to float32; leave float32 and float64 as they are."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def loss_as_positive(logits: Tensor) -> Tensor:
    """Cost of calling a place positive: ``ℓ⁺ = -log σ(f)``, of the logits' shape."""
    return functional.softplus(-full_precision(logits))


def loss_as_negative(logits: Tensor) -> Tensor:
    """Cost of calling a place negative: ``ℓ⁻ = -log(1 - σ(f))``, of the logits' shape."""
    return functional.softplus(full_precision(logits))


def mean_or_zero(values: Tensor) -> Tensor:
    """Mean over all values; 0 with zero gradient where there is none."""
    return values.sum() / max(values.numel(), 1)
