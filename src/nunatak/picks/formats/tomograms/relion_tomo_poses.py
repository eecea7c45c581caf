r"""Orientations and refined positions of RELION's particles in tomograms.

RELION keeps two orientations of a particle: that of its subtomogram in the tomogram
(``rlnTomoSubtomogramRot/Tilt/Psi``, of filaments above all) and its own within the subtomogram
(``rlnAngleRot/Tilt/Psi``). The particle's orientation in the tomogram is their product
:math:`A_s A_p`, and it lies at its coordinate minus :math:`A_s` times its origin
(``rlnOriginX/Y/ZAngst``): RELION's ``ParticleSet::getMatrix3x3`` and ``getPosition``
(src/jaz/tomography/particle_set.cpp). Angles that are absent are zero.
"""

from typing import Final

import numpy as np
import pandas as pd

from nunatak import rotations
from nunatak.errors import FormatError
from nunatak.geometry import FloatArray
from nunatak.picks.formats.star import StarTable
from nunatak.picks.formats.unknown_as_zero import rows_or_zero
from nunatak.picks.table import ANGLE_COLUMNS

ANGLES: Final = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
SUBTOMOGRAM_ANGLES: Final = (
    "rlnTomoSubtomogramRot",
    "rlnTomoSubtomogramTilt",
    "rlnTomoSubtomogramPsi",
)
ORIGINS_A: Final = ("rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst")
ORIGINS_PX: Final = ("rlnOriginX", "rlnOriginY", "rlnOriginZ")
"""Before RELION 3.1, and in Warp: in the pixels in which coordinates count."""

Labels = tuple[str, str, str]


def orientations(star: StarTable) -> dict[str, FloatArray]:
    """Return nunatak's angles of each particle in the tomogram; empty where a file has none.

    Raises
    ------
    FormatError
        If one of three angles is missing.
    """
    subtomogram, particle = _angles(star, SUBTOMOGRAM_ANGLES), _angles(star, ANGLES)
    if subtomogram is None and particle is None:
        return {}
    if particle is None:
        particle = np.zeros((len(star), 3))
    whole = particle if subtomogram is None else _product(subtomogram, particle)
    return dict(zip(ANGLE_COLUMNS, whole.T, strict=True))


def angles_within(table: pd.DataFrame) -> dict[str, FloatArray]:
    """Return ``rlnAngle*`` of a pick table; within the subtomograms that it names, if it does.

    Inverse of `orientations`, but that unknown angles are 0.
    """
    if not set(ANGLE_COLUMNS) <= set(table.columns):
        return {}
    whole = table[list(ANGLE_COLUMNS)].to_numpy(dtype=np.float64)
    subtomogram = _subtomograms_named(table)
    particle = whole if subtomogram is None else _product(subtomogram, whole, inverse=True)
    return dict(zip(ANGLES, rows_or_zero(particle).T, strict=True))


def without_subtomograms(table: pd.DataFrame) -> pd.DataFrame:
    """Return a pick table for programs that know no subtomograms' orientations.

    Origins, which stand in the axes of the subtomogram, are turned into those of the tomogram.
    """
    subtomogram = _subtomograms_named(table)
    if subtomogram is None:
        return table
    table = table.drop(columns=list(SUBTOMOGRAM_ANGLES))
    for labels in (ORIGINS_A, ORIGINS_PX):
        if set(labels) <= set(table.columns):
            turned = _turned(subtomogram, _numbers(table, labels))
            table = table.assign(**dict(zip(labels, turned.T, strict=True)))
    return table


def origin_labels(star: StarTable) -> Labels | None:
    """Return the labels of the refined origins, those in ångström first; None without any."""
    for labels in (ORIGINS_A, ORIGINS_PX):
        if set(labels) & star.columns.keys():
            return labels
    return None


def shifts(star: StarTable, labels: Labels = ORIGINS_A) -> FloatArray:
    """Return the refined origins along the axes of the tomogram, to be subtracted.

    Returns
    -------
    ndarray, shape (n, 3), float64
        x, y, z in ångström, or in pixels by the labels.

    Raises
    ------
    FormatError
        If the file has none.
    """
    if not set(labels) & star.columns.keys():
        star.require(*labels)
    origins = np.zeros((len(star), 3))
    for axis, label in enumerate(labels):
        if label in star.columns:
            origins[:, axis] = star.numbers(label)
    subtomogram = _angles(star, SUBTOMOGRAM_ANGLES)
    if subtomogram is None:
        return origins
    unknown = ~np.isfinite(subtomogram).all(axis=1)
    if unknown.any():
        row = int(np.flatnonzero(unknown)[0])
        raise FormatError(
            star.path,
            "the origin stands in the axes of a subtomogram of unknown orientation",
            line=int(star.row_lines[row]),
            field=SUBTOMOGRAM_ANGLES[0],
            hint="Repair this row, or read positions as extracted",
        )
    return _turned(subtomogram, origins)


def without_origins(table: pd.DataFrame) -> pd.DataFrame:
    """Return a pick table whose origins are zero, for they were applied."""
    labels = (*ORIGINS_A, *ORIGINS_PX)
    return table.assign(**{label: "0.000000" for label in labels if label in table.columns})


def note_on_origins(star: StarTable) -> list[str]:
    """Say that a file holds refined origins other than zero, which were not applied."""
    for label in (*ORIGINS_A, *ORIGINS_PX):
        if label in star.columns and _any_other_than_zero(star, label):
            return [
                f"{star.path}: holds refined origins ({label}), which were not applied; "
                "coordinates are where the particles were extracted. --refined applies them."
            ]
    return []


def _any_other_than_zero(star: StarTable, label: str) -> bool:
    return bool(np.any(np.nan_to_num(star.numbers(label, missing_allowed=True))))


def _angles(star: StarTable, labels: Labels) -> FloatArray | None:
    if not set(labels) & star.columns.keys():
        return None
    star.require(*labels)
    return np.stack([star.numbers(label, missing_allowed=True) for label in labels], axis=1)


def _numbers(table: pd.DataFrame, labels: Labels) -> FloatArray:
    columns = [pd.to_numeric(table[label], errors="coerce") for label in labels]
    return np.stack([column.to_numpy(dtype=np.float64) for column in columns], axis=1)


def _subtomograms_named(table: pd.DataFrame) -> FloatArray | None:
    named = set(SUBTOMOGRAM_ANGLES) <= set(table.columns)
    return _numbers(table, SUBTOMOGRAM_ANGLES) if named else None


def _product(first: FloatArray, second: FloatArray, *, inverse: bool = False) -> FloatArray:
    """Return the angles of ``A_first A_second``, or of ``A_first^-1 A_second``.

    Both have shape (n, 3), degrees. Where the first are zero the second stay as they are written;
    what is not known of either is not known of the product.
    """
    known = np.isfinite(np.hstack([first, second])).all(axis=1)
    result = second.copy()
    result[~known] = np.nan
    turned = known & np.any(first != 0, axis=1)
    if turned.any():
        frame = rotations.from_relion(first[turned])
        frame = frame.inv() if inverse else frame
        result[turned] = rotations.to_relion(frame * rotations.from_relion(second[turned]))
    return result


def _turned(angles: FloatArray, vectors: FloatArray) -> FloatArray:
    result = vectors.copy()
    turned = np.isfinite(angles).all(axis=1) & np.any(angles != 0, axis=1)
    if turned.any():
        result[turned] = rotations.from_relion(angles[turned]).apply(vectors[turned])
    return result
