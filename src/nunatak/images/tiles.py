"""Overlapping tiles of a large image, and one image out of what was computed on them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from nunatak.images.source import Pixels

Shape = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """One tile along one axis, in pixels.

    Attributes
    ----------
    start, size : int
        What is read. At the far end it may stick out of the image.
    keep_start, keep_stop : int
        What is kept of it: the spans of an axis keep every pixel exactly once.
    """

    start: int
    size: int
    keep_start: int
    keep_stop: int


@dataclass(frozen=True)
class Window:
    """One tile of an image.

    Attributes
    ----------
    y, x : Span
        Its rows and columns.
    """

    y: Span
    x: Span

    @property
    def shape(self) -> Shape:
        """``(ny, nx)`` of the tile in pixels, multiples of what was asked for."""
        return self.y.size, self.x.size

    def read(self, image: Pixels) -> Pixels:
        """Cut the tile out; where it sticks out of the image, mirror the pixels at its edge.

        Parameters
        ----------
        image : ndarray, shape (ny, nx)
            The whole image.

        Returns
        -------
        ndarray, shape ``self.shape``
            A view wherever the tile lies inside the image.
        """
        tile = image[
            self.y.start : self.y.start + self.y.size, self.x.start : self.x.start + self.x.size
        ]
        outside = [(0, size - inside) for size, inside in zip(self.shape, tile.shape, strict=True)]
        if outside == [(0, 0), (0, 0)]:
            return tile
        return np.pad(tile, outside, mode="symmetric")

    def place(self, computed: Pixels, mosaic: Pixels, stride: int = 1) -> None:
        """Copy what is kept of a computed tile to its place.

        Parameters
        ----------
        computed : ndarray, shape (..., size_y / stride, size_x / stride)
            What was computed on the tile, at one value every ``stride`` pixels.
        mosaic : ndarray, shape (..., ceil(ny / stride), ceil(nx / stride))
            Changed in place.
        stride
            Pixels a value; the tiles' ``multiple`` must be a multiple of it.
        """
        target_y, source_y = _kept(self.y, stride)
        target_x, source_x = _kept(self.x, stride)
        mosaic[..., target_y, target_x] = computed[..., source_y, source_x]


def tile_windows(shape: Shape, tile: int, overlap: int, multiple: int) -> list[Window]:
    """Cover an image with tiles whose sides and positions are multiples of a number.

    Parameters
    ----------
    shape
        ``(ny, nx)`` of the image in pixels.
    tile
        Largest side of a tile in pixels, rounded down to a multiple; an image no longer than
        it gets one tile, just large enough.
    overlap
        Least number of pixels that neighbours share. Every kept pixel is at least half of it
        away from any border between tiles.
    multiple
        What a network divides its input by: sides, starts and seams are multiples of it.

    Returns
    -------
    list of Window
        Row by row. The kept parts cover the image without gap or overlap.

    Raises
    ------
    ValueError
        If a number is not positive, or the tiles are not larger than their overlap.

    Examples
    --------
    >>> [window.x for window in tile_windows((8, 20), tile=16, overlap=4, multiple=4)]
    ... # doctest: +NORMALIZE_WHITESPACE
    [Span(start=0, size=16, keep_start=0, keep_stop=8),
     Span(start=4, size=16, keep_start=8, keep_stop=20)]
    """
    if min(*shape, tile, multiple) < 1 or overlap < 0:
        raise ValueError(
            f"shape {shape}, tile {tile} and multiple {multiple} must be positive, overlap "
            f"{overlap} not negative"
        )
    ny, nx = shape
    rows = _spans(ny, tile, overlap, multiple)
    columns = _spans(nx, tile, overlap, multiple)
    return [Window(y, x) for y, x in product(rows, columns)]


def mosaic_shape(shape: Shape, stride: int) -> Shape:
    """Return the shape of a map with one value every ``stride`` pixels of an image."""
    return math.ceil(shape[0] / stride), math.ceil(shape[1] / stride)


def assemble(
    windows: Iterable[Window], computed: Iterable[Pixels], shape: Shape, stride: int = 1
) -> NDArray[np.float32]:
    """Put computed tiles together.

    Parameters
    ----------
    windows
        From `tile_windows`.
    computed : iterable of ndarray, shape (size_y / stride, size_x / stride)
        One for each window, in the same order.
    shape
        ``(ny, nx)`` of the image in pixels.
    stride
        Pixels a computed value.

    Returns
    -------
    ndarray, shape (ceil(ny / stride), ceil(nx / stride)), float32
        Every value from the tile that keeps its place.
    """
    mosaic = np.empty(mosaic_shape(shape, stride), dtype=np.float32)
    for window, values in zip(windows, computed, strict=True):
        window.place(values, mosaic, stride)
    return mosaic


def _spans(length: int, tile: int, overlap: int, multiple: int) -> list[Span]:
    """Space tiles evenly along an axis, counting in units of ``multiple`` pixels."""
    units = math.ceil(length / multiple)
    tile_units = min(max(tile // multiple, 1), units)
    if tile_units == units:
        return [Span(0, units * multiple, 0, length)]
    # Rounded up to an even number, so that both neighbours keep half of it away.
    overlap_units = 2 * math.ceil(overlap / (2 * multiple))
    step = tile_units - overlap_units
    if step < 1:
        raise ValueError(
            f"tiles of {tile_units * multiple} px cannot overlap by "
            f"{overlap_units * multiple} px; make them larger"
        )
    count = 1 + math.ceil((units - tile_units) / step)
    starts = [index * (units - tile_units) // (count - 1) for index in range(count)]
    seams = [(before + tile_units + after) // 2 for before, after in pairwise(starts)]
    kept = pairwise([0, *seams, units])
    return [
        Span(
            start * multiple,
            tile_units * multiple,
            keep_start * multiple,
            min(keep_stop * multiple, length),
        )
        for start, (keep_start, keep_stop) in zip(starts, kept, strict=True)
    ]


def _kept(span: Span, stride: int) -> tuple[slice, slice]:
    """Return where values go in the mosaic, and where they stand in the computed tile."""
    start, stop = span.keep_start // stride, math.ceil(span.keep_stop / stride)
    shift = span.start // stride
    return slice(start, stop), slice(start - shift, stop - shift)
