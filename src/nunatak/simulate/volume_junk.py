"""What fools pickers in tomograms: gold beads, carbon film, contamination."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from nunatak.simulate.field import smooth_noise
from nunatak.simulate.junk import CARBON_POTENTIAL_V, ICE_POTENTIAL_V
from nunatak.simulate.volume_densities import PROTEIN_POTENTIAL_V
from nunatak.simulate.volume_placement import Slab

Volume = NDArray[np.float32]

BEAD_POTENTIAL_V = 12 * PROTEIN_POTENTIAL_V
"""Effective: gold absorbs as well, which makes beads 10 to 15 times as dark as protein."""


class VolumeJunk(IntEnum):
    """What a voxel holds that is no complex."""

    NONE = 0
    MEMBRANE = 1
    MICROTUBULE = 2
    ACTIN = 3
    CONTAMINATION = 4
    CARBON = 5
    GOLD_BEAD = 6


def add_ball(
    volume: Volume,
    *,
    x_A: float,
    y_A: float,
    z_A: float,
    radius_A: float,
    potential_V: float,
    voxel_size_A: float,
) -> None:
    """Put a solid ball into a volume, in place; its rim is one voxel soft.

    Parameters
    ----------
    volume : ndarray, shape (nz, ny, nx), float32, V
        Potential net of ice.
    x_A, y_A, z_A
        Centre, Å from the centre of the first voxel.
    radius_A, potential_V, voxel_size_A
        Of the ball and of the volume.
    """
    nz, ny, nx = volume.shape
    spans = [
        np.arange(
            int(np.clip(np.floor((centre_A - radius_A) / voxel_size_A), 0, side)),
            int(np.clip(np.ceil((centre_A + radius_A) / voxel_size_A) + 1, 0, side)),
        )
        for centre_A, side in ((z_A, nz), (y_A, ny), (x_A, nx))
    ]
    dz, dy, dx = np.ix_(
        spans[0] * voxel_size_A - z_A, spans[1] * voxel_size_A - y_A, spans[2] * voxel_size_A - x_A
    )
    inside = np.clip((radius_A - np.sqrt(dz**2 + dy**2 + dx**2)) / voxel_size_A + 0.5, 0.0, 1.0)
    target = np.ix_(*spans)
    # Matter displaces what was there; it does not add to it.
    volume[target] += (inside * (potential_V - volume[target])).astype(np.float32)


def add_gold_beads(
    volume: Volume, count: int, rng: np.random.Generator, *, slab: Slab, voxel_size_A: float
) -> None:
    """Scatter gold beads of one batch, 40 to 60 Å in radius, as added for the alignment of tilts.

    Most of them lie on either surface of the ice, some within.
    """
    nz, ny, nx = volume.shape
    batch_radius_A = rng.uniform(40.0, 60.0)
    for _ in range(count):
        x_px, y_px = rng.uniform(0, nx - 1), rng.uniform(0, ny - 1)
        height = rng.choice([-1.0, 1.0]) if rng.random() < 0.7 else rng.uniform(-1.0, 1.0)
        middle_px = slab.middle_px((nz, ny, nx), x_px, y_px)
        add_ball(
            volume,
            x_A=x_px * voxel_size_A,
            y_A=y_px * voxel_size_A,
            z_A=middle_px * voxel_size_A + height * slab.thickness_A / 2,
            radius_A=batch_radius_A * rng.uniform(0.9, 1.1),
            potential_V=BEAD_POTENTIAL_V,
            voxel_size_A=voxel_size_A,
        )


def add_contamination(
    volume: Volume, count: int, rng: np.random.Generator, *, slab: Slab, voxel_size_A: float
) -> None:
    """Drop crumbs of frost and dirt, clusters of grains, onto the surfaces of the ice."""
    nz, ny, nx = volume.shape
    for _ in range(count):
        size_A = float(np.exp(rng.uniform(np.log(80.0), np.log(400.0))))
        x_px, y_px = rng.uniform(0, nx - 1), rng.uniform(0, ny - 1)
        surface_A = rng.choice([-0.5, 0.5]) * slab.thickness_A
        middle_A = slab.middle_px((nz, ny, nx), x_px, y_px) * voxel_size_A
        centre_A = np.array([x_px * voxel_size_A, y_px * voxel_size_A, middle_A + surface_A])
        potential_V = ICE_POTENTIAL_V * rng.uniform(0.6, 1.2)
        for _ in range(int(rng.integers(3, 12))):
            x_A, y_A, z_A = centre_A + rng.normal(0.0, 0.25 * size_A, 3)
            add_ball(
                volume,
                x_A=float(x_A),
                y_A=float(y_A),
                z_A=float(z_A),
                radius_A=0.5 * size_A * rng.uniform(0.15, 0.6),
                potential_V=potential_V,
                voxel_size_A=voxel_size_A,
            )


def add_carbon_film(
    volume: Volume, rng: np.random.Generator, *, slab: Slab, voxel_size_A: float
) -> None:
    """Lay grainy carbon film, 100 to 200 Å thick, under the ice outside a large hole."""
    nz, ny, nx = volume.shape
    y, x = np.meshgrid(np.arange(ny), np.arange(nx), indexing="ij")
    radius_A = rng.uniform(6000.0, 12000.0)
    direction_rad = rng.uniform(0, 2 * np.pi)
    rim_x_px, rim_y_px = rng.uniform(0, nx - 1), rng.uniform(0, ny - 1)
    from_rim_A = np.hypot(
        (x - rim_x_px) * voxel_size_A + radius_A * np.cos(direction_rad),
        (y - rim_y_px) * voxel_size_A + radius_A * np.sin(direction_rad),
    )
    outside = np.clip((from_rim_A - radius_A) / 30.0 + 0.5, 0.0, 1.0)
    thickness_A = rng.uniform(100.0, 200.0)
    # Both surfaces are uneven over tens of Å.
    roughness_px = 60.0 / voxel_size_A + 1
    unevenness_A = 10.0 * smooth_noise((ny, nx), roughness_px, rng)
    middle_px = slab.middle_px((nz, ny, nx), 0.0, 0.0) + slab.slope_x * x + slab.slope_y * y
    middle_A = middle_px * voxel_size_A - slab.thickness_A / 2 + unevenness_A
    for row in range(nz):
        height_A = np.abs(row * voxel_size_A - middle_A)
        film = np.clip((thickness_A / 2 - height_A) / voxel_size_A + 0.5, 0.0, 1.0) * outside
        carbon_V = CARBON_POTENTIAL_V - ICE_POTENTIAL_V  # what the film has more than the ice
        volume[row] += (film * (carbon_V - volume[row])).astype(np.float32)
