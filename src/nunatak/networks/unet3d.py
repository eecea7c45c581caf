"""A small 3D U-Net: a class heatmap each and a sub-voxel offset, at output stride 2."""

from collections.abc import Mapping
from itertools import pairwise, product
from types import MappingProxyType

import torch
from torch import Tensor, nn

from nunatak.networks.drop_block import DropBlock3d
from nunatak.networks.interface import DetectorNetwork

PRESETS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {"small": (24, 32, 48), "medium": (48, 64, 80), "large": (64, 128, 192)}
)
"""Channels at strides 2, 4 and 8: for processors, for either, for GPUs."""

PRIOR_LOGIT = -4.595
"""Logit of 1 %: peaks are rare (Lin et al., arXiv 1708.02002, section 3.3)."""

OFFSET_AXES = 3

HEAD_PLANES = 4
"""So many planes of features are scored at a time; they fit into a processor's cache."""

CLASS_TENSORS = ("heatmap.weight", "heatmap.bias")
"""Parameters of `UNet3d` with a row a class."""


class ConvBlock3d(nn.Sequential):
    """Convolution, batch normalisation, ReLU.

    Kernels are odd at stride 1 and 2 at stride 2, so that every level keeps the outer edges of
    the volume in place and the network has no preferred direction.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, *, stride: int = 1
    ) -> None:
        padding = (kernel - 1) // 2
        super().__init__(
            nn.Conv3d(
                in_channels, out_channels, kernel, stride=stride, padding=padding, bias=False
            ),
            nn.BatchNorm3d(out_channels),
            nn.ReLU(inplace=True),
        )


class ResidualBlock3d(nn.Module):
    """Two 3³ convolutions with a shortcut (He et al., arXiv 1512.03385)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvBlock3d(channels, channels, 3)
        self.second = nn.Sequential(
            nn.Conv3d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm3d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape."""
        # In place: most of the time beside the convolutions goes into fresh memory.
        change: Tensor = self.second(self.first(x))
        return torch.relu_(change.add_(x))


class UNet3d(DetectorNetwork):
    """Encoder and decoder with skip connections and two heads; the finest level has stride 2.

    Parameters
    ----------
    classes
        Number of heatmaps.
    channels
        At strides 2, 4, 8, one number a level; see `PRESETS`.
    drop_rate
        Of the blocks that training drops after every level of the encoder but the finest; see
        `nunatak.networks.drop_block.set_drop_rate`.

    Attributes
    ----------
    classes : int
    channels : tuple of int

    Notes
    -----
    No work is done at full resolution: the 2 × 2 × 2 voxels of an output voxel become the eight
    input channels of the first convolution. A convolution of one channel with stride 2 would
    compute the same and leave most of a processor's matrix units idle.

    Normalisation is by batch, as in `nunatak.networks.unet.UNet`: statistics of the volume at
    hand would make a score depend on where the windows of a tomogram lie.
    """

    output_stride = 2
    output_origin_px = 0.5

    def __init__(
        self,
        *,
        classes: int = 1,
        channels: tuple[int, ...] = PRESETS["small"],
        drop_rate: float = 0.0,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.channels = tuple(channels)
        finest = channels[0]
        self.stem = nn.Sequential(ConvBlock3d(8, finest, 3), ResidualBlock3d(finest))
        self.down = nn.ModuleList(
            nn.Sequential(
                ConvBlock3d(fine, coarse, 2, stride=2),
                ResidualBlock3d(coarse),
                DropBlock3d(drop_rate),
            )
            for fine, coarse in pairwise(channels)
        )
        self.reduce = nn.ModuleList(
            nn.Conv3d(coarse, fine, 1) for fine, coarse in pairwise(channels)
        )
        self.up = nn.ModuleList(ResidualBlock3d(fine) for fine in channels[:-1])
        # A 1³ convolution is a matrix product, and as one it is several times faster in float32.
        self.heatmap = nn.Linear(finest, classes)
        self.heatmap.bias = nn.Parameter(torch.full((classes,), PRIOR_LOGIT))
        self.offset = nn.Linear(finest, OFFSET_AXES)

    @property
    def size_multiple(self) -> int:
        """Volume sides must be a multiple of this."""
        return int(2 ** len(self.channels))

    @property
    def context_px(self) -> int:
        """How far the volume can influence an output, voxels.

        Half the receptive field of two 3³ convolutions a level in the encoder and in the
        decoder and of the stem's, rounded up to a multiple of the deepest stride.
        """
        return 6 * self.size_multiple

    def forward(self, image: Tensor) -> Tensor:
        """Score a volume.

        Parameters
        ----------
        image
            Shape ``(batch, 1, nz, ny, nx)``, normalised; sides multiples of `size_multiple`.

        Returns
        -------
        Tensor, shape (batch, classes + 3, nz / 2, ny / 2, nx / 2)
            Of `split_heads`: a logit a class, then the offset. Output voxel ``j`` is centred on
            volume position ``2 j + 1/2``.
        """
        features = [self.stem(unshuffled(image))]
        for level in self.down:
            features.append(level(features[-1]))
        x = features.pop()
        for reduce, up in zip(reversed(self.reduce), reversed(self.up), strict=True):
            x = nn.functional.interpolate(reduce(x), scale_factor=2.0, mode="nearest")
            x = up(x.add_(features.pop()))
        # In half precision neighbours around a peak would have one score and no highest place. A
        # few planes at a time: the whole map in single precision would be the largest there is.
        with torch.autocast(x.device.type, enabled=False):
            return torch.cat([self._answers(planes) for planes in x.split(HEAD_PLANES, 2)], 2)

    def _answers(self, features: Tensor) -> Tensor:
        """Apply both heads to features of any number format, shape (b, c, z, y, x)."""
        weight = torch.cat([self.heatmap.weight, self.offset.weight])
        bias = torch.cat([self.heatmap.bias, self.offset.bias])
        # Channels first, as whoever looks at one map at a time wants it.
        answers = torch.baddbmm(
            bias[:, None],
            weight.expand(len(features), -1, -1),
            features.to(weight.dtype).flatten(2),
        )
        logits, offset = split_heads(answers.reshape(len(features), -1, *features.shape[2:]))
        return torch.cat([logits, self.output_stride * torch.tanh(offset)], dim=1)


def split_heads(output: Tensor) -> tuple[Tensor, Tensor]:
    """Take the output of `UNet3d` apart.

    Parameters
    ----------
    output : Tensor, shape (..., classes + 3, mz, my, mx)

    Returns
    -------
    logits : Tensor, shape (..., classes, mz, my, mx)
        The probability is ``1 / (1 + exp(-logit))``.
    offset_px : Tensor, shape (..., 3, mz, my, mx)
        From an output voxel's centre to the particle's, along x, y, z, voxels of the volume;
        each within ± the output stride.
    """
    return output[..., :-OFFSET_AXES, :, :, :], output[..., -OFFSET_AXES:, :, :, :]


def unshuffled(volumes: Tensor) -> Tensor:
    """Make the 2 × 2 × 2 voxels of every output voxel its channels.

    Parameters
    ----------
    volumes : Tensor, shape (b, 1, nz, ny, nx)
        Even sides.

    Returns
    -------
    Tensor, shape (b, 8, nz / 2, ny / 2, nx / 2)
        Channel ``4 dz + 2 dy + dx``; channels last in memory, as convolution libraries like it.

    Notes
    -----
    Shi et al., arXiv 1609.05158, section 2, the other way round.
    """
    batch, _, nz, ny, nx = volumes.shape
    apart = volumes.new_empty(batch, nz // 2, ny // 2, nx // 2, 8)
    # One strided copy a channel is several times faster than one permutation of seven axes.
    for channel, (dz, dy, dx) in enumerate(product((0, 1), repeat=3)):
        apart[..., channel] = volumes[:, 0, dz::2, dy::2, dx::2]
    return apart.permute(0, 4, 1, 2, 3)
