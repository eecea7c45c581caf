"""The residual patch classifiers ResNet8 and ResNet16 of Bepler et al., arXiv 1803.08207."""

from functools import partial
from typing import Literal

from torch import nn

from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.networks.patch_layers import ConvUnit, PatchLayer, ResidualUnit, reduction


class ResNet8(PatchClassifier):
    """Three dilated residual units between two convolutions, 329 k parameters with 32 units.

    Parameters
    ----------
    classes
        Number of score maps.
    units
        Channels of the first half; the second has twice, the features four times as many.
    batch_norm
        Batch normalisation after every convolution; otherwise a bias.
    dropout
        Probability with which a value is dropped after each stride and among the features.
    pooling
        ``"max"`` lets a pooling of 3 × 3 places carry each stride.
    output_stride
        1, 2 or 4, see `PatchClassifier`.

    Notes
    -----
    A patch has 71 × 71 pixels, with pooling 77 × 77.
    """

    def __init__(
        self,
        *,
        classes: int = 1,
        units: int = 32,
        batch_norm: bool = True,
        dropout: float = 0.0,
        pooling: Literal["none", "max"] = "none",
        output_stride: int = 1,
    ) -> None:
        conv = partial(ConvUnit, batch_norm=batch_norm)
        residual = partial(ResidualUnit, dilation=2, batch_norm=batch_norm)
        stride = 2 if pooling == "none" else 1
        layers: list[PatchLayer] = [
            conv(1, units, 7, stride=stride, activation=nn.ReLU(inplace=True)),
            *reduction(pooling, dropout),
            residual(units, units),
            residual(units, 2 * units, stride=stride),
            *reduction(pooling, dropout),
            residual(2 * units, 2 * units),
            conv(2 * units, 4 * units, 5, activation=nn.ReLU(inplace=True)),
            *reduction("none", dropout),
        ]
        super().__init__(
            layers, feature_channels=4 * units, classes=classes, output_stride=output_stride
        )


class ResNet16(PatchClassifier):
    """Seven residual units between two convolutions, 459 k parameters with 32 units.

    The parameters are those of `ResNet8`. A patch has 91 × 91 pixels, with pooling 97 × 97.
    """

    def __init__(
        self,
        *,
        classes: int = 1,
        units: int = 32,
        batch_norm: bool = True,
        dropout: float = 0.0,
        pooling: Literal["none", "max"] = "none",
        output_stride: int = 1,
    ) -> None:
        conv = partial(ConvUnit, batch_norm=batch_norm)
        residual = partial(ResidualUnit, batch_norm=batch_norm)
        stride = 2 if pooling == "none" else 1
        layers: list[PatchLayer] = [
            conv(1, units, 7, activation=nn.ReLU(inplace=True)),
            residual(units, units, stride=stride),
            *reduction(pooling, dropout),
            *(residual(units, units) for _ in range(3)),
            residual(units, 2 * units, stride=stride),
            *reduction(pooling, dropout),
            *(residual(2 * units, 2 * units) for _ in range(2)),
            conv(2 * units, 4 * units, 5, activation=nn.ReLU(inplace=True)),
            *reduction("none", dropout),
        ]
        super().__init__(
            layers, feature_channels=4 * units, classes=classes, output_stride=output_stride
        )
