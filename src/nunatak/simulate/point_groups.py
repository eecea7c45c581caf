"""Point groups of protein complexes as lists of rotation matrices."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput

_GOLDEN = 0.5 * (1.0 + 5.0**0.5)


@cache
def point_group(name: str) -> NDArray[np.float64]:
    """Return the rotations of a chiral point group.

    Parameters
    ----------
    name
        Schoenflies symbol: ``C1``, ``C2``, …, ``D2``, ``D3``, …, ``T``, ``O`` or ``I``. The
        main axis of C and D groups is z, the two-fold axes of D groups include x; the two-fold
        axes of T, O and I include x, y and z.

    Returns
    -------
    ndarray, shape (order, 3, 3), float64
        The identity comes first. Not to be written to: it is computed once.

    Raises
    ------
    BadInput
        If the symbol is not one of these.

    Examples
    --------
    >>> [len(point_group(name)) for name in ("C7", "D7", "T", "O", "I")]
    [7, 14, 12, 24, 60]
    """
    group = _closure(_generators(name))
    group.flags.writeable = False
    return group


def rotation_about(axis: tuple[float, float, float], angle_rad: float) -> NDArray[np.float64]:
    """Rotation matrix, shape (3, 3), about an axis of any length (Rodrigues' formula)."""
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(
        np.eye(3) + np.sin(angle_rad) * cross + (1.0 - np.cos(angle_rad)) * cross @ cross
    )


def _generators(name: str) -> list[NDArray[np.float64]]:
    family, order = name[:1], name[1:]
    three_fold = rotation_about((1, 1, 1), 2 * np.pi / 3)
    if family in ("C", "D") and order.isdecimal() and int(order) >= 1:
        main = rotation_about((0, 0, 1), 2 * np.pi / int(order))
        return [main] if family == "C" else [main, rotation_about((1, 0, 0), np.pi)]
    if name == "T":
        return [three_fold, rotation_about((0, 0, 1), np.pi)]
    if name == "O":
        return [three_fold, rotation_about((0, 0, 1), np.pi / 2)]
    if name == "I":
        return [
            three_fold,
            rotation_about((0, 0, 1), np.pi),
            rotation_about((0, 1, _GOLDEN), 2 * np.pi / 5),
        ]
    raise BadInput(f"unknown point group {name!r}; known are C1, C2, …, D1, D2, …, T, O and I")


def _closure(generators: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Multiply generators until nothing new appears."""
    elements = [np.eye(3)]
    for element in elements:  # grows while it is walked
        for generator in generators:
            product = generator @ element
            if min(float(np.abs(product - known).max()) for known in elements) > 1e-6:
                elements.append(product)
    return np.stack(elements)
