"""Pictures of candidates, many on one sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log2

import numpy as np
from PIL import Image

from nunatak.server.pictures.crops import Crops, CropSource
from nunatak.server.pictures.grey_pyramid import level_shapes
from nunatak.server.pictures.greys import Greys, to_greys

VIEW_DIAMETERS = 1.6
"""Side of a picture, in diameters of the particle."""

PX_A_DIAMETER = 20.0
"""A candidate is drawn from the coarsest level that has so many pixels along its diameter, as many
as the networks see: noise would hide it at finer ones."""

UNKNOWN_DIAMETER_SHARE = 1 / 20
"""Of the image's shorter side, that stands for a diameter that nobody has said yet."""

SMALLEST_DIAMETER_PX = 4.0

GREY = 128
"""Where there is no image."""

_FILTER_PX = 4
"""How far beyond a picture's edge the filter looks, in pixels of the level."""


@dataclass(frozen=True)
class Place:
    """A candidate.

    Attributes
    ----------
    image : int
    x, y : float
        Pixels of the stored image; the centre of the first is 0.
    z : float or None
        None on micrographs.
    diameter_A : float or None
        None for the largest one of the project.
    """

    image: int
    x: float
    y: float
    z: float | None = None
    diameter_A: float | None = None


def diameter_px_of(
    shape: tuple[int, int], pixel_size_A: float | None, diameter_A: float | None
) -> float:
    """Return the diameter of a candidate in stored pixels.

    Parameters
    ----------
    shape
        ``(ny, nx)`` of the image.
    pixel_size_A, diameter_A
        None where unknown.
    """
    if pixel_size_A is None or diameter_A is None:
        return min(shape) * UNKNOWN_DIAMETER_SHARE
    # A wrong diameter shows as pictures of nothing or of everything, and takes no more memory.
    return min(max(diameter_A / pixel_size_A, SMALLEST_DIAMETER_PX), 1.0 * max(shape))


def level_for(diameter_px: float, shape: tuple[int, int]) -> int:
    """Return the index of the level that a candidate of an image of this shape is drawn from."""
    coarsest = len(level_shapes(shape)) - 1
    return min(coarsest, floor(log2(max(1.0, diameter_px / PX_A_DIAMETER))))


def draw_places(
    source: CropSource,
    places: Sequence[Place],
    *,
    tile_px: int,
    pixel_size_A: float | None,
    usual_diameter_A: float | None,
) -> list[Greys]:
    """Draw candidates of one image.

    Parameters
    ----------
    source
        The image.
    places
        The candidates.
    tile_px
        Side of each picture.
    pixel_size_A
        None where unknown.
    usual_diameter_A
        Of candidates that have none.

    Returns
    -------
    list of ndarray, shape (tile_px, tile_px), uint8
    """
    pictures = []
    for place in places:
        diameter_A = place.diameter_A or usual_diameter_A
        diameter_px = diameter_px_of(source.shape, pixel_size_A, diameter_A)
        side_px = VIEW_DIAMETERS * diameter_px
        level = level_for(diameter_px, source.shape)
        crops = source.level(level, place.z, diameter_px)
        pictures.append(draw_place(crops, place.x, place.y, side_px=side_px, tile_px=tile_px))
    return pictures


def draw_place(crops: Crops, x: float, y: float, *, side_px: float, tile_px: int) -> Greys:
    """Draw the surroundings of a place.

    Parameters
    ----------
    crops
        The image at a level; it alone decides on the contrast.
    x, y
        The middle, pixels of the stored image.
    side_px
        Side of the picture, pixels of the stored image.
    tile_px
        The same, pixels of the picture.

    Returns
    -------
    ndarray, shape (tile_px, tile_px), uint8
        `GREY` beyond the image.
    """
    side = side_px / crops.scale
    left, top = ((centre + 0.5) / crops.scale - side / 2 for centre in (x, y))
    x0, y0 = floor(left) - _FILTER_PX, floor(top) - _FILTER_PX
    length = ceil(side) + 1 + 2 * _FILTER_PX
    canvas = _cut(crops, y0, x0, length)
    box = left - x0, top - y0, left - x0 + side, top - y0 + side
    picture = Image.fromarray(canvas).resize((tile_px, tile_px), Image.Resampling.BICUBIC, box=box)
    return np.asarray(picture)


def assemble(pictures: list[Greys], *, tile_px: int, columns: int) -> Greys:
    """Put pictures on a sheet, by rows.

    Returns
    -------
    ndarray, shape (rows * tile_px, columns * tile_px), uint8
    """
    rows = ceil(len(pictures) / columns)
    sheet = np.full((rows * tile_px, columns * tile_px), GREY, dtype=np.uint8)
    for index, picture in enumerate(pictures):
        y, x = index // columns * tile_px, index % columns * tile_px
        sheet[y : y + tile_px, x : x + tile_px] = picture
    return sheet


def _cut(crops: Crops, y0: int, x0: int, length: int) -> Greys:
    canvas = np.full((length, length), GREY, dtype=np.uint8)
    ny, nx = crops.shape
    top, bottom = max(0, y0), min(ny, y0 + length)
    left, right = max(0, x0), min(nx, x0 + length)
    if top < bottom and left < right:
        values = crops.values((top, bottom, left, right))
        greys = to_greys(values, crops.between.for_display())
        canvas[top - y0 : bottom - y0, left - x0 : right - x0] = greys
    return canvas
