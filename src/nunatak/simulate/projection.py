"""Project a cloud of scatterers onto the image plane."""

import numpy as np
from numpy.typing import NDArray

from nunatak.simulate.density import Density


def random_rotation(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a rotation matrix drawn uniformly (normalised Gaussian quaternion), (3, 3)."""
    quaternion = rng.standard_normal(4)
    return rotation_of_quaternion(quaternion / np.linalg.norm(quaternion))


def rotation_of_quaternion(quaternion: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rotation matrix, shape (3, 3), of a unit quaternion ``(w, x, y, z)``."""
    w, x, y, z = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ],
        dtype=np.float32,
    )


def add_projection(
    field: NDArray[np.float32],
    density: Density,
    rotation: NDArray[np.float32],
    *,
    x_px: float,
    y_px: float,
    pixel_size_A: float,
    weight: float = 1.0,
) -> None:
    """Add the projected potential of one particle to a field, in place.

    Every scatterer is shared among its four nearest pixels in proportion to its distance
    (bilinear splatting), which keeps its position and its total exactly. Parts outside the
    field are lost.

    Parameters
    ----------
    field : ndarray, shape (ny, nx), float32, V·Å
        Projected potential.
    density
        The scatterers.
    rotation : ndarray, shape (3, 3)
        Applied to the column vectors ``(x, y, z)``.
    x_px, y_px
        Where the density's centre goes, pixels.
    pixel_size_A
        Å.
    weight
        Factor on the potential.
    """
    plane = density.positions_A @ rotation[:2].T / np.float32(pixel_size_A)
    x = plane[:, 0] + np.float32(x_px)
    y = plane[:, 1] + np.float32(y_px)
    ny, nx = field.shape
    left = max(int(np.floor(x.min())), 0)
    top = max(int(np.floor(y.min())), 0)
    width = min(int(np.floor(x.max())) + 2, nx) - left
    height = min(int(np.floor(y.max())) + 2, ny) - top
    if width <= 0 or height <= 0:
        return
    # A margin of two pixels around the patch collects what falls outside the field.
    column = np.floor(x).astype(np.int64)
    row = np.floor(y).astype(np.int64)
    fx, fy = x - column, y - row
    column = np.clip(column - left, -2, width) + 2
    row = np.clip(row - top, -2, height) + 2
    stride = width + 4
    index = row * stride + column
    value = density.potential_VA3 * np.float32(weight / pixel_size_A**2)
    patch = np.bincount(
        np.concatenate([index, index + 1, index + stride, index + stride + 1]),
        weights=np.concatenate(
            [
                value * (1 - fx) * (1 - fy),
                value * fx * (1 - fy),
                value * (1 - fx) * fy,
                value * fx * fy,
            ]
        ),
        minlength=(height + 4) * stride,
    ).reshape(height + 4, stride)
    field[top : top + height, left : left + width] += patch[2 : height + 2, 2 : width + 2]
