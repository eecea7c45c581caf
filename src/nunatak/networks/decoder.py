"""A decoder that rebuilds a patch from a classifier's features of it."""

from itertools import pairwise

from torch import Tensor, nn

_SMALLEST_SIDE = 4


class Decoder(nn.Module):
    """Transposed convolutions from a small feature map to the patch it was made from.

    Parameters
    ----------
    channels
        Of the features.
    side
        Of the square feature map of one patch, pixels; 1 for the published classifiers.
    patch_side
        Of the patch, that is the classifier's receptive field, pixels.
    width
        Channels of the last hidden layer; each coarser one has twice as many, up to
        ``8 * width``.

    Raises
    ------
    ValueError
        If the features are larger than the patch.

    Notes
    -----
    After the decoder of Bepler et al., arXiv 1803.08207 (and the generator of Radford et al.,
    arXiv 1511.06434): one layer opens the features, then every layer doubles the side. The
    sides are halves of the patch's, rounded up, and the odd row and column is cut off, so that
    the whole patch is rebuilt, where the published decoder rebuilds the middle 63 of 71 pixels.
    Training only: a detector's file has no decoder.
    """

    def __init__(self, *, channels: int, side: int, patch_side: int, width: int = 16) -> None:
        super().__init__()
        if side > patch_side:
            raise ValueError(f"features of side {side} for a patch of side {patch_side}")
        self.sides = _sides(side, patch_side)
        levels = len(self.sides)
        hidden = [width * min(2 ** (levels - 2 - level), 8) for level in range(levels - 1)]
        sizes = [*hidden, 1]
        opening = self.sides[0] - side + 1
        self.layers = nn.ModuleList([nn.ConvTranspose2d(channels, sizes[0], opening)])
        for coarse, fine in pairwise(sizes):
            self.layers.append(
                nn.Sequential(
                    nn.BatchNorm2d(coarse),
                    nn.LeakyReLU(0.2, inplace=True),
                    nn.ConvTranspose2d(coarse, fine, 4, stride=2, padding=1),
                )
            )

    def forward(self, features: Tensor) -> Tensor:
        """Rebuild patches.

        Parameters
        ----------
        features
            Shape ``(b, channels, side, side)``.

        Returns
        -------
        Tensor, shape (b, 1, patch_side, patch_side)
        """
        x = features
        for layer, side in zip(self.layers, self.sides, strict=True):
            x = layer(x)[..., :side, :side]
        return x


def _sides(side: int, patch_side: int) -> list[int]:
    """Halve the patch's side, rounding up, while features of that side still fit in."""
    sides = [patch_side]
    while (half := (sides[0] + 1) // 2) >= max(side, _SMALLEST_SIDE):
        sides.insert(0, half)
    return sides
