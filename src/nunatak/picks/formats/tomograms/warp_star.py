"""Warp's STAR files of particles in tomograms, and those of pytom-match-pick.

``rlnCoordinateX/Y/Z`` are centres in voxels, 0 = centre of the first voxel; ``rlnMicrographName``
is the tilt series (``TS_01.tomostar``). Which voxels, Warp leaves to its user (``--coords_angpix``
of ``ts_export_particles``). Here, in this order:

1. A stated grid holds as it is.
2. A voxel size that the file states (``rlnPixelSize``; ``rlnDetectorPixelSize`` over
   ``rlnMagnification``; ``rlnDetectorPixelSize`` alone, in ångström, of pytom-match-pick;
   ``rlnImagePixelSize`` or ``rlnMicrographPixelSize`` of the optics groups) is that of the
   voxels which the coordinates count: Warp exports all of them at one scale. Where the tomogram's
   own voxels are known to differ by more than 1 %, coordinates are converted, with a note.
3. Otherwise they are voxels of the tomogram, unless all of them are fractions between 0 and 1, as
   Warp's template matching writes them: parts of the tomogram's extent, ``x_voxel = fraction *
   size / binning`` (WarpLib's ``TiltSeries.MatchFull`` divides by the unbinned size; its exporter
   multiplies by one pixel less, which is at most that one pixel). Without tomograms.star, the
   extent is that of the stored volume, which Warp rounds to even numbers of voxels.

What is written counts voxels of the stored tomogram, or of the stated grid, and states their size
as ``rlnPixelSize``, which Warp needs to convert origins.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import BadInput, FormatError
from nunatak.files import write_text
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.tomograms import relion_tomo_columns as tomo
from nunatak.picks.formats.tomograms import relion_tomo_poses as poses
from nunatak.picks.formats.tomograms import relion_tomo_scale as scale
from nunatak.picks.formats.tomograms import warp_unit as unit
from nunatak.picks.formats.tomograms.relion_tomo_names import names_for
from nunatak.picks.formats.tomograms.relion_tomo_text import file_text, optics_described
from nunatak.picks.table import ANGLE_COLUMNS, PickSet


def sniff(head: bytes) -> bool:
    """Whether this is a STAR file with coordinates in three dimensions.

    Files with ``rlnTomoName`` are RELION's, unless the user says otherwise.
    """
    has_z = f"_{tomo.COORDINATES[2]}".encode() in head
    return b"data_" in head and has_z and f"_{tomo.TOMOGRAM}".encode() not in head


def read(path: Path, context: FormatContext) -> PickSet:
    """Read picks, orientations, optics groups and every other column.

    Raises
    ------
    FormatError
        If the file is damaged, holds fractions of tomograms of unknown size, or refined origins
        are asked for and cannot be had.
    Mismatch
        If a tomogram is not known.
    """
    star = tomo.read_tables(path, tomo.COORDINATES, refined=context.refined)
    names, empty = star.images([relion.IMAGE, tomo.TOMOGRAM], context)
    images = pd.Series(names, dtype=str)
    own_A, stated_A = unit.own_voxel_A(images, context), unit.stated_voxel_A(star)
    position = star.positions(tomo.COORDINATES)
    if context.grid.is_stored and stated_A is None and unit.are_fractions(position):
        position = position * unit.extents(images, path, context)
        star.notes.append(
            f"{path}: all coordinates lie between 0 and 1 and were taken for parts of the "
            "tomogram's extent, as Warp's template matching writes them."
        )
    if context.refined:
        position = position - _shifts(star, _unit_A(stated_A, own_A, context))
    factor = np.ones(3)
    if not context.grid.is_stored:
        grid = context.grid
        factor = np.array([grid.ratio_x, grid.ratio_y, grid.ratio_z])
        voxel_A = None if stated_A is None else stated_A / grid.pixel_ratio
    elif stated_A is None:
        voxel_A = None
    else:
        ratio = unit.stored_per_stated(stated_A, own_A)
        if (ratio != 1).any():
            star.notes.append(_note_on_conversion(path, stated_A, own_A, ratio))
        voxel_A, factor = stated_A / ratio, np.repeat(ratio[:, np.newaxis], 3, axis=1)
        position = position * factor
    used = {*tomo.COORDINATES, *unit.labels_used(star.particles), relion.IMAGE}
    if relion.IMAGE not in star.particles.columns:
        used.add(tomo.TOMOGRAM)
    picks = star.pick_set(names, position, voxel_A, empty, used=used)
    picks.table = (
        poses.without_origins(picks.table)
        if context.refined
        else unit.scaled_origins(picks.table, factor)
    )
    picks.table = frame.to_source(picks.table, context)
    return picks


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write picks, orientations, optics groups and every other column into one file.

    Orientations are those in the tomogram: Warp knows no subtomograms' own.

    Raises
    ------
    BadInput
        If a name cannot stand in a STAR file, or voxels would look like fractions.
    Mismatch
        If two tomograms would have one name.
    UsageError
        If the file may not be replaced.
    ResourceError
        If the file cannot be written.
    """
    per_image.refuse_existing([path], context)
    grid, table = context.grid, poses.without_subtomograms(picks.table)
    position = scale.unbinned(table, None, context)
    factor = np.array([1 / grid.ratio_x, 1 / grid.ratio_y, 1 / grid.ratio_z])
    table = unit.scaled_origins(table, factor)
    named = names_for(picks.images, {})
    first: dict[str, pd.Series] = {relion.IMAGE: table["image"].map(named) + ".tomostar"}
    first.update(zip(tomo.COORDINATES, map(pd.Series, position.T), strict=True))
    if "pixel_size_A" in table.columns and np.isfinite(table["pixel_size_A"]).any():
        first[unit.PIXEL_SIZE] = table["pixel_size_A"] * grid.pixel_ratio
    elif unit.are_fractions(position):
        raise BadInput(
            f"{path}: all coordinates would lie between 0 and 1, which Warp's template matching "
            "writes for parts of a tomogram's extent. Give the voxel size (--pixel-size) with "
            "the picks, or write another format."
        )
    with_picks = frozenset(table["image"])
    empty = [f"{named[image]}.tomostar" for image in picks.images if image not in with_picks]
    written = PickSet(table, picks.optics, picks.images)
    optics = optics_described(written)
    write_text(path, file_text(written, first, (relion.IMAGE, empty), optics))
    return [path]


def _unit_A(stated_A: FloatArray | None, own_A: FloatArray, context: FormatContext) -> FloatArray:
    """Return the size of the unit that each row's coordinates count in, shape (n,), ångström."""
    if not context.grid.in_pixels:
        return np.ones(len(own_A))
    own_A = own_A * context.grid.pixel_ratio
    return own_A if stated_A is None else np.where(np.isfinite(stated_A), stated_A, own_A)


def _shifts(star: tomo.TomoStar, unit_A: FloatArray) -> FloatArray:
    labels = poses.origin_labels(star.particles) or poses.ORIGINS_A
    shifts = poses.shifts(star.particles, labels)
    if labels == poses.ORIGINS_PX:
        return shifts
    if not np.isfinite(unit_A).all():
        raise FormatError(
            star.particles.path,
            "origins in ångström, but no voxel size to convert them by",
            field=f"block data_{star.particles.block}",
            hint=f"Give --pixel-size or the tomograms, or add {unit.PIXEL_SIZE} to the file",
        )
    return shifts / unit_A[:, np.newaxis]


def _note_on_conversion(
    path: Path, stated_A: FloatArray, own_A: FloatArray, ratio: FloatArray
) -> str:
    row = int(np.flatnonzero(ratio != 1)[0])
    return (
        f"{path}: coordinates count voxels of {stated_A[row]:.5g} Å and were converted to those "
        f"of the tomograms, {own_A[row]:.5g} Å."
    )


FORMAT = PickFormat(
    name="warp",
    title="Warp STAR",
    suffixes=(".star",),
    capabilities=Capabilities(
        dimensions=(3,),
        score=True,
        class_name=True,
        pixel_size=True,
        angles=True,
        zero_for_unknown=(*ANGLE_COLUMNS, "score"),
        optics=True,
        multi_image=True,
        preserves_columns=True,
    ),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=relion.refuse_images,
)
