"""Classifiers of image patches, and the same classifiers run over whole images."""

from collections.abc import Sequence
from math import prod
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.patch_layers import PatchLayer
from nunatak.networks.phases import merge_phases, split_phases


class PatchClassifier(DetectorNetwork):
    """Says of a patch whether a particle is centred in it (Bepler et al., arXiv 1803.08207).

    `classify` takes patches, as in training on single places; calling the network takes images
    and gives the logit of the patch around every ``output_stride``-th pixel, zeros beyond the
    border. Both run the same layers, and agree at every place.

    Parameters
    ----------
    layers
        From the image to the features, which are 1 × 1 pixel for one patch.
    feature_channels
        Channels of the last layer.
    classes
        Number of score maps.
    output_stride
        Pixels of the image a pixel of the map; divides the product of the layers' strides. That
        product is cheapest; 1, as published, costs its square as much.

    Attributes
    ----------
    receptive_field_px : int
        Side of a patch, odd.
    feature_channels : int
        Length of a patch's feature vector.
    """

    output_origin_px = 0.0

    def __init__(
        self,
        layers: Sequence[PatchLayer],
        *,
        feature_channels: int,
        classes: int = 1,
        output_stride: int = 1,
    ) -> None:
        super().__init__()
        self.layers = cast("Sequence[PatchLayer]", nn.ModuleList(layers))
        self.head = nn.Conv2d(feature_channels, classes, 1)
        self.output_stride = output_stride
        self.feature_channels = feature_channels
        self.receptive_field_px = receptive_field_px(layers)
        self._full_stride = prod(layer.stride for layer in layers)
        if self._full_stride % output_stride:
            raise ValueError(f"output_stride {output_stride} does not divide {self._full_stride}")

    @property
    def size_multiple(self) -> int:
        """Image sides must be a multiple of this."""
        return self.output_stride

    @property
    def context_px(self) -> int:
        """How far the image can influence an output, pixels."""
        return self.receptive_field_px // 2

    def features(self, patches: Tensor) -> Tensor:
        """Describe patches by their feature vectors.

        Parameters
        ----------
        patches
            Shape ``(batch, 1, receptive_field_px, receptive_field_px)``, normalised.

        Returns
        -------
        Tensor, shape (batch, feature_channels)

        Raises
        ------
        ValueError
            If the patches have another size.
        """
        side = self.receptive_field_px
        if patches.shape[-2:] != (side, side):
            raise ValueError(f"patches of {side} × {side} pixels wanted, {patches.shape} given")
        for layer in self.layers:
            patches = layer(patches, layer.stride)
        return patches.flatten(1)

    def classify(self, patches: Tensor) -> Tensor:
        """Score patches.

        Parameters
        ----------
        patches
            As for `features`.

        Returns
        -------
        Tensor, shape (batch, classes)
            Logits.
        """
        scores: Tensor = self.head(self.features(patches)[:, :, None, None])
        return scores.flatten(1)

    def forward(self, image: Tensor) -> Tensor:
        """Score every ``output_stride``-th pixel of an image.

        Parameters
        ----------
        image
            Shape ``(batch, 1, ny, nx)``, normalised; sides multiples of `size_multiple`.

        Returns
        -------
        Tensor, shape (batch, classes, ny / output_stride, nx / output_stride)
            Logits. Output pixel ``j`` is that of the patch centred on pixel ``output_stride j``.
        """
        ny, nx = image.shape[-2:]
        border, full = self.receptive_field_px // 2, self._full_stride
        # Beyond the border by a little more, so that all phases are of one size.
        x = functional.pad(image, (border, border + -nx % full, border, border + -ny % full))
        splits = []
        reached = 1
        for layer in self.layers:
            reached *= layer.stride
            if self.output_stride % reached == 0:
                x = layer(x, layer.stride)
                continue
            x = layer(x, 1)
            if layer.stride > 1:
                x = split_phases(x, layer.stride)
                splits.append(layer.stride)
        x = self.head(x)
        for stride in reversed(splits):
            x = merge_phases(x, stride)
        return x[..., : ny // self.output_stride, : nx // self.output_stride]


def receptive_field_px(layers: Sequence[PatchLayer]) -> int:
    """Side of the patch of which layers make one pixel."""
    side = 1
    for layer in reversed(layers):
        side = (side - 1) * layer.stride + layer.extent_px
    return side
