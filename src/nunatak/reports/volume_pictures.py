"""Draw tomograms: slabs of them with the most picks, and the middles of picks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nunatak.images.axis_order import AxisOrder
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.reports.crops import overview_picture, pick_picture
from nunatak.reports.pictures import Overview, Painted, listed_pixel_size_A
from nunatak.reports.slabs import (
    MeanPlane,
    Slab,
    Volume,
    densest_slab,
    depth_for,
    mean_image,
    slab_around,
)

SMOOTHING_DIAMETERS = 0.08
"""As `nunatak.reports.crops.SMOOTHING_DIAMETERS`: the dose of a voxel is a small part of that of
a micrograph's pixel."""

CUT_PERCENT = 2.0
"""As `nunatak.reports.crops.CUT_PERCENT`: a bead of gold takes a larger part of a thin slab."""


@dataclass(frozen=True)
class TomogramPainter:
    """Draws tomograms, of which no more than some planes are read at a time.

    Attributes
    ----------
    diameter_A : float
        Typical diameter of the particles, Å.
    voxel_size_A : float or None
        Of all tomograms; None takes the pick table's and each header's.
    override_voxel_size : bool
        Let ``voxel_size_A`` win over headers that contradict it.
    axis_order : AxisOrder or None
        Of all tomograms; None asks where a shape leaves a doubt.
    """

    diameter_A: float
    voxel_size_A: float | None = None
    override_voxel_size: bool = False
    axis_order: AxisOrder | None = None

    def __call__(self, image: str, picks: pd.DataFrame | None, rows: pd.DataFrame) -> Painted:
        """Draw a tomogram (see `nunatak.reports.pictures.Painter`)."""
        tomogram = read_tomogram(
            image,
            voxel_size_A=self.voxel_size_A,
            listed_voxel_size_A=listed_pixel_size_A(rows),
            override=self.override_voxel_size,
            axis_order=self.axis_order,
        )
        volume, voxel_size_A = Volume.of_tomogram(tomogram), tomogram.voxel_size_A
        overviews: tuple[Overview, ...] = ()
        if picks is not None:
            diameter_px = self.diameter_A / voxel_size_A
            slabs = densest_slabs(volume, _shown(picks), depth_for(diameter_px))
            overviews = tuple(
                slab_overview(volume, slab, diameter_px=diameter_px, voxel_size_A=voxel_size_A)
                for slab in slabs
            )
        columns = (rows[name] for name in ("x_px", "y_px", "z_px", "diameter_A"))
        crops = {
            int(row): middle_picture(volume, (x, y, z), diameter_px=diameter_A / voxel_size_A)
            for row, x, y, z, diameter_A in zip(rows.index, *columns, strict=True)
        }
        return Painted(overviews, crops)


def densest_slabs(volume: Volume, xyz_px: np.ndarray, depth: int) -> tuple[Slab, Slab]:
    """Return the slabs along z and along y that hold the most positions.

    Parameters
    ----------
    volume
        The tomogram.
    xyz_px : ndarray, shape (n, 3), float64
        Positions, voxels.
    depth
        Planes of a slab.
    """
    nz, ny, _ = volume.shape
    return (
        densest_slab("z", xyz_px[:, 2], depth, nz),
        densest_slab("y", xyz_px[:, 1], depth, ny),
    )


def slab_overview(
    volume: Volume, slab: Slab, *, diameter_px: float, voxel_size_A: float
) -> Overview:
    """Draw a slab of a tomogram.

    Parameters
    ----------
    volume, slab
        What to draw.
    diameter_px
        Of a typical particle, voxels.
    voxel_size_A
        Å.
    """
    image = mean_image(volume, slab)
    rows, columns = image.shape
    return Overview(
        overview_picture(
            image,
            diameter_px=diameter_px,
            smoothing=SMOOTHING_DIAMETERS,
            cut_percent=CUT_PERCENT,
        ),
        (rows, columns),
        voxel_size_A,
        slab,
        slab.in_words(volume.shape[0 if slab.normal == "z" else 1]),
    )


def middle_picture(
    volume: Volume, xyz_px: tuple[float, float, float], *, diameter_px: float
) -> str:
    """Draw the middle of a particle, seen along z, in a data URI.

    Parameters
    ----------
    volume
        The tomogram.
    xyz_px
        Position, voxels; may lie near or beyond the border.
    diameter_px
        Particle diameter, voxels.
    """
    x_px, y_px, z_px = xyz_px
    slab = slab_around("z", z_px, depth_for(diameter_px), volume.shape[0])
    return pick_picture(
        MeanPlane(volume, slab),
        x_px,
        y_px,
        diameter_px=diameter_px,
        smoothing=SMOOTHING_DIAMETERS,
    )


def _shown(picks: pd.DataFrame) -> np.ndarray:
    """Return the positions that a slab should hold: of the selected picks, or of all if none is."""
    chosen = picks[picks["selected"]] if picks["selected"].any() else picks
    return chosen[["x_px", "y_px", "z_px"]].to_numpy(np.float64)
