"""Every pixel from a strided network: the same layers on all shifts of the image at once.

A strided layer keeps every second place of its output. The places that it leaves out are what it
would keep if the image were shifted by a pixel. Calling each such shift a *phase* and stacking the
phases along the batch gives the output at every pixel, and all later layers stay what they are:
small dense convolutions, which libraries run faster than the equivalent dilated ones (the "fill"
of Bepler et al., or Giusti et al., arXiv 1302.1700, whose fragments these phases are).
"""

import torch
from torch import Tensor


def split_phases(maps: Tensor, stride: int) -> Tensor:
    """Stack the ``stride ** 2`` shifted decimations of maps along the batch.

    Parameters
    ----------
    maps
        Shape ``(batch, channels, ny, nx)``; rows and columns beyond a multiple of ``stride`` are
        left out.
    stride
        Decimation.

    Returns
    -------
    Tensor, shape (stride² · batch, channels, ny // stride, nx // stride)
        Phase by phase, the column's shift running fastest.
    """
    ny, nx = (side - side % stride for side in maps.shape[-2:])
    return torch.cat(
        [maps[..., y:ny:stride, x:nx:stride] for y in range(stride) for x in range(stride)]
    )


def merge_phases(phases: Tensor, stride: int) -> Tensor:
    """Undo `split_phases`.

    Examples
    --------
    >>> maps = torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> torch.equal(merge_phases(split_phases(maps, 2), 2), maps)
    True
    """
    count, channels, ny, nx = phases.shape
    batch = count // stride**2
    apart = phases.reshape(stride, stride, batch, channels, ny, nx)
    return apart.permute(2, 3, 4, 0, 5, 1).reshape(batch, channels, ny * stride, nx * stride)
