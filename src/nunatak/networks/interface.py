"""What every detector network offers, whatever its inside."""

from torch import Tensor, nn


class DetectorNetwork(nn.Module):
    """Image in, one map of logits a class out.

    Attributes
    ----------
    output_stride : int
        Pixels of the image a pixel of the map.
    output_origin_px : float
        Image position of the map's first pixel: map pixel ``j`` is centred on
        ``output_origin_px + output_stride * j``.
    hidden_channels : int
        Of what `looked_at` returns besides the logits; 0 where that is nothing.
    """

    output_stride: int
    output_origin_px: float
    hidden_channels: int = 0

    @property
    def size_multiple(self) -> int:
        """Image sides must be a multiple of this."""
        raise NotImplementedError

    @property
    def context_px(self) -> int:
        """How far the image can influence an output, pixels: the margin that a tile needs."""
        raise NotImplementedError

    def forward(self, image: Tensor) -> Tensor:
        """Score an image.

        Parameters
        ----------
        image
            Shape ``(batch, 1, ny, nx)``, normalised; sides multiples of `size_multiple`. Beyond
            its border lies ice, which is 0.

        Returns
        -------
        Tensor, shape (batch, classes, ny / output_stride, nx / output_stride)
            Logits: the probability is ``1 / (1 + exp(-logit))``.
        """
        raise NotImplementedError

    def looked_at(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Score an image, and return what the logits are made from as well.

        Parameters
        ----------
        image
            As of `forward`.

        Returns
        -------
        logits : Tensor
            Those of `forward`.
        features : Tensor, shape (batch, hidden_channels, ny / output_stride, nx / output_stride)
            Of the last hidden layer, pixel by pixel of the logits.
        """
        logits: Tensor = self(image)
        batch, _, ny, nx = logits.shape
        return logits, logits.new_zeros((batch, 0, ny, nx))
