"""RELION 5's STAR files of particles in tomograms.

``rlnCenteredCoordinateX/Y/ZAngst`` are ångström from the centre of the tomogram, along the axes
of the stored volume::

    x_A = (x_voxel * binning - centre) * pixel size of the tilt series

where the centre is half the unbinned size of ``tomograms.star``. RELION disagrees with itself
about that half by one unbinned pixel, see `TomogramCentre`. Where a file holds uncentred
``rlnCoordinateX/Y/Z`` as well, the centred ones count, as in RELION.
"""

from pathlib import Path

import pandas as pd

from nunatak.errors import UsageError
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
    """Whether this is a STAR file with centred coordinates in ångström."""
    return b"data_" in head and f"_{tomo.CENTRED_A[0]}".encode() in head


def read(path: Path, context: FormatContext) -> PickSet:
    """Read picks, orientations, optics groups and every other column.

    Raises
    ------
    FormatError
        If the file is damaged, or refined origins are asked for and not there.
    Mismatch
        If a tomogram is not known, or its size and binning are not.
    UsageError
        If a grid is stated: the unit is the ångström.
    """
    _refuse_grid(path, context)
    star = tomo.read_tables(path, tomo.CENTRED_A, refined=context.refined)
    images, empty = star.images([tomo.TOMOGRAM], context)
    of = scale.scale_of(pd.DataFrame({"image": images}, dtype=str), path, context)
    scale.refuse_other_pixels(star.tilt_series_pixel_size_A(), of, path)
    position_A = star.positions(tomo.CENTRED_A)
    if context.refined:
        position_A = position_A - poses.shifts(star.particles)
    unbinned_px = position_A / of.pixel_size_A + of.centre_px(context.tomograms.centre)
    if set(tomo.COORDINATES) & star.particles.columns.keys():
        star.notes.append(
            f"{path}: holds coordinates in pixels as well ({relion.X}), which are not kept: the "
            "centred ones count."
        )
    used = {tomo.TOMOGRAM, tomo.TILT_SERIES_PIXEL_SIZE, *tomo.COORDINATES, *tomo.CENTRED_A}
    picks = star.pick_set(images, unbinned_px / of.binning, of.voxel_A, empty, used=used)
    if context.refined:
        picks.table = poses.without_origins(picks.table)
    picks.table = frame.to_source(picks.table, context)
    return picks


def read_in_file(path: Path) -> PickSet:
    """Read picks with positions as they stand in the file: for what needs none, such as counts.

    Unlike `read`, this needs no ``tomograms.star``: the positions are ångström from the centre of
    the tomogram, and no voxel size is known.

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    return tomo.read_in_file(path, tomo.CENTRED_A)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write picks, orientations, optics groups and every other column into one file.

    Positions are rounded to whole unbinned pixels if whole numbers are asked for.

    Raises
    ------
    BadInput
        If a name cannot stand in a STAR file.
    Mismatch
        If size and binning of a tomogram are not known, or two tomograms have one name.
    UsageError
        If a grid is stated, or the file may not be replaced.
    ResourceError
        If the file cannot be written.
    """
    _refuse_grid(path, context)
    of = scale.scale_of(picks.table, path, context)
    unbinned_px = scale.unbinned(picks.table, of, context)
    position_A = (unbinned_px - of.centre_px(context.tomograms.centre)) * of.pixel_size_A
    coordinates = dict(zip(tomo.CENTRED_A, position_A.T, strict=True))
    return write_particles(picks, path, context, coordinates, of.pixel_size_A[:, 0])


def _refuse_grid(path: Path, context: FormatContext) -> None:
    if not context.grid.is_stored:
        raise UsageError(
            f"{path}: RELION 5 counts in ångström from the centre of the tomogram, and "
            "tomograms.star states the binning. Leave out the unit that you stated."
        )


FORMAT = PickFormat(
    name="relion5-tomo",
    title="RELION 5 tomography STAR",
    suffixes=(".star",),
    capabilities=Capabilities(
        dimensions=(3,),
        unit="ångström from the centre of the tomogram",
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
