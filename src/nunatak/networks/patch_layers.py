"""Layers of patch classifiers: nothing is padded, and the stride is the caller's to leave out."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Pooling = Literal["none", "max", "avg"]


class PatchLayer(nn.Module):
    """A layer that sees ``extent_px`` pixels of its input and moves by ``stride``.

    Attributes
    ----------
    extent_px : int
        Side of what an output pixel depends on, pixels of the layer's input.
    stride : int
        With which the layer is applied to a patch.
    """

    def __init__(self, extent_px: int, stride: int = 1) -> None:
        super().__init__()
        self.extent_px = extent_px
        self.stride = stride

    def forward(self, x: Tensor, stride: int) -> Tensor:
        """Apply the layer with ``stride``: its own, or 1 for the output at every place."""
        raise NotImplementedError


class ValidConv(nn.Conv2d):
    """Convolution without padding, with a stride chosen at the call."""

    def forward(self, input: Tensor, stride: int = 1) -> Tensor:
        """Return a map that is smaller by the kernel's extent, and by the stride."""
        return functional.conv2d(
            input, self.weight, self.bias, stride=stride, dilation=self.dilation
        )


def normalisation(channels: int, *, batch_norm: bool) -> nn.Module:
    """Batch normalisation, or nothing."""
    return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()


class ConvUnit(PatchLayer):
    """Convolution, batch normalisation (or a bias instead), activation."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        stride: int = 1,
        batch_norm: bool,
        activation: nn.Module,
    ) -> None:
        super().__init__(kernel, stride)
        self.conv = ValidConv(in_channels, out_channels, kernel, bias=not batch_norm)
        self.norm = normalisation(out_channels, batch_norm=batch_norm)
        self.activation = activation

    def forward(self, x: Tensor, stride: int) -> Tensor:
        """Return the unit's map."""
        y: Tensor = self.activation(self.norm(self.conv(x, stride)))
        return y


class ResidualUnit(PatchLayer):
    """Two 3 × 3 convolutions around which the middle of the input is led.

    The second convolution carries the dilation and the stride; its batch normalisation comes
    after the sum, as in the published networks. The shortcut has a 1 × 1 projection where the
    number of channels changes.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        dilation: int = 1,
        stride: int = 1,
        batch_norm: bool,
    ) -> None:
        super().__init__(3 + 2 * dilation, stride)
        bias = not batch_norm
        self.first = ValidConv(in_channels, in_channels, 3, bias=bias)
        self.first_norm = normalisation(in_channels, batch_norm=batch_norm)
        self.second = ValidConv(in_channels, out_channels, 3, dilation=dilation, bias=bias)
        self.second_norm = normalisation(out_channels, batch_norm=batch_norm)
        self.projection = (
            None
            if in_channels == out_channels
            else ValidConv(in_channels, out_channels, 1, bias=False)
        )

    def forward(self, x: Tensor, stride: int) -> Tensor:
        """Return the unit's map."""
        y = self.second(torch.relu(self.first_norm(self.first(x))), stride)
        edge = self.extent_px // 2
        shortcut = x[..., edge:-edge, edge:-edge]
        if self.projection is None:
            shortcut = shortcut[..., ::stride, ::stride]
        else:
            shortcut = self.projection(shortcut, stride)
        return torch.relu(self.second_norm(y + shortcut))


class Pool(PatchLayer):
    """Maximum or mean of 3 × 3 places, every second one of which is kept."""

    def __init__(self, kind: Literal["max", "avg"]) -> None:
        super().__init__(3, stride=2)
        self.kind = kind

    def forward(self, x: Tensor, stride: int) -> Tensor:
        """Return the pooled map."""
        pool = functional.max_pool2d if self.kind == "max" else functional.avg_pool2d
        pooled: Tensor = pool(x, self.extent_px, stride)
        return pooled


class Dropout(PatchLayer):
    """Single values are set to zero in training."""

    def __init__(self, probability: float) -> None:
        super().__init__(1)
        self.probability = probability

    def forward(self, x: Tensor, stride: int) -> Tensor:
        """Return the thinned map; ``stride`` is 1, as the layer's own."""
        return functional.dropout(x, self.probability, self.training)


def reduction(pooling: Pooling, dropout: float) -> list[PatchLayer]:
    """List what may follow a layer: pooling, then dropout."""
    layers: list[PatchLayer] = [] if pooling == "none" else [Pool(pooling)]
    return [*layers, Dropout(dropout)] if dropout > 0 else layers
