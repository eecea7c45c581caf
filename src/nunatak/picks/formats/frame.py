"""Between a file's frame and nunatak's: binning, then orientation."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak import geometry
from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.geometry import FloatArray, Orientation
from nunatak.images.shapes import Shape
from nunatak.picks.context import FormatContext
from nunatak.picks.table import Z_COLUMN, coordinate_columns

_FARTHEST = 1e9
"""Pixels; no image is that large."""


def to_source(
    table: pd.DataFrame, context: FormatContext, own: Orientation = Orientation.IDENTITY
) -> pd.DataFrame:
    """Map the positions of a table from the file's frame to the stored images.

    Parameters
    ----------
    table
        Pick table whose ``x_px``, ``y_px`` (and ``z_px``, in tomograms) are centres in the file's
        grid and orientation.
    context
        Says the grid, the orientation and, where an axis is mirrored, the image sizes.
    own
        The format's orientation, for a context that states none.

    Returns
    -------
    DataFrame
        A copy with its positions in nunatak's frame.

    Raises
    ------
    Mismatch
        If a size is needed and unknown, or an image to transpose is not square.
    """
    x, y = context.grid.to_source(_column(table, "x_px"), _column(table, "y_px"))
    if Z_COLUMN in table.columns:
        _refuse_mirrored_tomogram(context)
        return table.assign(x_px=x, y_px=y, z_px=context.grid.z_to_source(_column(table, Z_COLUMN)))
    x, y = _oriented(table, x, y, context, context.orientation or own)
    return table.assign(x_px=x, y_px=y)


def from_source(
    table: pd.DataFrame, context: FormatContext, own: Orientation = Orientation.IDENTITY
) -> tuple[FloatArray, FloatArray]:
    """Map the positions of a table from the stored images to a file's frame.

    Inverse of `to_source`, which has the parameters.

    Returns
    -------
    x, y : ndarray, shape (n,), float64
        Centres in the file's grid and orientation.

    Raises
    ------
    Mismatch
        As in `to_source`.
    """
    x, y = _column(table, "x_px"), _column(table, "y_px")
    x, y = _oriented(table, x, y, context, context.orientation or own)
    return context.grid.from_source(x, y)


def volume_from_source(
    table: pd.DataFrame, context: FormatContext
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Map positions in tomograms to a file's grid: x, y, z, each of shape (n,), float64.

    Raises
    ------
    UsageError
        If an orientation is asked for: what mirrors a tomogram mirrors its particles.
    """
    _refuse_mirrored_tomogram(context)
    x, y = context.grid.from_source(_column(table, "x_px"), _column(table, "y_px"))
    return x, y, context.grid.z_from_source(_column(table, Z_COLUMN))


def volume_in_file(table: pd.DataFrame, context: FormatContext) -> FloatArray:
    """Return positions in tomograms as a file's grid holds them, shape (n, 3), float64.

    Whole numbers, if the context asks for them; see `volume_from_source`.
    """
    position = np.stack(volume_from_source(table, context), axis=1)
    return whole(position) if context.round_coordinates else position


def in_file(table: pd.DataFrame, context: FormatContext) -> pd.DataFrame:
    """Return a table with its positions, two or three, as a file with nunatak's columns holds them.

    Whole numbers, if the context asks for them.
    """
    along: tuple[FloatArray, ...]
    if Z_COLUMN in table.columns:
        along = tuple(volume_in_file(table, context).T)
    else:
        along = from_source(table, context)
        along = tuple(map(whole, along)) if context.round_coordinates else along
    return table.assign(**dict(zip(coordinate_columns(table), along, strict=True)))


def whole(positions: FloatArray) -> FloatArray:
    """Round to whole numbers, halves up (and not to the even neighbour)."""
    return np.floor(positions + 0.5)


def whole_numbers(positions: FloatArray) -> NDArray[np.int64]:
    """Round as `whole` and return integers.

    Raises
    ------
    BadInput
        If a position is beyond any image.
    """
    if len(positions) and float(np.abs(positions).max()) > _FARTHEST:
        raise BadInput(
            f"A position of {positions[np.abs(positions).argmax()]:g} pixels is beyond any image "
            "and cannot be written as a whole number. Remove that pick."
        )
    return whole(positions).astype(np.int64)


def shapes_of(table: pd.DataFrame, context: FormatContext) -> tuple[FloatArray, FloatArray]:
    """Return height and width of each pick's image.

    Returns
    -------
    ny, nx : ndarray, shape (n,), float64
        Pixels.

    Raises
    ------
    Mismatch
        If an image is unknown.
    """
    ny, nx = np.empty(len(table)), np.empty(len(table))
    shapes = context.images.shapes(table["image"].unique())
    for image, rows in by_image(table):
        ny[rows], nx[rows] = shapes[image]
    return ny, nx


def by_image(table: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each image of a table with its row numbers, in order of first appearance."""
    codes, images = pd.factorize(table["image"])
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(images)))
    for image, rows in zip(images, np.split(order, ends[:-1]), strict=False):
        yield str(image), rows


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=np.float64)


def _oriented(
    table: pd.DataFrame,
    x: FloatArray,
    y: FloatArray,
    context: FormatContext,
    orientation: Orientation,
) -> tuple[FloatArray, FloatArray]:
    if orientation is Orientation.IDENTITY:
        return x, y
    x, y = x.copy(), y.copy()
    shapes = context.images.shapes(table["image"].unique())
    for image, rows in by_image(table):
        _refuse_oblong(image, shapes[image], orientation)
        x[rows], y[rows] = geometry.oriented(x[rows], y[rows], shapes[image], orientation)
    return x, y


def _refuse_mirrored_tomogram(context: FormatContext) -> None:
    if context.orientation not in (None, Orientation.IDENTITY):
        raise UsageError(
            f"Orientation {context.orientation}: picks in tomograms cannot be mirrored or turned, "
            "for that would mirror the particles themselves. Leave it out."
        )


def _refuse_oblong(image: str, shape: Shape, orientation: Orientation) -> None:
    if orientation is Orientation.TRANSPOSE and shape[0] != shape[1]:
        raise Mismatch(
            f"{image}: {shape[0]} rows by {shape[1]} columns cannot be transposed onto itself. "
            "Transpose the image file instead."
        )
