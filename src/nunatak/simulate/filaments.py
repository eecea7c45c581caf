"""Filaments of the cytoskeleton as helices of globular subunits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.simulate.density import Density

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Helix:
    """How subunits follow each other along a filament.

    Attributes
    ----------
    name : str
    rise_A, twist_deg : float
        From one subunit to the next along the one-start helix.
    radius_A : float
        From the axis to the subunits' centres.
    subunit_kDa : float
    gyration_A : float
        Radius of gyration of a subunit: a Gaussian of 1/√3 of it along each axis.
    sharpest_bend_A : float
        Smallest radius of curvature that is drawn.
    """

    name: str
    rise_A: float
    twist_deg: float
    radius_A: float
    subunit_kDa: float
    gyration_A: float
    sharpest_bend_A: float


MICROTUBULE = Helix(
    # 13 straight protofilaments of monomers 40.5 Å apart, on a left-handed helix of three starts:
    # the neighbour at -360/13 degrees sits 3 · 40.5 / 13 Å higher (Nogales et al., Cell 96, 79,
    # 1999). One helix through all monomers has 9 (the inverse of 3 modulo 13) such steps a unit.
    name="microtubule",
    rise_A=40.5 / 13,
    twist_deg=-9 * 360 / 13,
    radius_A=112.0,
    subunit_kDa=50.0,
    gyration_A=20.0,
    sharpest_bend_A=20_000.0,
)

ACTIN = Helix(
    # Rise and twist of F-actin (Fujii et al., Nature 467, 724, 2010).
    name="actin",
    rise_A=27.6,
    twist_deg=-166.6,
    radius_A=16.0,
    subunit_kDa=42.0,
    gyration_A=22.0,
    sharpest_bend_A=4_000.0,
)


@dataclass(frozen=True, kw_only=True)
class Filament:
    """A stretch of filament in its place.

    Attributes
    ----------
    density : Density
        Its subunits, centred, in the volume's axes: it is rendered without a rotation.
    x_A, y_A, z_A : float
        Where the density's centre goes, Å from the centre of the first voxel.
    """

    density: Density
    x_A: float
    y_A: float
    z_A: float


def random_filament(
    helix: Helix, shape: tuple[int, int, int], voxel_size_A: float, rng: np.random.Generator
) -> Filament:
    """Draw a filament that runs through the volume from border to border.

    It passes through a random place, lies within 20° of the plane of the ice, as thin ice makes
    filaments do, and bends gently along an arc of a circle.

    Parameters
    ----------
    helix
        What kind.
    shape
        ``(nz, ny, nx)`` of the volume, voxels.
    voxel_size_A
        Å.
    rng
        Source of randomness.
    """
    size_A = np.array(shape[::-1]) * voxel_size_A
    place_A = rng.uniform(0.1 * size_A, 0.9 * size_A)
    azimuth_rad, elevation_rad = rng.uniform(0, 2 * np.pi), np.deg2rad(rng.uniform(-20.0, 20.0))
    along = np.array(
        [
            np.cos(elevation_rad) * np.cos(azimuth_rad),
            np.cos(elevation_rad) * np.sin(azimuth_rad),
            np.sin(elevation_rad),
        ]
    )
    bend_A = helix.sharpest_bend_A * float(np.exp(rng.uniform(0.0, 2.0)))
    # Long enough to leave the volume on both sides from anywhere within.
    half_length_A = float(np.linalg.norm(size_A))
    centres = subunit_centres_A(
        helix,
        length_A=2 * half_length_A,
        along=along,
        bend_A=bend_A,
        phase_rad=rng.uniform(0, 2 * np.pi),
    )
    centres = centres + place_A
    near = ((centres > -100.0) & (centres < size_A + 100.0)).all(axis=1)
    centres = centres[near]
    density = Density.from_scatterers(
        helix.name,
        centres,
        np.ones(len(centres)),
        mass_kDa=helix.subunit_kDa * len(centres),
        blur_A=helix.gyration_A / 3**0.5,
    )
    x_A, y_A, z_A = centres.mean(axis=0)
    return Filament(density=density, x_A=float(x_A), y_A=float(y_A), z_A=float(z_A))


def subunit_centres_A(
    helix: Helix, *, length_A: float, along: FloatArray, bend_A: float, phase_rad: float
) -> FloatArray:
    """Centres of a filament's subunits, its middle at the origin.

    Parameters
    ----------
    helix
        What kind.
    length_A
        Along the axis.
    along : ndarray, shape (3,)
        Direction ``(x, y, z)`` of the axis in the middle, of length 1, not along z.
    bend_A
        Radius of curvature of the axis, in a plane that holds ``along``.
    phase_rad
        Turns the subunits about the axis.

    Returns
    -------
    ndarray, shape (n, 3), float64
        Columns x, y, z, Å.
    """
    sideways = np.cross([0.0, 0.0, 1.0], along)
    sideways /= np.linalg.norm(sideways)
    upwards = np.cross(along, sideways)
    count = int(length_A / helix.rise_A) + 1
    arc_rad = ((np.arange(count) - (count - 1) / 2) * helix.rise_A / bend_A)[:, None]
    axis = bend_A * (np.sin(arc_rad) * along + (1 - np.cos(arc_rad)) * sideways)
    inwards = np.cos(arc_rad) * sideways - np.sin(arc_rad) * along
    turn_rad = (phase_rad + np.deg2rad(helix.twist_deg) * np.arange(count))[:, None]
    around = np.cos(turn_rad) * inwards + np.sin(turn_rad) * upwards
    centres: FloatArray = axis + helix.radius_A * around
    return centres
