"""Bring an image to the size at which a network sees particles."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from nunatak.errors import BadInput

MINIMUM_SIDE_PX = 8
"""A micrograph smaller than this after resampling cannot hold a particle."""


def working_shape(
    shape: tuple[int, int], *, pixel_size_A: float, diameter_A: float, diameter_px: float
) -> tuple[int, int]:
    """Shape at which a particle of ``diameter_A`` spans ``diameter_px`` pixels.

    Parameters
    ----------
    shape
        ``(ny, nx)`` of the source image, pixels.
    pixel_size_A
        Pixel size of the source image, Å.
    diameter_A
        Particle diameter, Å.
    diameter_px
        Particle diameter after resampling, pixels.

    Returns
    -------
    tuple of int
        ``(my, mx)``, each side rounded by itself; the exact ratio per axis is
        `nunatak.geometry.Scale`.

    Raises
    ------
    BadInput
        If a size is not positive, or if the resampled image would have a side below
        `MINIMUM_SIDE_PX`.

    Examples
    --------
    >>> working_shape((1240, 1200), pixel_size_A=1.5, diameter_A=122.0, diameter_px=20.0)
    (305, 295)
    """
    if not (pixel_size_A > 0 and diameter_A > 0 and diameter_px > 0):
        raise BadInput(
            f"Pixel size ({pixel_size_A} Å) and particle diameter ({diameter_A} Å) must be "
            "positive."
        )
    factor = pixel_size_A * diameter_px / diameter_A
    ny, nx = (round(side * factor) for side in shape)
    if min(ny, nx) < MINIMUM_SIDE_PX:
        raise BadInput(
            f"An image of {shape[1]} × {shape[0]} pixels of {pixel_size_A} Å holds no particle of "
            f"{diameter_A} Å. Check the pixel size and the diameter (both in Å)."
        )
    return ny, nx


def resample(pixels: NDArray[np.generic], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Resample an image by the exact ratio per axis.

    Antialiased bicubic interpolation; the outer edges of the image stay in place, so that
    positions follow `nunatak.geometry.resampled_to_source`.

    Parameters
    ----------
    pixels : ndarray, shape (ny, nx), real
        The image, any byte order; not written to.
    shape
        ``(my, mx)`` of the result.

    Returns
    -------
    ndarray, shape (my, mx), float32
        In the units of the input.
    """
    source = _as_tensor(pixels)
    if tuple(source.shape) == shape:
        return source.numpy().copy()
    result = functional.interpolate(
        source[None, None], size=shape, mode="bicubic", antialias=True, align_corners=False
    )
    return np.ascontiguousarray(result[0, 0].numpy())


def _as_tensor(pixels: NDArray[np.generic]) -> torch.Tensor:
    native = np.asarray(pixels, dtype=np.float32)
    if not (native.flags.writeable and native.flags.c_contiguous):
        # torch cannot share memory with a read-only memory map.
        native = np.array(native, order="C")
    return torch.from_numpy(native)
