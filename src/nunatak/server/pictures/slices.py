"""Slices through a tomogram."""

from typing import Literal

from nunatak.server.pictures.greys import Greys, to_greys
from nunatak.server.pictures.halving import block_means
from nunatak.server.pictures.volume import layers_around
from nunatak.server.pictures.volumes import OpenVolume

Plane = Literal["xy", "xz", "yz"]

SMALLEST_SIDE_PX = 512
"""A slice is offered at half the size as long as its longer side is more than this."""

_NORMALS: dict[Plane, int] = {"xy": 0, "xz": 1, "yz": 2}
"""The axis of ``[z, y, x]`` that the plane does not have."""


def slice_scales(shape: tuple[int, int, int]) -> list[int]:
    """Return voxels along one pixel of each size of slices."""
    scales = [1]
    while max(shape) > SMALLEST_SIDE_PX * scales[-1]:
        scales.append(2 * scales[-1])
    return scales


def draw_slice(
    opened: OpenVolume, plane: Plane, index: int, *, thickness: int = 1, size: int = 0
) -> Greys | None:
    """Draw a slice.

    Parameters
    ----------
    opened
        The tomogram.
    plane
        Its two axes, to the right and down; of ``yz`` y runs to the right.
    index
        Of the middle layer along the third axis.
    thickness
        Layers averaged; fewer at the ends of the axis.
    size
        How often its sides are halved.

    Returns
    -------
    ndarray, 2D, uint8, or None
        None where there is no such layer or size.
    """
    volume, axis = opened.volume, _NORMALS[plane]
    if index >= volume.shape[axis] or size >= len(slice_scales(volume.shape)):
        return None
    parts = [slice(0, side) for side in volume.shape]
    parts[axis] = layers_around(index, thickness, volume.shape[axis])
    values = volume.mean_along(axis, (parts[0], parts[1], parts[2]))
    return to_greys(block_means(values, 1 << size), opened.range_of(size, thickness))
