"""How much each voxel along an axis contributes to the pixels of a slab."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.volumes.resample_tomogram import SUPPORT_PX, cubic


@dataclass(frozen=True)
class AxisWeights:
    """Weights of voxels along one axis.

    Attributes
    ----------
    first : int
        The first voxel that contributes.
    weights : ndarray, shape (pixels, voxels), float32
        Rows add up to 1.
    inside : ndarray, shape (pixels,), bool
        Which pixels lie in the tomogram.
    """

    first: int
    weights: NDArray[np.float32]
    inside: NDArray[np.bool_]

    @property
    def stop(self) -> int:
        """One more than the last voxel that contributes."""
        return self.first + int(self.weights.shape[1])


def along(positions_px: NDArray[np.float64], length_px: int) -> AxisWeights:
    """Weigh voxels for evenly spaced pixels: cubic interpolation, antialiased.

    Parameters
    ----------
    positions_px : ndarray, shape (k,), float64
        Of the pixels, rising, voxels; at least two.
    length_px
        Of the tomogram along the axis; beyond its ends it is mirrored.

    Examples
    --------
    >>> along(np.array([1.0, 2.0]), 4).weights[:, 1:3].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    # Where voxels are merged the kernel is as much wider, so that nothing fine is left to alias.
    width = max(float(positions_px[1] - positions_px[0]), 1.0)
    reach = SUPPORT_PX * width
    taps = np.arange(
        int(np.floor(positions_px[0] - reach)), int(np.ceil(positions_px[-1] + reach)) + 1
    )
    weights = cubic((taps - positions_px[:, None]) / width)
    weights /= weights.sum(axis=1, keepdims=True)
    first = int(taps[0])
    if taps[0] < 0 or taps[-1] >= length_px:
        voxels = _mirrored(taps, length_px)
        first = int(voxels.min())
        weights = weights @ (voxels[:, None] == np.arange(first, voxels.max() + 1))
    inside = (positions_px >= -0.5) & (positions_px <= length_px - 0.5)
    return AxisWeights(first, weights.astype(np.float32), inside)


def across(centre_px: float, thickness_px: float, length_px: int) -> AxisWeights:
    """Weigh voxels for the mean across a slab.

    Parameters
    ----------
    centre_px
        Of the slab; outside of the tomogram its first or last voxel stands for it.
    thickness_px
        Voxels; at least one is taken.
    length_px
        Of the tomogram along the axis; what is beyond its ends is left out.

    Returns
    -------
    AxisWeights
        Of one pixel.

    Examples
    --------
    >>> across(5.0, 2.0, 10).weights.tolist()
    [[0.25, 0.5, 0.25]]
    """
    centre = float(np.clip(centre_px, 0.0, length_px - 1.0))
    half = max(thickness_px, 1.0) / 2
    first = max(int(np.floor(centre - half + 0.5)), 0)
    voxels = np.arange(first, min(int(np.ceil(centre + half - 0.5)), length_px - 1) + 1)
    overlap = np.minimum(voxels + 0.5, centre + half) - np.maximum(voxels - 0.5, centre - half)
    weights = (overlap / overlap.sum())[None]
    return AxisWeights(first, weights.astype(np.float32), np.ones(1, dtype=np.bool_))


def _mirrored(voxels: NDArray[np.int_], length_px: int) -> NDArray[np.int_]:
    """Fold voxel numbers at both ends, where the first and the last voxel repeat."""
    within = voxels % (2 * length_px)
    return np.minimum(within, 2 * length_px - 1 - within)
