"""RELION 4's STAR files of particles in tomograms.

``rlnCoordinateX/Y/Z`` are centres in pixels of the tilt series, unbinned, 0 = centre of the first
one: ``x_unbinned = x_voxel * binning``. RELION 3, Warp and RELION's own picker write binned
voxels under the same labels, so that the binning must come from elsewhere: from tomograms.star,
or from a stated grid. (RELION 4.0 added one pixel to a position before it extracted there, and
later versions no longer do; neither changes what the file means.)
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import FormatError, UsageError
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.tomograms import relion_tomo_columns as tomo
from nunatak.picks.formats.tomograms import relion_tomo_poses as poses
from nunatak.picks.formats.tomograms import relion_tomo_scale as scale
from nunatak.picks.formats.tomograms.relion_tomo_text import write_particles
from nunatak.picks.table import ANGLE_COLUMNS, PickSet


def sniff(head: bytes) -> bool:
    """Whether this is a STAR file with uncentred coordinates in named tomograms."""
    labels = (tomo.COORDINATES[2], tomo.TOMOGRAM)
    has_labels = all(f"_{label}".encode() in head for label in labels)
    return b"data_" in head and has_labels and f"_{tomo.CENTRED_A[0]}".encode() not in head


def read(path: Path, context: FormatContext) -> PickSet:
    """Read picks, orientations, optics groups and every other column.

    Raises
    ------
    FormatError
        If the file is damaged, holds centred coordinates as well, or counts in an unknown
        binning; or if refined origins are asked for and cannot be had.
    Mismatch
        If a tomogram is not known, or tomograms.star does not list it.
    UsageError
        If the binning is stated twice.
    """
    star = tomo.read_tables(path, tomo.COORDINATES, refined=context.refined)
    if set(tomo.CENTRED_A) <= star.particles.columns.keys():
        raise FormatError(
            path,
            "centred coordinates stand beside those in pixels, and RELION goes by the centred ones",
            line=star.particles.line,
            field=tomo.CENTRED_A[0],
            hint="Read it as relion5-tomo",
        )
    images, empty = star.images([tomo.TOMOGRAM], context)
    table = pd.DataFrame({"image": images}, dtype=str)
    of = _scale(table, path, context)
    stated_A = star.tilt_series_pixel_size_A()
    if of is not None:
        scale.refuse_other_pixels(stated_A, of, path)
        stated_A = of.pixel_size_A[:, 0]
    unbinned_px = star.positions(tomo.COORDINATES)
    if context.refined:
        unbinned_px = unbinned_px - poses.shifts(star.particles) / _known(stated_A, star, path)
    if of is not None:
        voxel_A: FloatArray | None = of.voxel_A
        position_px = unbinned_px / of.binning
    else:
        voxel_A = None if stated_A is None else stated_A / context.grid.pixel_ratio
        position_px = unbinned_px  # Until the grid is applied, below.
    used = {tomo.TOMOGRAM, tomo.TILT_SERIES_PIXEL_SIZE, *tomo.COORDINATES}
    picks = star.pick_set(images, position_px, voxel_A, empty, used=used)
    if context.refined:
        picks.table = poses.without_origins(picks.table)
    picks.table = frame.to_source(picks.table, context)
    return picks


def read_in_file(path: Path) -> PickSet:
    """Read picks with positions as they stand in the file: for what needs none, such as counts.

    Unlike `read`, this needs no binning: the positions are pixels of the tilt series.

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    return tomo.read_in_file(path, tomo.COORDINATES)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write picks, orientations, optics groups and every other column into one file.

    Raises
    ------
    BadInput
        If a name cannot stand in a STAR file.
    FormatError
        If the binning is not known.
    Mismatch
        If tomograms.star does not list a tomogram, or two tomograms have one name.
    UsageError
        If the binning is stated twice, or the file may not be replaced.
    ResourceError
        If the file cannot be written.
    """
    of = _scale(picks.table, path, context)
    unbinned_px = scale.unbinned(picks.table, of, context)
    pixel_size_A = None
    if of is not None:
        pixel_size_A = of.pixel_size_A[:, 0]
    elif "pixel_size_A" in picks.table.columns and np.isfinite(picks.table["pixel_size_A"]).all():
        pixel_size_A = picks.table["pixel_size_A"].to_numpy(np.float64) * context.grid.pixel_ratio
    coordinates = dict(zip(tomo.COORDINATES, unbinned_px.T, strict=True))
    return write_particles(picks, path, context, coordinates, pixel_size_A)


def _scale(table: pd.DataFrame, path: Path, context: FormatContext) -> scale.PickScale | None:
    """Return the scale by tomograms.star; None where a stated grid takes its place."""
    if not context.tomograms.tilt_series and not context.grid.is_stored:
        return None
    if not context.grid.is_stored:
        raise UsageError(
            f"{path}: the binning is stated twice, by tomograms.star and by {context.grid}. "
            "Leave one of them out."
        )
    if not context.tomograms.tilt_series and len(table):
        raise FormatError(
            path,
            "coordinates of RELION 4 count unbinned pixels of the tilt series, and the binning "
            "of the tomograms is not known",
            field=tomo.COORDINATES[0],
            hint="Give RELION's tomograms.star (--tomograms-star), or state the grid in 'nunatak "
            "convert': --input-binning 0.25 (writing: --output-binning 0.25) for tomograms binned "
            "by 4. If these coordinates count voxels of the tomogram, as those of RELION's picker "
            "do, convert them --from warp",
        )
    return scale.scale_of(table, path, context)


def _known(pixel_size_A: FloatArray | None, star: tomo.TomoStar, path: Path) -> FloatArray:
    if pixel_size_A is None or not np.isfinite(pixel_size_A).all():
        raise FormatError(
            path,
            "origins in ångström, but no pixel size of the tilt series to convert them by",
            field=f"block data_{star.particles.block}",
            hint=f"Give tomograms.star, or add {tomo.TILT_SERIES_PIXEL_SIZE} to the optics groups",
        )
    return pixel_size_A[:, None]


FORMAT = PickFormat(
    name="relion4-tomo",
    title="RELION 4 tomography STAR",
    suffixes=(".star",),
    capabilities=Capabilities(
        dimensions=(3,),
        unit="pixels of the tilt series",
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
    read_in_file=read_in_file,
    refuse_images=relion.refuse_images,
)
