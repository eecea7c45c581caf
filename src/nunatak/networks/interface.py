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
    """

    output_stride: int
    output_origin_px: float

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
