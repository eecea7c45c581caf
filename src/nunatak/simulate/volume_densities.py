"""Render a cloud of scatterers into a volume."""

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from nunatak.simulate.density import (
    DALTON_PER_ATOM,
    POTENTIAL_PER_ATOM_VA3,
    PROTEIN_DENSITY_DA_PER_A3,
    Density,
)

PROTEIN_POTENTIAL_V = POTENTIAL_PER_ATOM_VA3 * PROTEIN_DENSITY_DA_PER_A3 / DALTON_PER_ATOM
"""Mean potential of packed protein net of the ice that it displaces, V."""

_SPACING_PER_VOXEL = 0.5  # scatterers twice as dense as voxels leave no holes in any orientation
_FEWEST_SCATTERERS = 500
_LARGEST_VARIANCE_PX2 = 0.5  # of a kernel of three taps; beyond it the middle tap vanishes


def suited_to_voxels(density: Density, voxel_size_A: float, rng: np.random.Generator) -> Density:
    """Merge scatterers that are finer than half a voxel, which costs time and shows nothing.

    Parameters
    ----------
    density
        A complex.
    voxel_size_A
        Of the volumes it will be rendered into, Å.
    rng
        See `Density.thinned`.

    Returns
    -------
    Density
        This very object if it is coarse enough already.
    """
    volume_A3 = density.mass_kDa * 1000.0 / PROTEIN_DENSITY_DA_PER_A3
    enough = round(volume_A3 / (_SPACING_PER_VOXEL * voxel_size_A) ** 3)
    return density.thinned(max(enough, _FEWEST_SCATTERERS), rng)


def add_density(
    volume: NDArray[np.float32],
    density: Density,
    rotation: Rotation,
    *,
    x_px: float,
    y_px: float,
    z_px: float,
    voxel_size_A: float,
    weight: float = 1.0,
) -> None:
    """Add the potential of one particle to a volume, in place.

    The potential at r is ``ρ(Rᵀ (r - c))``: the rotation R turns the particle's reference into
    its place, and its centre goes to c (see `nunatak.rotations`). Every scatterer is shared among
    its eight nearest voxels in proportion to its distance (trilinear splatting), which keeps its
    position and its total exactly; its blur follows. Parts outside the volume are lost.

    Parameters
    ----------
    volume : ndarray, shape (nz, ny, nx), float32, V
        Potential net of ice; protein is positive.
    density
        The scatterers.
    rotation
        Orientation of the particle, a single rotation.
    x_px, y_px, z_px
        Where the density's centre goes, voxels.
    voxel_size_A
        Å.
    weight
        Factor on the potential.
    """
    centre = np.array([x_px, y_px, z_px])
    points = density.positions_A @ rotation.as_matrix().T / voxel_size_A + centre
    variance_px2 = (density.blur_A / voxel_size_A) ** 2
    passes = int(np.ceil(variance_px2 / _LARGEST_VARIANCE_PX2))
    # One more voxel than the blur reaches: what lies outside the volume may still shine into it.
    low = np.floor(points.min(axis=0)).astype(np.int64) - passes
    high = np.floor(points.max(axis=0)).astype(np.int64) + 2 + passes
    size = np.array(volume.shape[::-1])
    low, high = np.maximum(low, -passes), np.minimum(high, size + passes)
    if (high - passes <= 0).any() or (low + passes >= size).any():
        return
    values = density.potential_VA3.astype(np.float64) * (weight / voxel_size_A**3)
    patch = _splatted(points - low, values, high - low)
    if passes:
        patch = _blurred(patch, variance_px2 / passes, passes)
    first, last = np.maximum(low, 0), np.minimum(high, size)
    target = tuple(slice(a, b) for a, b in zip(first[::-1], last[::-1], strict=True))
    source = tuple(
        slice(a, b) for a, b in zip((first - low)[::-1], (last - low)[::-1], strict=True)
    )
    volume[target] += patch[source].astype(np.float32)


def _splatted(
    points: NDArray[np.float64], values: NDArray[np.float64], size: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Share values among their eight nearest voxels; those outside are lost.

    ``points`` and ``size`` are in the order x, y, z; the result is ``[z, y, x]``.
    """
    corner = np.floor(points).astype(np.int64)
    fraction = points - corner
    # A border of two voxels collects what falls outside.
    corner = np.clip(corner, -2, size) + 2
    nx, ny, nz = (int(side) + 4 for side in size)
    index = (corner[:, 2] * ny + corner[:, 1]) * nx + corner[:, 0]
    indices, weights = [], []
    for dz in (0, 1):
        along_z = values * (fraction[:, 2] if dz else 1 - fraction[:, 2])
        for dy in (0, 1):
            along_y = along_z * (fraction[:, 1] if dy else 1 - fraction[:, 1])
            start = index + (dz * ny + dy) * nx
            indices += [start, start + 1]
            weights += [along_y * (1 - fraction[:, 0]), along_y * fraction[:, 0]]
    flat = np.bincount(np.concatenate(indices), np.concatenate(weights), minlength=nx * ny * nz)
    return np.asarray(flat.reshape(nz, ny, nx)[2:-2, 2:-2, 2:-2], dtype=np.float64)


def _blurred(patch: NDArray[np.float64], variance_px2: float, passes: int) -> NDArray[np.float64]:
    """Widen by a variance per pass and axis.

    A sampled Gaussian narrower than a voxel has too small a variance; three taps with the right
    one, repeated, tend to the Gaussian and keep the variance exact at any width.
    """
    side = 0.5 * variance_px2
    taps = np.array([side, 1 - 2 * side, side])
    for axis in range(3):
        for _ in range(passes):
            patch = scipy.ndimage.correlate1d(patch, taps, axis=axis, mode="constant")
    return patch
