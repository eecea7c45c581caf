"""What lies where in a tomogram, before it is imaged."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from nunatak.picks.table import checked
from nunatak.rotations import to_relion
from nunatak.simulate.density import Density
from nunatak.simulate.volume_densities import add_density
from nunatak.simulate.volume_placement import Slab


@dataclass(frozen=True, kw_only=True)
class PlacedComplex:
    """One particle in the ice.

    Attributes
    ----------
    density : Density
        What it is; its name is the name of its class.
    x_px, y_px, z_px : float
        Its centre in the volume, voxels (may lie outside).
    rotation : Rotation
        Turns the reference into its place (see `nunatak.rotations`).
    """

    density: Density
    x_px: float
    y_px: float
    z_px: float
    rotation: Rotation

    @property
    def radius_A(self) -> float:
        """Radius of the sphere that holds it, Å."""
        return 0.5 * self.density.diameter_A


@dataclass(frozen=True, kw_only=True)
class VolumeScene:
    """All that a tomogram shows.

    Attributes
    ----------
    shape : tuple of int
        ``(nz, ny, nx)``, voxels.
    voxel_size_A : float
        Å, the same along all axes.
    slab : Slab
        The ice.
    particles : list of PlacedComplex
        Those to find.
    distractors : list of PlacedComplex
        Complexes that nobody asks for; rendered alike, never part of the truth.
    surroundings_V : ndarray, shape (nz, ny, nx), float32, V
        Potential of everything else net of ice: membranes, filaments, beads, film, dirt.
    junk : ndarray, shape (nz, ny, nx), uint8, or None
        Which of them a voxel holds (`nunatak.simulate.volume_junk.VolumeJunk`); None where
        nobody has kept that.
    """

    shape: tuple[int, int, int]
    voxel_size_A: float
    slab: Slab
    particles: list[PlacedComplex] = field(default_factory=list)
    distractors: list[PlacedComplex] = field(default_factory=list)
    surroundings_V: NDArray[np.float32]
    junk: NDArray[np.uint8] | None = None


def potential_V(
    shape: tuple[int, int, int], voxel_size_A: float, particles: Sequence[PlacedComplex]
) -> NDArray[np.float32]:
    """Render particles alone.

    Parameters
    ----------
    shape
        ``(nz, ny, nx)``, voxels.
    voxel_size_A
        Å.
    particles
        What to render.

    Returns
    -------
    ndarray, shape (nz, ny, nx), float32, V
        Mean potential in each voxel net of ice; protein is positive.
    """
    volume = np.zeros(shape, np.float32)
    for one in particles:
        add_density(
            volume,
            one.density,
            one.rotation,
            x_px=one.x_px,
            y_px=one.y_px,
            z_px=one.z_px,
            voxel_size_A=voxel_size_A,
        )
    return volume


def within_spheres(
    shape: tuple[int, int, int], voxel_size_A: float, particles: Sequence[PlacedComplex]
) -> NDArray[np.bool_]:
    """Voxels within the spheres of particles, shape ``(nz, ny, nx)``, bool."""
    inside = np.zeros(shape, dtype=bool)
    for one in particles:
        radius_px = one.radius_A / voxel_size_A
        spans = [
            np.arange(
                max(0, int(np.ceil(centre - radius_px))),
                min(side, int(np.floor(centre + radius_px)) + 1),
            )
            for centre, side in zip((one.z_px, one.y_px, one.x_px), shape, strict=True)
        ]
        z, y, x = np.ix_(*spans)
        distance2 = (z - one.z_px) ** 2 + (y - one.y_px) ** 2 + (x - one.x_px) ** 2
        inside[np.ix_(*spans)] |= distance2 <= radius_px**2
    return inside


def truth_table(scene: VolumeScene, image: str) -> pd.DataFrame:
    """List the particles to find.

    Parameters
    ----------
    scene
        Where they lie.
    image
        Path of the tomogram, as it goes into the table.

    Returns
    -------
    DataFrame
        A pick table of tomograms (`nunatak.picks.table`) with ``rot_deg``, ``tilt_deg``,
        ``psi_deg``, ``class_name``, ``diameter_A`` and ``pixel_size_A``; one row for each
        particle whose centre lies in the volume.
    """
    nz, ny, nx = scene.shape
    seen = [
        one
        for one in scene.particles
        if -0.5 <= one.x_px < nx - 0.5
        and -0.5 <= one.y_px < ny - 0.5
        and -0.5 <= one.z_px < nz - 0.5
    ]
    angles = np.empty((0, 3))
    if seen:
        angles = to_relion(Rotation.concatenate([one.rotation for one in seen]))
    return checked(
        pd.DataFrame(
            {
                "image": pd.Series([image] * len(seen), dtype=str),
                "x_px": [one.x_px for one in seen],
                "y_px": [one.y_px for one in seen],
                "z_px": [one.z_px for one in seen],
                "rot_deg": angles[:, 0],
                "tilt_deg": angles[:, 1],
                "psi_deg": angles[:, 2],
                "class_name": pd.Series([one.density.name for one in seen], dtype=str),
                "diameter_A": [one.density.diameter_A for one in seen],
                "pixel_size_A": [scene.voxel_size_A] * len(seen),
            }
        )
    )
