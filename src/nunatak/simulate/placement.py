"""Where particles lie in the ice."""

import numpy as np
from numpy.typing import NDArray

from nunatak.simulate.projection import rotation_of_quaternion


def place(
    shape: tuple[int, int],
    number: int,
    rng: np.random.Generator,
    *,
    spacing_px: float,
    margin_px: float = 0.0,
    clumping: float = 0.0,
) -> NDArray[np.float64]:
    """Draw positions that keep a distance from each other.

    Random sequential addition: candidates that come too close to an earlier one are dropped, so
    that a crowded field may hold fewer than asked for.

    Parameters
    ----------
    shape
        ``(ny, nx)``, pixels.
    number
        How many to aim for.
    rng
        Source of randomness.
    spacing_px
        Smallest distance between two positions, pixels.
    margin_px
        Positions may lie this far outside the field, so that particles are cut by its border.
    clumping
        Fraction of candidates drawn beside an earlier particle instead of anywhere.

    Returns
    -------
    ndarray, shape (n, 2), float64
        Columns x, y, pixels.
    """
    ny, nx = shape
    low = np.array([-margin_px - 0.5, -margin_px - 0.5])
    high = np.array([nx + margin_px - 0.5, ny + margin_px - 0.5])
    placed = np.empty((number, 2))
    count = 0
    for _ in range(8 * number):
        if count == number:
            break
        if count and rng.random() < clumping:
            angle = rng.uniform(0, 2 * np.pi)
            step = spacing_px * rng.uniform(1.0, 1.4)
            candidate = placed[rng.integers(count)] + step * np.array(
                [np.cos(angle), np.sin(angle)]
            )
            if (candidate < low).any() or (candidate > high).any():
                continue
        else:
            candidate = rng.uniform(low, high)
        distance2 = ((placed[:count] - candidate) ** 2).sum(axis=1)
        if not count or distance2.min() >= spacing_px**2:
            placed[count] = candidate
            count += 1
    return placed[:count].copy()


def tilted_about_view(
    view: NDArray[np.float32], spread_rad: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw an orientation near a preferred view: free in the plane, tilted by a little.

    Parameters
    ----------
    view : ndarray, shape (3, 3)
        Rotation that brings the particle into the preferred view.
    spread_rad
        Standard deviation of the tilt.
    rng
        Source of randomness.

    Returns
    -------
    ndarray, shape (3, 3), float32
    """
    tilt = rng.normal(0.0, spread_rad)
    axis = rng.uniform(0, 2 * np.pi)
    spin = rng.uniform(0, 2 * np.pi)
    out_of_plane = rotation_of_quaternion(
        np.array(
            [
                np.cos(tilt / 2),
                np.sin(tilt / 2) * np.cos(axis),
                np.sin(tilt / 2) * np.sin(axis),
                0.0,
            ]
        )
    )
    in_plane = rotation_of_quaternion(np.array([np.cos(spin / 2), 0.0, 0.0, np.sin(spin / 2)]))
    return np.asarray(in_plane @ out_of_plane @ view, dtype=np.float32)
