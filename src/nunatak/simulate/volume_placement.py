"""Where particles lie in a slab of ice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

_TRIES = 30  # for each particle; in a crowd most are in vain
_COARSE = 2  # voxels per cell of the clearance map: an eighth of the memory and the time


@dataclass(frozen=True, kw_only=True)
class Slab:
    """The layer of ice that holds the specimen, lying almost flat in the volume.

    Attributes
    ----------
    thickness_A : float
        Measured along z.
    slope_x, slope_y : float
        Rise of its middle along x and y (tangent of the angle).
    """

    thickness_A: float
    slope_x: float = 0.0
    slope_y: float = 0.0

    def middle_px(self, shape: tuple[int, int, int], x_px: float, y_px: float) -> float:
        """Height of the slab's middle at a place, voxels; the volume's middle at its centre."""
        nz, ny, nx = shape
        rise_px = self.slope_x * (x_px - (nx - 1) / 2) + self.slope_y * (y_px - (ny - 1) / 2)
        return (nz - 1) / 2 + rise_px


def clearance_px(occupied: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance from each place to the nearest occupied voxel, never more than the truth.

    Parameters
    ----------
    occupied : ndarray, shape (nz, ny, nx), bool
        Where something else is.

    Returns
    -------
    ndarray, float32, voxels
        One value per block of 2 × 2 × 2 voxels (shape rounded up); infinite where nothing is
        occupied at all.
    """
    pads = [(0, -side % _COARSE) for side in occupied.shape]
    padded = np.pad(occupied, pads)
    nz, ny, nx = (side // _COARSE for side in padded.shape)
    blocks = padded.reshape(nz, _COARSE, ny, _COARSE, nx, _COARSE).any(axis=(1, 3, 5))
    if not blocks.any():
        return np.full(blocks.shape, np.inf, np.float32)
    distance = scipy.ndimage.distance_transform_edt(np.logical_not(blocks))
    # From centre to centre: each of the two blocks takes up to half of its diagonal.
    return np.maximum(distance * _COARSE - _COARSE * 3**0.5, 0.0).astype(np.float32)


def place_spheres(
    shape: tuple[int, int, int],
    radii_px: Sequence[float],
    rng: np.random.Generator,
    *,
    slab: Slab,
    voxel_size_A: float,
    clearance: NDArray[np.float32] | None = None,
    margin_px: float = 0.0,
    clumping: float = 0.0,
) -> NDArray[np.float64]:
    """Find places for spheres that touch neither each other nor what is there already.

    Random sequential addition, the largest first, because late ones find little room. A sphere
    without room after 30 tries is left out.

    Parameters
    ----------
    shape
        ``(nz, ny, nx)``, voxels.
    radii_px
        Of the spheres.
    rng
        Source of randomness.
    slab
        Spheres lie wholly within it; one that is larger lies at its middle.
    voxel_size_A
        Å.
    clearance
        Of `clearance_px`; None where the volume is empty.
    margin_px
        Centres may lie this far outside the volume in x and y, so that particles are cut.
    clumping
        Fraction of candidates that touch an earlier sphere (nearly) instead of lying anywhere.

    Returns
    -------
    ndarray, shape (n, 3), float64, voxels
        Columns x, y, z in the order of ``radii_px``; NaN for spheres that found no room.
    """
    radii = np.asarray(radii_px, dtype=np.float64)
    places = np.full((len(radii), 3), np.nan)
    taken = np.empty((len(radii), 3))
    taken_radii = np.empty(len(radii))
    count = 0
    _, ny, nx = shape
    low = np.array([-0.5 - margin_px, -0.5 - margin_px])
    high = np.array([nx - 0.5 + margin_px, ny - 0.5 + margin_px])
    for number in np.argsort(-radii, kind="stable"):
        radius = radii[number]
        play_px = max(slab.thickness_A / voxel_size_A / 2 - radius, 0.0)
        for _ in range(_TRIES):
            if count and rng.random() < clumping:
                beside = int(rng.integers(count))
                direction = rng.standard_normal(3)
                step = (radius + taken_radii[beside]) * rng.uniform(1.0, 1.2)
                candidate = taken[beside] + step * direction / np.linalg.norm(direction)
                if (candidate[:2] < low).any() or (candidate[:2] > high).any():
                    continue
            else:
                candidate = np.append(rng.uniform(low, high), 0.0)
                candidate[2] = slab.middle_px(shape, *candidate[:2]) + rng.uniform(
                    -play_px, play_px
                )
            height = candidate[2] - slab.middle_px(shape, *candidate[:2])
            if abs(height) > play_px + 1e-9:
                continue
            if clearance is not None and _clear(clearance, candidate) < radius:
                continue
            distance2 = ((taken[:count] - candidate) ** 2).sum(axis=1)
            if (distance2 < (taken_radii[:count] + radius) ** 2).any():
                continue
            taken[count], taken_radii[count] = candidate, radius
            places[number] = candidate
            count += 1
            break
    return places


def _clear(clearance: NDArray[np.float32], xyz_px: NDArray[np.float64]) -> float:
    """Clearance at a place; outside of the volume that of its nearest block."""
    block = np.floor((xyz_px[::-1] + 0.5) / _COARSE).astype(np.int64)
    inside = np.clip(block, 0, np.array(clearance.shape) - 1)
    return float(clearance[tuple(inside)])
