"""Positions in ångström: x_A = i * voxel side, where i = 0 is the centre of the first voxel.

The programs that read these files agree on the unit and not on the origin: half a voxel or a
whole one is added here and there. This convention is copick's. A file of binned positions counts
in the same way from the centre of the first binned voxel.
"""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import BadInput, Mismatch
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame
from nunatak.picks.table import PickSet


def to_voxels(
    table: pd.DataFrame, voxel_size_A: FloatArray, context: FormatContext
) -> pd.DataFrame:
    """Turn the positions of a table from ångström into voxels of the stored tomograms.

    Parameters
    ----------
    table
        Pick table whose ``x_px``, ``y_px`` and ``z_px`` still are in ångström.
    voxel_size_A
        Of each pick's stored tomogram, shape (n,), ångström.
    context
        Says the grid.

    Returns
    -------
    DataFrame
        A copy with positions in nunatak's frame, and with the column ``pixel_size_A``.
    """
    grid = context.grid
    in_grid = table.assign(
        x_px=table["x_px"] / (voxel_size_A * grid.ratio_x),
        y_px=table["y_px"] / (voxel_size_A * grid.ratio_y),
        z_px=table["z_px"] / (voxel_size_A * grid.ratio_z),
        pixel_size_A=voxel_size_A,
    )
    return frame.to_source(in_grid, context)


def from_voxels(
    table: pd.DataFrame, sizes_A: dict[str, float], context: FormatContext
) -> FloatArray:
    """Return positions in ångström; inverse of `to_voxels`.

    Parameters
    ----------
    table
        Pick table in nunatak's frame.
    sizes_A
        Voxel side of each stored tomogram, ångström.
    context
        Says the grid, and whether positions are rounded to its whole voxels.

    Returns
    -------
    ndarray, shape (n, 3), float64
        x, y, z in ångström.
    """
    grid = context.grid
    in_grid = frame.volume_in_file(table, context)
    voxel_size_A = table["image"].map(sizes_A).to_numpy(dtype=np.float64)
    return in_grid * voxel_size_A[:, None] * [grid.ratio_x, grid.ratio_y, grid.ratio_z]


def voxel_size_A(image: str, path: Path, context: FormatContext) -> float:
    """Return the voxel side of a tomogram whose picks a file gives in ångström.

    Raises
    ------
    Mismatch
        If it is not known.
    """
    size_A = context.images.pixel_size_A(image)
    if size_A is None:
        raise Mismatch(
            f"{path}: positions are in ångström, and the voxel size of {image} is not known. Give "
            "--pixel-size, or the tomograms (--tomograms)."
        )
    return size_A


def voxel_sizes_A(picks: PickSet, context: FormatContext) -> dict[str, float]:
    """Return the voxel side of every tomogram of a pick set for which it is known.

    What the catalogue knows goes before the column ``pixel_size_A``.

    Raises
    ------
    Mismatch
        If it is not known of a tomogram that has picks, or the table gives it two.
    """
    sizes_A = {image: context.images.pixel_size_A(image) for image in picks.images}
    known_A = {image: size_A for image, size_A in sizes_A.items() if size_A is not None}
    known_A |= _stated_sizes_A(picks.table, known_A)
    for image, _ in frame.by_image(picks.table):
        if image not in known_A:
            raise Mismatch(
                f"Positions are to be written in ångström, and the voxel size of {image} is not "
                "known. Give --pixel-size, or the tomograms (--tomograms)."
            )
    return known_A


def known_sizes_A(picks: PickSet, context: FormatContext) -> dict[str, float]:
    """Return the voxel sides as `voxel_sizes_A` does, for formats that can do without them.

    Raises
    ------
    Mismatch
        If the table gives a tomogram two.
    """
    known_A: dict[str, float] = {}
    for image in picks.images:
        # A tomogram that is not among those given, or whose header is damaged, is none of known
        # size: whoever needs it says what is wrong with it.
        with suppress(BadInput):
            size_A = context.images.pixel_size_A(image)
            if size_A is not None:
                known_A[image] = size_A
    return known_A | _stated_sizes_A(picks.table, known_A)


def _stated_sizes_A(table: pd.DataFrame, known_A: Collection[str]) -> dict[str, float]:
    """Return what the column ``pixel_size_A`` says of the tomograms that are not known."""
    stated_A = {
        image: _stated_size_A(image, table.iloc[rows])
        for image, rows in frame.by_image(table)
        if image not in known_A
    }
    return {image: size_A for image, size_A in stated_A.items() if size_A is not None}


def _stated_size_A(image: str, table: pd.DataFrame) -> float | None:
    column = table["pixel_size_A"] if "pixel_size_A" in table.columns else pd.Series(dtype=float)
    stated_A = column.dropna().unique().tolist()
    if len(stated_A) > 1:
        raise Mismatch(
            f"{image}: the pick table gives it voxels of {stated_A[0]:g} and of {stated_A[1]:g} Å. "
            "Give the right size (--pixel-size)."
        )
    return float(stated_A[0]) if stated_A and 0 < stated_A[0] < np.inf else None
