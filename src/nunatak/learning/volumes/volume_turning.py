"""Resample crops that are turned about z: along z first, then plane by plane."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import BSpline

SPLINE_ORDER: Final = 3
"""Of the interpolation: a linear one would blur the noise of turned crops."""

REACH_PX: Final = 2 * SPLINE_ORDER
"""The spline of a voxel reaches about so far that what lies beyond no longer matters."""


def turned(
    block: NDArray[np.float32], axes: NDArray[np.float64], first_px: NDArray[np.float64], side: int
) -> NDArray[np.float32]:
    """Resample a block on the grid of a cubic crop whose z axis is the block's.

    Parameters
    ----------
    block : ndarray, shape (nz, ny, nx), float32
        Reaches `REACH_PX` beyond the crop on all sides.
    axes : ndarray, shape (3, 3)
        Columns are the crop's steps along z, y and x in the block; z is independent of the others.
    first_px : ndarray, shape (3,)
        Place of the crop's first voxel in the block, z, y, x.
    side
        Of the crop.

    Returns
    -------
    ndarray, shape (side, side, side), float32

    Notes
    -----
    A tensor product of cubic splines, as `scipy.ndimage.affine_transform` computes it from the
    64 coefficients around every voxel. Since z does not mix with the other axes, four of them give
    a plane and 16 of this plane a voxel.
    """
    coefficients = ndimage.spline_filter(block, SPLINE_ORDER, output=np.float32)
    planes = _along_z(coefficients, first_px[0] + axes[0, 0] * np.arange(side))
    crop = np.empty((side, side, side), dtype=np.float32)
    for plane, target in zip(planes, crop, strict=True):
        ndimage.affine_transform(
            plane,
            axes[1:, 1:],
            offset=first_px[1:],
            output=target,
            output_shape=target.shape,
            order=SPLINE_ORDER,
            prefilter=False,
        )
    return crop


def _along_z(coefficients: NDArray[np.float32], z_px: NDArray[np.float64]) -> NDArray[np.float32]:
    """Sum the splines of the planes, each of which is centred on its plane, at some heights."""
    n_planes = len(coefficients)
    half = (SPLINE_ORDER + 1) // 2
    knots = np.arange(-half, n_planes + half, dtype=np.float64)
    weights = BSpline.design_matrix(z_px, knots, SPLINE_ORDER).astype(np.float32)
    planes: NDArray[np.float32] = weights @ coefficients.reshape(n_planes, -1)
    return planes.reshape(len(z_px), *coefficients.shape[1:])
