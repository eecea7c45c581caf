"""Give every micrograph the same grey scale, whatever else lies in it."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nunatak.errors import BadInput

VERSION = "background-mad-1"
"""Written into model files: a model needs the normalisation it was trained with."""

BACKGROUND_SIGMA_PX = 40.0
"""Width of the background filter: two particle diameters at the working size."""

CLIP = 6.0
"""Grey values beyond so many robust standard deviations (gold, hot pixels) are clipped."""

_POOL = 8
_SAMPLE = 1 << 17
_MAD_TO_SIGMA = 1.4826


def normalise(
    image: NDArray[np.float32], *, bad: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Remove the background and scale to unit robust standard deviation.

    Median and median absolute deviation do not move when gold, carbon or a border covers part
    of the image. The background is a wide Gaussian average of the image in which such
    outliers have been clipped.

    Parameters
    ----------
    image : ndarray, shape (ny, nx), float32
        Resampled to the working size.
    bad : ndarray of bool, shape (ny, nx), or None
        Pixels to leave out of the statistics; they become 0.

    Returns
    -------
    ndarray, shape (ny, nx), float32
        Median near 0, robust standard deviation 1, within ±`CLIP`.

    Raises
    ------
    BadInput
        If the image has no contrast.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))
    weight = None if bad is None or not bad.any() else torch.from_numpy(~bad).float()
    centre, sigma = _location_and_scale(pixels, weight)
    flat = (pixels - centre).div_(sigma)
    tamed = flat.clamp(-3.0, 3.0)
    flat -= _background(tamed, weight)
    centre, sigma = _location_and_scale(flat, weight)
    flat = flat.sub_(centre).div_(sigma).clamp_(-CLIP, CLIP)
    if weight is not None:
        flat *= weight
    return flat.numpy()


def _location_and_scale(pixels: Tensor, weight: Tensor | None) -> tuple[float, float]:
    values = pixels.flatten() if weight is None else pixels[weight > 0]
    # A regular subset is enough for a median; an odd step avoids beating with rows.
    step = max(1, values.numel() // _SAMPLE) | 1
    values = values[::step]
    centre = values.median()
    sigma = float((values - centre).abs().median()) * _MAD_TO_SIGMA
    if sigma == 0.0:
        # More than half of the pixels share one value: fall back to the others.
        sigma = float(values.std())
    if not sigma > 0.0:
        raise BadInput("The image has no contrast: all pixels hold the same value.")
    return float(centre), sigma


def _background(pixels: Tensor, weight: Tensor | None) -> Tensor:
    """Wide Gaussian average, computed on an image reduced by `_POOL`."""
    shape = pixels.shape
    known = torch.ones_like(pixels) if weight is None else weight
    stacked = torch.stack([pixels * known, known])[None]
    pooled = functional.avg_pool2d(stacked, _POOL, ceil_mode=True, count_include_pad=False)
    smooth = _gaussian(pooled, BACKGROUND_SIGMA_PX / _POOL)
    ratio = smooth[:, :1] / smooth[:, 1:].clamp_min(1e-3)
    return functional.interpolate(ratio, size=shape, mode="bilinear", align_corners=False)[0, 0]


def _gaussian(image: Tensor, sigma_px: float) -> Tensor:
    """Separable Gaussian filter; zeros outside (the caller divides by the filtered weight)."""
    radius = int(3 * sigma_px)
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma_px) ** 2)
    kernel = (kernel / kernel.sum()).expand(image.shape[1], 1, -1)
    groups = image.shape[1]
    image = functional.conv2d(image, kernel[:, :, :, None], padding=(radius, 0), groups=groups)
    return functional.conv2d(image, kernel[:, :, None, :], padding=(0, radius), groups=groups)
