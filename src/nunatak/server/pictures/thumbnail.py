"""Small pictures for the queue."""

import numpy as np
from PIL import Image

from nunatak.images.source import Pixels
from nunatak.server.pictures.grey_pyramid import TILE_PX, level_shapes
from nunatak.server.pictures.greys import (
    GreyRange,
    Greys,
    as_clipped,
    settle_range,
    to_greys,
    to_values,
)
from nunatak.server.pictures.halving import Values, block_means
from nunatak.server.pictures.volume import layers_around
from nunatak.server.pictures.volumes import OpenVolume

SIDE_PX = 256
"""Of the longer side, at most."""

SHARE_OF_DEPTH = 1 / 16
"""Of a tomogram's layers, that are averaged."""

_SAMPLES_A_SIDE = 500


def micrograph_thumbnail(pixels: Pixels) -> Greys:
    """Draw a micrograph without making all levels of it.

    Parameters
    ----------
    pixels : ndarray, shape (ny, nx), real
        All finite.
    """
    ny, nx = pixels.shape
    step_y, step_x = (max(1, side // _SAMPLES_A_SIDE) for side in (ny, nx))
    between = settle_range(pixels[::step_y, ::step_x])
    factor = 1 << (len(level_shapes((ny, nx))) - 1)
    # A multiple of the factor, so that no block is cut.
    rows = max(factor, TILE_PX // factor * factor)
    parts = [
        block_means(as_clipped(pixels[first : first + rows], between), factor)
        for first in range(0, ny, rows)
    ]
    return values_thumbnail(np.concatenate(parts))


def level_thumbnail(greys: Greys, between: GreyRange) -> Greys:
    """Draw a micrograph whose coarsest level is there."""
    return values_thumbnail(to_values(greys, between))


def tomogram_thumbnail(opened: OpenVolume) -> Greys:
    """Draw the mean of a tomogram's middle layers."""
    nz, ny, nx = opened.volume.shape
    layers = layers_around(nz // 2, max(1, round(nz * SHARE_OF_DEPTH)), nz)
    mean = opened.volume.mean_along(0, (layers, slice(0, ny), slice(0, nx)))
    return values_thumbnail(block_means(mean, 1 << (len(level_shapes((ny, nx))) - 1)))


def values_thumbnail(values: Values) -> Greys:
    """Reduce an image of a few hundred pixels to a thumbnail, with its contrast."""
    greys = to_greys(values, settle_range(values).for_display())
    ny, nx = greys.shape
    if max(ny, nx) <= SIDE_PX:
        return greys
    ratio = SIDE_PX / max(ny, nx)
    size = max(1, round(nx * ratio)), max(1, round(ny * ratio))
    return np.asarray(Image.fromarray(greys).resize(size, Image.Resampling.BILINEAR))
