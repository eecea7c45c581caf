"""Tomograms whose sections lie across the beam, as IMOD's reconstruction leaves them.

The x-z-y order cannot be told from a header: it is only seen by the thickness, which is then the
number of rows and not that of sections. Such a shape is asked about and never settled by a guess.
"""

from enum import StrEnum
from pathlib import Path

import numpy as np

from nunatak.errors import BadInput, UsageError
from nunatak.images.micrograph import ImageInfo
from nunatak.images.source import Pixels
from nunatak.images.tomogram import Box, ReadBox
from nunatak.images.zarr_metadata import is_zarr

Shape = tuple[int, int, int]

THIN = 0.75
"""Rows over the smaller of columns and sections, below which rows may be the thickness."""


class AxisOrder(StrEnum):
    """What columns, rows and sections of a stored tomogram are."""

    XYZ = "xyz"
    """Sections are slices perpendicular to the beam: the order of every picking program."""

    XZY = "xzy"
    """Rows run along the beam: IMOD's reconstruction before it is rotated."""


def may_be_xzy(shape: Shape) -> bool:
    """Tell whether the rows of ``(sections, rows, columns)`` may be the thickness."""
    sections, rows, columns = shape
    return rows < THIN * min(sections, columns)


def settled_order(shape: Shape, stated: AxisOrder | None, path: Path) -> AxisOrder:
    """Return the axis order of a stored tomogram, or ask for it.

    Parameters
    ----------
    shape
        ``(sections, rows, columns)`` as stored, in voxels.
    stated
        What the user says; None says nothing.
    path
        The tomogram, for the message.

    Raises
    ------
    BadInput
        If nothing is stated and the rows are so few that they may be the thickness.

    Examples
    --------
    >>> str(settled_order((184, 630, 630), None, Path("a.mrc")))
    'xyz'
    """
    if stated is not None:
        return stated
    if not may_be_xzy(shape):
        return AxisOrder.XYZ
    sections, rows, columns = shape
    raise BadInput(
        f"{path}: {columns} × {rows} × {sections} voxels (columns, rows, sections): the rows are "
        "so few that they may be the thickness, as in IMOD's tomograms before they are rotated. "
        "If so, rotate it with IMOD's 'clip rotx' (or 'trimvol -rx'), or give --axis-order xzy; "
        "if the sections really lie one above the other along the beam, give --axis-order xyz."
    )


def shape_in_order(info: ImageInfo, stated: AxisOrder | None) -> Shape:
    """Return ``(nz, ny, nx)`` of a tomogram as it is read, by its header alone.

    Parameters
    ----------
    info
        Of the tomogram, with three axes.
    stated
        What the user says; None says nothing.

    Raises
    ------
    BadInput
        If nothing is stated and the shape leaves a doubt.
    UsageError
        If x-z-y is stated of an OME-Zarr.
    """
    sections, rows, columns = info.shape
    if is_zarr(info.path):
        refuse_other_names(info.path, stated)
        return sections, rows, columns
    shape = sections, rows, columns
    is_rotated = settled_order(shape, stated, info.path) is AxisOrder.XZY
    return rotated_shape(shape) if is_rotated else shape


def refuse_other_names(path: Path, stated: AxisOrder | None) -> None:
    """Refuse to call the axes of an OME-Zarr x-z-y, which names them itself.

    Raises
    ------
    UsageError
        If that is stated.
    """
    if stated is AxisOrder.XZY:
        raise UsageError(
            f"{path}: --axis-order xzy is for MRC files; an OME-Zarr names its axes. If the names "
            "are wrong, rotate the tomogram with IMOD's 'clip rotx' and convert it again."
        )


def rotated_shape(shape: Shape) -> Shape:
    """Return ``(nz, ny, nx)`` of an x-z-y tomogram after `rotated`."""
    sections, rows, columns = shape
    return rows, sections, columns


def rotated(read: ReadBox, shape: Shape) -> ReadBox:
    """Read an x-z-y tomogram as if IMOD's ``clip rotx`` had rotated it.

    That rotates by -90 degrees about x: the new y is the old z, and the new z runs against the
    old y. Exchanging both axes without that turn would mirror every particle.

    Parameters
    ----------
    read
        Reads boxes of the stored tomogram, ``[section, row, column]``.
    shape
        ``(sections, rows, columns)`` as stored.

    Returns
    -------
    callable
        Reads boxes of the rotated tomogram, ``[z, y, x]``.
    """
    _, rows, _ = shape

    def read_rotated(box: Box) -> Pixels:
        z, y, x = box
        stored = read((y, slice(rows - z.stop, rows - z.start), x))
        # torch takes no array that runs backwards.
        return np.ascontiguousarray(stored.transpose(1, 0, 2)[::-1])

    return read_rotated
