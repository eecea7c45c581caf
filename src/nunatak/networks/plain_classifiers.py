"""The plain patch classifiers Conv31, Conv63 and Conv127 of Bepler et al., arXiv 1803.08207."""

from typing import ClassVar

from torch import nn

from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.networks.patch_layers import ConvUnit, PatchLayer, Pooling, reduction


class PlainClassifier(PatchClassifier):
    """Convolutions of which all but the last have stride 2, each with a parametric ReLU.

    Parameters
    ----------
    classes
        Number of score maps.
    units
        Channels of the first layer.
    unit_scaling
        Each further layer has so many times the channels of the one before.
    batch_norm
        Batch normalisation after every convolution; otherwise a bias.
    dropout
        Probability with which a value is dropped after every layer.
    pooling
        ``"max"`` or ``"avg"`` lets a pooling of 3 × 3 places carry each stride.
    output_stride
        1, 2 or 4, see `PatchClassifier`.

    Notes
    -----
    The number in a network's name is the side of its patch. With pooling the published networks
    pad every pooling by a pixel, which keeps that side but makes a place's score depend on where
    the edge of its patch lies, so that no dense evaluation can repeat it. Here pooling is not
    padded either, and the patches grow: 37, 77 and 157 pixels.
    """

    kernels: ClassVar[tuple[int, ...]]

    def __init__(
        self,
        *,
        classes: int = 1,
        units: int = 32,
        unit_scaling: int = 2,
        batch_norm: bool = True,
        dropout: float = 0.0,
        pooling: Pooling = "none",
        output_stride: int = 1,
    ) -> None:
        layers: list[PatchLayer] = []
        channels = [1, *(units * unit_scaling**layer for layer in range(len(self.kernels)))]
        last = len(self.kernels) - 1
        for index, kernel in enumerate(self.kernels):
            layers += [
                ConvUnit(
                    channels[index],
                    channels[index + 1],
                    kernel,
                    stride=2 if index < last and pooling == "none" else 1,
                    batch_norm=batch_norm,
                    activation=nn.PReLU(),
                ),
                *reduction(pooling if index < last else "none", dropout),
            ]
        super().__init__(
            layers, feature_channels=channels[-1], classes=classes, output_stride=output_stride
        )


class Conv31(PlainClassifier):
    """Three layers, 53 k parameters with 32 units and without scaling."""

    kernels = (7, 5, 5)


class Conv63(PlainClassifier):
    """Four layers, 79 k parameters with 32 units and without scaling."""

    kernels = (7, 5, 5, 5)


class Conv127(PlainClassifier):
    """Five layers, 104 k parameters with 32 units and without scaling."""

    kernels = (7, 5, 5, 5, 5)
