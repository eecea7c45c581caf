"""Labels in tomograms that cannot be used or look odd: outside, in another unit, twice."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.errors import Mismatch
from nunatak.images.pixel_size import same
from nunatak.learning.labels.check import DUPLICATE_DIAMETERS
from nunatak.learning.labels.extent import OUTSIDE_REFUSED
from nunatak.learning.labels.report import Finding, Severity, first, share
from nunatak.learning.labels.rows import NEGATIVE
from nunatak.picks import inspection
from nunatak.picks.formats.frame import by_image
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import coordinate_columns

KIND = "kind"
"""Column with the number of the class, or `NEGATIVE`."""

_UNIT = "Check their unit and binning (nunatak train: --labels-unit, --labels-binning)"


def without_outside(
    table: pd.DataFrame, images: ImageCatalogue, origin: str
) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """Leave out labels beyond the faces of their tomogram, and doubt the unit of all.

    Parameters
    ----------
    table
        Labels.
    images
        Their tomograms, by the names in the table.
    origin
        Of the labels, for messages.

    Returns
    -------
    kept, outside : DataFrame
        Labels that can be used, and those that cannot.
    findings : list of Finding

    Raises
    ------
    Mismatch
        If many lie outside.
    """
    if table.empty:
        return table, table, []
    extents = inspection.extents_of(table, images)
    suspicion = inspection.suspected_unit(
        table, extents, images.pixel_size_A(str(table["image"].iloc[0]))
    )
    likely = "" if suspicion is None else " or ".join(suspicion.factors)
    cause = f"They may count in {likely}" if likely else ""
    is_outside = inspection.is_outside(table, extents)
    count = int(is_outside.sum())
    if not count:
        if suspicion is None:
            return table, table[:0], []
        corner = Finding(
            kind="corner",
            severity=Severity.WARNING,
            count=len(table),
            text=f"All labels lie in one corner: they reach over {suspicion.reach:.2f} of the "
            "width, height or depth of their tomograms",
            cause=cause,
            remedy=_UNIT,
        )
        return table, table[:0], [corner]
    row = int(np.flatnonzero(is_outside)[0])
    x, y, z = table[list(coordinate_columns(table))].iloc[row]
    nx, ny, nz = extents.size_px[row].astype(int)
    finding = Finding(
        kind="outside",
        severity=Severity.ERROR,
        count=count,
        text=f"{share(count, len(table), 'labels')} lie outside their tomogram and are not used",
        examples=(
            f"x {x:.6g}, y {y:.6g}, z {z:.6g} in {table['image'].iloc[row]} of {nx} × {ny} × {nz}",
        ),
        cause=cause,
        remedy=_UNIT,
    )
    if count >= OUTSIDE_REFUSED * len(table):
        raise Mismatch(
            f"{origin}: {finding} If they are right, leave out those outside: nunatak convert with "
            "--drop-outside."
        )
    return table[~is_outside], table[is_outside], [finding]


def without_duplicates(
    table: pd.DataFrame, images: ImageCatalogue, diameters_A: Sequence[float]
) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """Keep each label once, and none of two that contradict each other.

    Of labels of one class that lie within a tenth of its diameter, the first is kept. Where a
    place is labelled as two classes, or as particle and as none, nobody knows which is right.

    Parameters
    ----------
    table
        Labels, with the column `KIND`.
    images
        Their tomograms, by the names in the table.
    diameters_A
        Of the classes.

    Returns
    -------
    kept, contradictory : DataFrame
        Labels that can be used, and those of which nobody knows.
    findings : list of Finding
    """
    kinds = table[KIND].to_numpy()
    # Two marks of an empty place are one within whatever any particle allows.
    reach_A = DUPLICATE_DIAMETERS * np.append(diameters_A, max(diameters_A))[kinds]
    kept, torn = np.ones(len(table), dtype=np.bool_), np.zeros(len(table), dtype=np.bool_)
    for name, rows in by_image(table):
        voxel_size_A = images.pixel_size_A(name)
        if voxel_size_A is None:
            continue  # Whoever reads the tomogram asks for it.
        for one, other in rows[_pairs(table.iloc[rows], reach_A[rows] / voxel_size_A)]:
            if kinds[one] != kinds[other]:
                torn[[one, other]] = True
            elif kept[one]:
                kept[other] = False
    findings = []
    if torn.any():
        findings.append(_contradictory(table[torn]))
    double = ~kept & ~torn
    if double.any():
        findings.append(_duplicates(table[double], len(table)))
    return table[kept & ~torn], table[torn], findings


def refuse_other_voxels(table: pd.DataFrame, images: ImageCatalogue) -> None:
    """Refuse labels that were made at another voxel size than their tomogram has.

    Parameters
    ----------
    table
        Labels.
    images
        Their tomograms, by the names in the table.

    Raises
    ------
    Mismatch
        If there are some.
    """
    if "pixel_size_A" not in table:
        return
    for name, rows in by_image(table):
        own_A = images.pixel_size_A(name)
        for size_A in table["pixel_size_A"].iloc[rows].dropna().unique().tolist():
            if own_A is not None and not same(size_A, own_A):
                raise Mismatch(
                    f"{name}: its voxels are {own_A:g} Å, those of its labels {size_A:g} Å. Give "
                    "labels in voxels of this tomogram, or say how they are binned."
                )


def _pairs(table: pd.DataFrame, reach_px: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the pairs of rows that are one place, in order of the first of each, shape (n, 2).

    In that order, what is dropped drops nothing itself.
    """
    xyz_px = table[list(coordinate_columns(table))].to_numpy(np.float64)
    pairs = KDTree(xyz_px).query_pairs(float(reach_px.max()), output_type="ndarray")
    distance_px = np.linalg.norm(xyz_px[pairs[:, 0]] - xyz_px[pairs[:, 1]], axis=1)
    pairs = pairs[distance_px <= reach_px[pairs].min(axis=1)]
    ordered: NDArray[np.int64] = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return ordered


def _contradictory(table: pd.DataFrame) -> Finding:
    return Finding(
        kind="contradictory",
        severity=Severity.WARNING,
        count=len(table),
        text=f"{len(table)} labels have one of another class at their place, or a mark that it is "
        "empty; neither is used, and nothing is learned or judged there",
        examples=first(str(name) for name in table["image"]),
        remedy="Decide what is there",
    )


def _duplicates(table: pd.DataFrame, total: int) -> Finding:
    return Finding(
        kind="duplicate",
        severity=Severity.NOTE,
        count=len(table),
        text=f"{share(len(table), total, 'labels')} have another one of their class within a tenth "
        "of its diameter, and count once",
        examples=first(str(name) for name in table["image"]),
    )


def is_particle(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell labelled particles from places known to be none."""
    return np.asarray(table[KIND] != NEGATIVE, dtype=np.bool_)
