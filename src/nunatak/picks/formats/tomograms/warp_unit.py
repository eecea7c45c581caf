"""In which unit the coordinates of Warp and pytom-match-pick count."""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import FormatError, Mismatch
from nunatak.geometry import FloatArray
from nunatak.images.pixel_size import TOLERANCE
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.star import StarTable
from nunatak.picks.formats.tomograms import relion_tomo_columns as tomo
from nunatak.picks.formats.tomograms.relion_tomo_poses import ORIGINS_PX
from nunatak.picks.formats.tomograms.relion_tomo_scale import series_names, voxel_size_A

PIXEL_SIZE = "rlnPixelSize"
_OF_GROUPS = (relion.PIXEL_SIZE, "rlnImagePixelSize")


def stated_voxel_A(star: tomo.TomoStar) -> FloatArray | None:
    """Return the size of the voxels that a file counts in, by what it states.

    Returns
    -------
    ndarray, shape (n,), float64, or None
        Ångström, NaN where a row states none; None where no row does.
    """
    sizes_A = _stated(star.particles, star.optics)
    if sizes_A is None:
        return None
    sizes_A = np.where(sizes_A > 0, sizes_A, np.nan)
    return sizes_A if np.isfinite(sizes_A).any() else None


def labels_used(star: StarTable) -> set[str]:
    """Return the labels that state nothing beside the size of voxels."""
    alone = relion.DETECTOR in star.columns and relion.MAGNIFICATION not in star.columns
    return {PIXEL_SIZE, relion.DETECTOR} if alone else {PIXEL_SIZE}


def own_voxel_A(images: pd.Series, context: FormatContext) -> FloatArray:
    """Return the voxel size of each pick's stored tomogram, shape (n,), NaN where not known."""
    known = {image: voxel_size_A(image, context.images) for image in images.unique()}
    return np.array([known[image] for image in images], dtype=np.float64)


def stored_per_stated(stated_A: FloatArray, own_A: FloatArray) -> FloatArray:
    """Return voxels of the stored tomogram per voxel of the file, shape (n,).

    A size in a file is rounded, and so is one in a header: within 1 % they are one size.
    """
    differ = np.abs(stated_A - own_A) > TOLERANCE * np.maximum(stated_A, own_A)
    return np.where(differ, stated_A / own_A, 1.0)


def are_fractions(position: FloatArray) -> bool:
    """Tell whether coordinates can only be meant as parts of the tomogram.

    Nobody picks nothing but particles within the first voxel; the corner of a voxel itself, whole
    numbers, may be one.
    """
    within = bool(((position >= 0) & (position <= 1)).all())
    return position.size > 0 and within and bool((position % 1 != 0).any())


def extents(images: pd.Series, path: Path, context: FormatContext) -> FloatArray:
    """Return the size of each pick's tomogram in voxels.

    Returns
    -------
    ndarray, shape (n, 3), float64
        x, y, z; whole only where it is that of the stored volume.

    Raises
    ------
    FormatError
        If a size is not known.
    """
    names = series_names(images, context)
    sizes: dict[str, tuple[float, ...]] = {}
    for image in images.unique():
        if image in names:
            series = context.tomograms.tilt_series[names[image]]
            sizes[image] = tuple(size / series.binning for size in series.size_px)
            continue
        try:
            sizes[image] = context.images.volume_shape(image)[::-1]
        except Mismatch as error:
            raise FormatError(
                path,
                "all coordinates lie between 0 and 1, as Warp's template matching writes parts "
                f"of a tomogram's extent, and the size of {image} is not known",
                field=tomo.COORDINATES[0],
                hint=f"Give the tomograms or tomograms.star. If these are voxels, add {PIXEL_SIZE}",
            ) from error
    return np.array([sizes[image] for image in images], dtype=np.float64).reshape(-1, 3)


def scaled_origins(table: pd.DataFrame, factor: FloatArray) -> pd.DataFrame:
    """Return a pick table whose origins in voxels count in other voxels.

    Parameters
    ----------
    table
        With the columns ``rlnOriginX/Y/Z``, or without.
    factor
        New voxels per old one along x, y, z, shape (3,) or (n, 3).
    """
    present = [axis for axis, label in enumerate(ORIGINS_PX) if label in table.columns]
    if not present or bool((factor == 1).all()):
        return table
    factors = np.broadcast_to(factor, (len(table), 3))
    scaled = {
        ORIGINS_PX[axis]: pd.to_numeric(table[ORIGINS_PX[axis]], errors="coerce") * factors[:, axis]
        for axis in present
    }
    return table.assign(**scaled)


def _stated(star: StarTable, optics: StarTable | None) -> FloatArray | None:
    if PIXEL_SIZE in star.columns:
        return star.numbers(PIXEL_SIZE, missing_allowed=True)
    if {relion.DETECTOR, relion.MAGNIFICATION} <= star.columns.keys():
        return relion.sizes_by_magnification(star)
    if relion.DETECTOR in star.columns:
        return star.numbers(relion.DETECTOR, missing_allowed=True)
    for label in _OF_GROUPS:
        if label in star.columns:
            return star.numbers(label, missing_allowed=True)
        sizes_A = relion.sizes_of_groups(star, optics, label)
        if sizes_A is not None:
            return sizes_A
    return None
