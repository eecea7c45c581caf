"""A small U-Net that maps an image to one score map a class at output stride 2."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from nunatak.networks.interface import DetectorNetwork


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation, ReLU.

    Kernels are odd at stride 1 and even at stride 2, so that every level keeps the outer edges
    of the image in place and the network has no preferred direction.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, *, stride: int = 1
    ) -> None:
        padding = (kernel - 1) // 2
        super().__init__(
            nn.Conv2d(
                in_channels, out_channels, kernel, stride=stride, padding=padding, bias=False
            ),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions with a shortcut (He et al., arXiv 1512.03385)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvBlock(channels, channels, 3)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape."""
        return torch.relu(x + self.second(self.first(x)))


class UNet(DetectorNetwork):
    """Encoder and decoder with skip connections; the finest level has stride 2.

    Parameters
    ----------
    classes
        Number of score maps.
    width
        Channels at stride 2; each deeper level has twice as many, up to ``8 * width``.
    depth
        Number of levels (strides 2, 4, ..., ``2 ** depth``).

    Notes
    -----
    The first convolution has stride 2, so that no work is done at full resolution: with the
    particle's diameter at 20 pixels, 10 output pixels span a particle, and the peak's position
    is refined below the pixel.
    """

    output_stride = 2
    output_origin_px = 0.5

    def __init__(self, *, classes: int = 1, width: int = 24, depth: int = 4) -> None:
        super().__init__()
        self.depth = depth
        channels = [width * min(2**level, 8) for level in range(depth)]
        self.hidden_channels = width
        self.stem = nn.Sequential(ConvBlock(1, width, 6, stride=2), ResidualBlock(width))
        self.down = nn.ModuleList(
            nn.Sequential(ConvBlock(fine, coarse, 4, stride=2), ResidualBlock(coarse))
            for fine, coarse in pairwise(channels)
        )
        self.reduce = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) for fine, coarse in pairwise(channels)
        )
        self.up = nn.ModuleList(ResidualBlock(fine) for fine in channels[:-1])
        self.head = nn.Conv2d(width, classes, 1)
        # Peaks are rare: start from a probability of 1 % (Lin et al., arXiv 1708.02002).
        self.head.bias = nn.Parameter(torch.full((classes,), -4.6))

    @property
    def size_multiple(self) -> int:
        """Image sides must be a multiple of this."""
        return int(2**self.depth)

    @property
    def context_px(self) -> int:
        """How far the image can influence an output, pixels.

        Half the receptive field of two 3 × 3 convolutions a level in the encoder and in the
        decoder, rounded up to a multiple of the deepest stride.
        """
        return 8 * self.size_multiple

    def forward(self, image: Tensor) -> Tensor:
        """Score an image.

        Parameters
        ----------
        image
            Shape ``(batch, 1, ny, nx)``, normalised; sides multiples of `size_multiple`.

        Returns
        -------
        Tensor, shape (batch, classes, ny / 2, nx / 2)
            Logits. Output pixel ``j`` is centred on image position ``2 j + 1/2``.
        """
        return self.looked_at(image)[0]

    def looked_at(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Score an image, and return the decoder's last features as well.

        See `nunatak.networks.interface.DetectorNetwork.looked_at`.
        """
        features = [self.stem(image)]
        for level in self.down:
            features.append(level(features[-1]))
        x = features.pop()
        for reduce, up in zip(reversed(self.reduce), reversed(self.up), strict=True):
            x = nn.functional.interpolate(reduce(x), scale_factor=2.0, mode="nearest")
            x = up(x + features.pop())
        return self.head(x), x
