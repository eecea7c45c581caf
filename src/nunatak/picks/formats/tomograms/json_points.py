"""Numbers, positions and orientations in JSON that nobody vouches for."""

import math
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from nunatak import rotations
from nunatak.errors import FormatError
from nunatak.geometry import FloatArray

_SKEWED = 0.01
"""By how much the product of a rotation matrix and its transpose may differ from the identity:
some programs write three decimals."""


def number(path: Path, value: object, *, field: str, line: int | None = None) -> float:
    """Return a finite number.

    Raises
    ------
    FormatError
        If it is anything else, such as a number in quotes.
    """
    try:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        finite = float(value)
        if not math.isfinite(finite):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        found = "nothing" if value is None else f"{value!r:.60}"
        raise FormatError(
            path, f"{found} where a finite number was expected", line=line, field=field
        ) from None
    return finite


def integer(path: Path, value: object, *, field: str, line: int | None = None) -> int:
    """Return a whole number.

    Raises
    ------
    FormatError
        If it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise FormatError(
            path, f"{value!r:.60} where a whole number was expected", line=line, field=field
        )
    return value


def location(
    path: Path, point: object, *, field: str, line: int | None = None
) -> tuple[float, float, float]:
    """Return x, y and z of a point's ``location``.

    Raises
    ------
    FormatError
        If the point is no object, or lacks a coordinate.
    """
    where = point.get("location") if isinstance(point, dict) else None
    if not isinstance(where, dict):
        raise FormatError(
            path,
            f'{point!r:.60} where {{"location": {{"x", "y", "z"}}}} was expected',
            line=line,
            field=field,
        )
    x, y, z = (
        number(path, where.get(axis), field=f"{field}.location.{axis}".lstrip("."), line=line)
        for axis in "xyz"
    )
    return x, y, z


def matrix(
    path: Path, value: object, side: int, *, field: str, line: int | None = None
) -> FloatArray:
    """Return a square matrix, shape (side, side), float64.

    Raises
    ------
    FormatError
        If it has another shape, or holds something other than numbers.
    """
    rows = value if isinstance(value, list) else []
    if len(rows) != side or any(not isinstance(row, list) or len(row) != side for row in rows):
        raise FormatError(
            path,
            f"{value!r:.60} where {side} rows of {side} numbers were expected",
            line=line,
            field=field,
        )
    return np.array([[number(path, cell, field=field, line=line) for cell in row] for row in rows])


def refuse_unless_rotation(
    path: Path, found: FloatArray, *, field: str, line: int | None = None
) -> None:
    """Refuse a matrix, shape (3, 3), that stretches, skews or mirrors.

    Raises
    ------
    FormatError
        If it is not a rotation.
    """
    if np.abs(found @ found.T - np.eye(3)).max() > _SKEWED:
        problem = "a matrix that stretches or skews where a rotation was expected"
    elif np.linalg.det(found) < 0:
        problem = "a matrix that mirrors where a rotation was expected"
    else:
        return
    raise FormatError(path, problem, line=line, field=field, hint="Repair or remove that point")


def angles_deg_of(matrices: FloatArray) -> FloatArray:
    """Return the angles of a pick table, shape (n, 3), degrees, of matrices that turn vectors.

    Parameters
    ----------
    matrices
        Shape (n, 3, 3): each turns the reference into its place in the tomogram. A matrix of NaN
        is an unknown orientation and gives angles of NaN.
    """
    angles_deg = np.full((len(matrices), 3), np.nan)
    known = np.isfinite(matrices).all(axis=(1, 2))
    if known.any():
        angles_deg[known] = rotations.to_relion(Rotation.from_matrix(matrices[known]))
    return angles_deg


def matrices_of(angles_deg: FloatArray) -> FloatArray:
    """Return matrices, shape (n, 3, 3), of a pick table's angles; inverse of `angles_deg_of`."""
    matrices = np.full((len(angles_deg), 3, 3), np.nan)
    known = np.isfinite(angles_deg).all(axis=1)
    if known.any():
        matrices[known] = rotations.from_relion(angles_deg[known]).as_matrix()
    return matrices
