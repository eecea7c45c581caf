"""Particle images as another program has extracted them: boxes with a particle in the middle."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from nunatak.geometry import source_to_resampled
from nunatak.images.reader import native
from nunatak.images.source import Pixels
from nunatak.pruning.crops import CropSpec, levelled

_MARGIN_PX = 8
"""Stored pixels beyond the crop, so that its rim is not where resampling meets an edge."""


def window(pixels: Pixels, side_px: float) -> tuple[slice, slice]:
    """Return the part of the boxes that crops are cut from, with the particle in its middle.

    Parameters
    ----------
    pixels : ndarray, shape (n, ny, nx)
        Boxes, particles at ``ny // 2``, ``nx // 2``: RELION's rule.
    side_px
        Of the crops, stored pixels.

    Returns
    -------
    tuple of slice
        Rows and columns; all of them where the boxes are not much larger than the crops.
    """
    half = math.ceil(side_px / 2) + _MARGIN_PX
    if half > min(pixels.shape[1:]) // 2:
        return slice(None), slice(None)
    middles = (side // 2 for side in pixels.shape[1:])
    rows, columns = (slice(middle - half, middle + half) for middle in middles)
    return rows, columns


def floats(pixels: Pixels, sections: NDArray[np.int64]) -> NDArray[np.float32]:
    """Read some sections of a mapped stack.

    Parameters
    ----------
    pixels : ndarray, shape (sections, ny, nx), real
        In any byte order.
    sections : ndarray, shape (n,), int64
        In any order.

    Returns
    -------
    ndarray, shape (n, ny, nx), float32
    """
    return np.asarray(native(pixels[sections]), dtype=np.float32)


def steps(images: NDArray[np.float32]) -> NDArray[np.float64]:
    """Tell how much brighter than its rim the middle of each image is.

    Parameters
    ----------
    images : ndarray, shape (n, ny, nx), float32

    Returns
    -------
    ndarray, shape (n,), float64
        Standard deviations of the rim; not finite for an image that is blank or has NaN.
    """
    ny, nx = images.shape[1:]
    y, x = np.ogrid[:ny, :nx]
    radius = np.hypot((y - ny // 2) / ny, (x - nx // 2) / nx)
    middle, rim = images[:, radius < 0.2], images[:, radius > 0.45]
    with np.errstate(invalid="ignore", divide="ignore"):
        step = (middle.mean(axis=1) - rim.mean(axis=1)) / rim.std(axis=1)
    return np.asarray(step, dtype=np.float64)


def crops_of(images: NDArray[np.float32], ratio: float, spec: CropSpec) -> NDArray[np.float32]:
    """Cut both channels of particle images.

    Parameters
    ----------
    images : ndarray, shape (n, ny, nx), float32
        Particles dark, centred on the pixel ``ny // 2``, ``nx // 2``.
    ratio
        Pixels of the crop a stored pixel.

    Returns
    -------
    ndarray, shape (n, 2, side_px, side_px), float32
        As of `nunatak.pruning.crops.cut_crops`, with surroundings of 0, since nothing is known of
        them. Boxes narrower than the crop are mirrored at their edges.
    """
    stored = images.shape[1:]
    shape = [max(round(side * ratio), 1) for side in stored]
    resized = functional.interpolate(
        torch.from_numpy(np.ascontiguousarray(images))[:, None],
        size=shape,
        mode="bicubic",
        antialias=True,
        align_corners=False,
    )
    side = spec.side_px
    mirrored = np.pad(resized[:, 0].numpy(), ((0, 0), (side, side), (side, side)), mode="symmetric")
    centres = (
        source_to_resampled(full // 2, full / small)
        for full, small in zip(stored, shape, strict=True)
    )
    top, left = (round(float(centre)) - side // 2 + side for centre in centres)
    close_up = levelled(mirrored[:, top : top + side, left : left + side])
    return np.stack([close_up, np.zeros_like(close_up)], axis=1)
