"""A tomogram at another voxel size, of which only the part that is asked for is made."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from nunatak.errors import BadInput
from nunatak.geometry import resampled_to_source
from nunatak.images.pixel_size import same
from nunatak.images.source import Pixels
from nunatak.images.tomogram import Box, Tomogram

MINIMUM_SIDE_PX = 4
"""A tomogram thinner than this after resampling cannot hold a particle."""

SHARPNESS = -0.5
"""Of the cubic kernel (Keys, doi 10.1109/TASSP.1981.1163711, equation 4): the one that torch's
antialiased interpolation has, so that all three axes are treated alike."""

SUPPORT_PX = 2.0
_PLANES_AT_A_TIME = 16


def resampled_tomogram(tomogram: Tomogram, voxel_size_A: float) -> Tomogram:
    """Resample a tomogram by the exact ratio per axis.

    Antialiased cubic interpolation; the outer faces of the volume stay in place, so that
    positions follow `nunatak.geometry.resampled_to_source` with the ratio of the two shapes.

    Parameters
    ----------
    tomogram
        Any; nothing is read yet.
    voxel_size_A
        Wanted, Å.

    Returns
    -------
    Tomogram
        float32. The same tomogram if its voxel size is the wanted one to 1 %.

    Raises
    ------
    BadInput
        If hardly a voxel would be left along an axis.
    """
    if same(tomogram.voxel_size_A, voxel_size_A):
        return tomogram
    factor = tomogram.voxel_size_A / voxel_size_A
    nz, ny, nx = tomogram.shape
    shape = round(nz * factor), round(ny * factor), round(nx * factor)
    if min(shape) < MINIMUM_SIDE_PX:
        raise BadInput(
            f"{tomogram.info.path}: {nx} × {ny} × {nz} voxels of {tomogram.voxel_size_A:g} Å are "
            f"{shape[2]} × {shape[1]} × {shape[0]} voxels of {voxel_size_A:g} Å, the size that "
            "the model works at. Check the voxel size."
        )

    def read_box(box: Box) -> Pixels:
        z, y, x = box
        parts = [
            _planes(tomogram, shape, z0, min(z0 + _PLANES_AT_A_TIME, z.stop))
            for z0 in range(z.start, z.stop, _PLANES_AT_A_TIME)
        ]
        return np.concatenate(parts)[:, y, x]

    info = replace(tomogram.info, shape=shape, dtype=np.dtype(np.float32))
    return replace(tomogram, info=info, voxel_size_A=voxel_size_A, read_box=read_box)


def _planes(
    tomogram: Tomogram, shape: tuple[int, int, int], z0: int, z1: int
) -> NDArray[np.float32]:
    """Return planes ``z0`` up to, without, ``z1`` of the resampled volume."""
    first, weights = axis_weights(tomogram.shape[0], shape[0], z0, z1)
    source = tomogram.slab(first, first + weights.shape[1])
    planes = torch.from_numpy(np.array(source, dtype=np.float32, order="C"))
    ny, nx = planes.shape[1:]
    along_z = torch.from_numpy(weights) @ planes.reshape(len(planes), ny * nx)
    resampled = functional.interpolate(
        along_z.reshape(1, z1 - z0, ny, nx),
        size=shape[1:],
        mode="bicubic",
        antialias=True,
        align_corners=False,
    )
    return np.ascontiguousarray(resampled[0].numpy())


def axis_weights(
    source_px: int, resampled_px: int, start: int, stop: int
) -> tuple[int, NDArray[np.float32]]:
    """Return what source voxels contribute to some resampled ones, along one axis.

    Parameters
    ----------
    source_px, resampled_px
        Lengths of the axis before and after.
    start, stop
        Of the resampled voxels that are wanted.

    Returns
    -------
    first : int
        The first source voxel that contributes.
    weights : ndarray, shape (stop - start, contributing source voxels), float32
        Rows add to 1. Beyond the ends there is nothing: the others weigh more there.
    """
    ratio = source_px / resampled_px
    # Where voxels are merged the kernel is as much wider, so that nothing fine is left to alias.
    width = max(ratio, 1.0)
    centre = resampled_to_source(np.arange(start, stop), ratio)
    first = max(0, int(np.ceil(centre[0] - SUPPORT_PX * width)))
    last = min(source_px - 1, int(np.floor(centre[-1] + SUPPORT_PX * width)))
    weights = cubic((np.arange(first, last + 1) - centre[:, None]) / width)
    weights /= weights.sum(axis=1, keepdims=True)
    return first, weights.astype(np.float32)


def cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' cubic convolution kernel."""
    t, a = np.abs(distance), SHARPNESS
    near = ((a + 2) * t - (a + 3)) * t**2 + 1
    far = ((t - 5) * t + 8) * t * a - 4 * a
    kernel: NDArray[np.float64] = np.where(t < 1, near, np.where(t < SUPPORT_PX, far, 0.0))
    return kernel
