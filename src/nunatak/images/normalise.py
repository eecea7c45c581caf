"""Give every micrograph the same grey scale, whatever else lies in it."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nunatak.errors import BadInput

VERSION = "background-blocks-2"
"""Written into model files: a model needs the normalisation it was trained with."""

BACKGROUND_SIGMA_PX = 40.0
"""Width of the background filter: two particle diameters at the working size."""

CLIP = 6.0
"""Grey values beyond so many robust standard deviations (gold, hot pixels) are clipped."""

_POOL = 8
_BLOCK_PX = 24
_MAD_TO_SIGMA = 1.4826


def normalise(
    image: NDArray[np.float32], *, bad: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Remove the background and scale the ice to unit standard deviation.

    The image is cut into blocks of about one particle. The median over the blocks of each
    block's median and median absolute deviation is that of the ice as long as gold, carbon and
    borders cover less than half of the image, and slopes of the ice do not widen it. The
    background is a wide Gaussian average of the image in which outliers have been clipped.

    Parameters
    ----------
    image : ndarray, shape (ny, nx), float32
        Resampled to the working size.
    bad : ndarray of bool, shape (ny, nx), or None
        Pixels to leave out of the statistics; they become 0.

    Returns
    -------
    ndarray, shape (ny, nx), float32
        Ice has mean 0 and standard deviation 1; all within ±`CLIP`.

    Raises
    ------
    BadInput
        If the image has no contrast.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))
    good = None if bad is None or not bad.any() else torch.from_numpy(~bad)
    centre, sigma = _ice_level_and_noise(pixels, good)
    flat = (pixels - centre).div_(sigma)
    flat -= _background(flat.clamp(-3.0, 3.0), good)
    centre, sigma = _ice_level_and_noise(flat, good)
    flat = flat.sub_(centre).div_(sigma).clamp_(-CLIP, CLIP)
    if good is not None:
        flat *= good
    return flat.numpy()


def _ice_level_and_noise(pixels: Tensor, good: Tensor | None) -> tuple[float, float]:
    """Median over blocks of their medians and of their robust standard deviations."""
    blocks = _blocks(pixels)
    if good is not None:
        usable = _blocks(good.float()).mean(dim=1) == 1.0
        blocks = blocks[usable] if usable.any() else pixels[good][None]
    level = blocks.median(dim=1).values
    noise = (blocks - level[:, None]).abs().median(dim=1).values * _MAD_TO_SIGMA
    # Blocks of one value are borders.
    varied = noise > 0
    if varied.any():
        return float(level[varied].median()), float(noise[varied].median())
    centre, sigma = float(blocks.median()), float(blocks.std())
    if not sigma > 0.0:
        raise BadInput("The image has no contrast: all pixels hold the same value.")
    return centre, sigma


def _blocks(pixels: Tensor) -> Tensor:
    """Cut into square blocks, shape (blocks, pixels); an incomplete rim is left out."""
    side = min(_BLOCK_PX, *pixels.shape)
    cut = pixels.unfold(0, side, side).unfold(1, side, side)
    return cut.reshape(-1, side * side)


def _background(pixels: Tensor, good: Tensor | None) -> Tensor:
    """Wide Gaussian average, computed on an image reduced by `_POOL`."""
    known = torch.ones_like(pixels) if good is None else good.float()
    stacked = torch.stack([pixels * known, known])[None]
    pooled = functional.avg_pool2d(stacked, _POOL, ceil_mode=True, count_include_pad=False)
    smooth = _gaussian(pooled, BACKGROUND_SIGMA_PX / _POOL)
    ratio = smooth[:, :1] / smooth[:, 1:].clamp_min(1e-3)
    # The last blocks may reach beyond the image: enlarge to what they cover, then cut.
    covered = [_POOL * side for side in ratio.shape[-2:]]
    full = functional.interpolate(ratio, size=covered, mode="bilinear", align_corners=False)
    return full[0, 0, : pixels.shape[0], : pixels.shape[1]]


def _gaussian(image: Tensor, sigma_px: float) -> Tensor:
    """Separable Gaussian filter; zeros outside (the caller divides by the filtered weight)."""
    radius = int(3 * sigma_px)
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma_px) ** 2)
    kernel = (kernel / kernel.sum()).expand(image.shape[1], 1, -1)
    groups = image.shape[1]
    image = functional.conv2d(image, kernel[:, :, :, None], padding=(radius, 0), groups=groups)
    return functional.conv2d(image, kernel[:, :, None, :], padding=(0, radius), groups=groups)
