"""Membranes of vesicles: lipid bilayers in a volume."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from nunatak.simulate.projection import random_rotation
from nunatak.simulate.volume_densities import PROTEIN_POTENTIAL_V

LEAFLET_SIGMA_A = 8.0
"""Half-width of one leaflet's head groups."""


@dataclass(frozen=True, kw_only=True)
class Vesicle:
    """A closed bilayer: an ellipsoid with a gentle ripple.

    Attributes
    ----------
    x_A, y_A, z_A : float
        Its centre, Å from the centre of the first voxel; it may lie outside the volume.
    semi_axes_A : tuple of float
        To the middle of the bilayer, before rotation.
    rotation : Rotation
        Of the ellipsoid.
    leaflets_apart_A : float
        Distance between the planes of the head groups.
    potential_V : float
        Of a leaflet's middle, net of ice.
    ripple : float
        Relative height of the ripple.
    ripple_phase_rad : tuple of float
        One for each of its three waves.
    """

    x_A: float
    y_A: float
    z_A: float
    semi_axes_A: tuple[float, float, float]
    rotation: Rotation
    leaflets_apart_A: float = 35.0
    potential_V: float = 0.4 * PROTEIN_POTENTIAL_V
    ripple: float = 0.0
    ripple_phase_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)


def random_vesicle(
    shape: tuple[int, int, int], voxel_size_A: float, rng: np.random.Generator
) -> Vesicle:
    """Draw a vesicle of 300 to 1500 Å semi-axes whose membrane crosses the volume.

    Parameters
    ----------
    shape
        ``(nz, ny, nx)`` of the volume, voxels.
    voxel_size_A
        Å.
    rng
        Source of randomness.
    """
    mean_A = float(np.exp(rng.uniform(np.log(300.0), np.log(1500.0))))
    a, b, c = (mean_A * float(rng.uniform(0.75, 1.3)) for _ in range(3))
    # A point of the membrane is drawn in the volume, and the centre follows from it.
    point_A = rng.uniform(0.0, np.array(shape[::-1]) * voxel_size_A)
    rotation = Rotation.from_matrix(random_rotation(rng).astype(np.float64))
    direction = rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    x_A, y_A, z_A = point_A - rotation.apply(direction * (a, b, c))
    first, second, third = rng.uniform(0, 2 * np.pi, 3)
    return Vesicle(
        x_A=float(x_A),
        y_A=float(y_A),
        z_A=float(z_A),
        semi_axes_A=(a, b, c),
        rotation=rotation,
        leaflets_apart_A=float(rng.uniform(28.0, 40.0)),
        potential_V=PROTEIN_POTENTIAL_V * float(rng.uniform(0.3, 0.5)),
        ripple=float(rng.uniform(0.0, 0.04)),
        ripple_phase_rad=(float(first), float(second), float(third)),
    )


def add_vesicle(volume: NDArray[np.float32], vesicle: Vesicle, voxel_size_A: float) -> None:
    """Add a vesicle's two leaflets to a volume, in place.

    Across the membrane each leaflet is a Gaussian of σ = 8 Å.

    Parameters
    ----------
    volume : ndarray, shape (nz, ny, nx), float32, V
        Potential net of ice; lipid is positive like protein.
    vesicle
        What to add.
    voxel_size_A
        Å.
    """
    nz, ny, nx = volume.shape
    reach_A = 1.1 * max(vesicle.semi_axes_A) + vesicle.leaflets_apart_A + 4 * LEAFLET_SIGMA_A
    spans = []
    for centre_A, side in ((vesicle.z_A, nz), (vesicle.y_A, ny), (vesicle.x_A, nx)):
        first = int(np.clip(np.floor((centre_A - reach_A) / voxel_size_A), 0, side))
        last = int(np.clip(np.ceil((centre_A + reach_A) / voxel_size_A) + 1, 0, side))
        spans.append(slice(first, last))
    y = np.arange(ny, dtype=np.float32)[spans[1], None] * np.float32(voxel_size_A)
    x = np.arange(nx, dtype=np.float32)[None, spans[2]] * np.float32(voxel_size_A)
    # Plane by plane: a large vesicle would else need several copies of the volume.
    for row in range(spans[0].start, spans[0].stop):
        height_A = _height_A(
            vesicle,
            x - np.float32(vesicle.x_A),
            y - np.float32(vesicle.y_A),
            np.float32(row * voxel_size_A - vesicle.z_A),
        )
        half_A = np.float32(vesicle.leaflets_apart_A / 2)
        spread = np.float32(0.5 / LEAFLET_SIGMA_A**2)
        # Both Gaussians lie as far from the middle, on either side.
        profile = np.exp(-spread * (height_A - half_A) ** 2)
        profile += np.exp(-spread * (height_A + half_A) ** 2)
        volume[row, spans[1], spans[2]] += np.float32(vesicle.potential_V) * profile


def _height_A(
    vesicle: Vesicle, x_A: NDArray[np.float32], y_A: NDArray[np.float32], z_A: np.float32
) -> NDArray[np.float32]:
    """Height over the middle of the membrane, Å, exact to first order close to it.

    For ``f = |u|`` with u the position in units of the semi-axes, the distance from the surface
    ``f = 1`` is ``(f - 1) / |∇f|``.
    """
    # Rows of the inverse rotation bring a place back into the ellipsoid's own axes.
    back = vesicle.rotation.inv().as_matrix().astype(np.float32)
    a, b, c = (np.float32(axis) for axis in vesicle.semi_axes_A)
    u, v, w = (
        (row[0] * x_A + row[1] * y_A + row[2] * z_A) / axis
        for row, axis in zip(back, (a, b, c), strict=True)
    )
    f = np.sqrt(u**2 + v**2 + w**2) + np.float32(1e-6)
    gradient = np.sqrt((u / a) ** 2 + (v / b) ** 2 + (w / c) ** 2) / f + np.float32(1e-9)
    if vesicle.ripple:
        first, second, third = (np.float32(phase) for phase in vesicle.ripple_phase_rad)
        waves = np.sin(4 * u / f + first) + np.sin(5 * v / f + second) + np.sin(6 * w / f + third)
        f = f * (1 + np.float32(vesicle.ripple / 3) * waves)
    return np.asarray((f - 1) / gradient, dtype=np.float32)
