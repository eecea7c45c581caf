"""Where a crop lies in its tomogram: the one place that turns positions from one to the other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """Place, orientation and scale of a cubic crop.

    Crop position ``c`` (x, y, z) is tomogram position ``centre + axes (c - m)`` with the crop's
    middle ``m = (side - 1) / 2`` along all axes.

    Attributes
    ----------
    centre_px : ndarray, shape (3,), float64
        Of the crop in the tomogram, x, y, z, voxels.
    axes : ndarray, shape (3, 3), float64
        Its columns are the steps in the tomogram for one voxel of the crop along x, y and z.
    side_px : int
        Of the crop.
    """

    centre_px: FloatArray
    axes: FloatArray
    side_px: int

    @property
    def middle_px(self) -> float:
        """Position of the crop's centre in the crop, along every axis."""
        return (self.side_px - 1) / 2

    def to_tomogram(self, xyz_px: ArrayLike) -> FloatArray:
        """Map positions (..., 3) in the crop to the tomogram."""
        places = np.asarray(xyz_px, dtype=np.float64) - self.middle_px
        return np.asarray(places @ self.axes.T + self.centre_px, dtype=np.float64)

    def to_crop(self, xyz_px: ArrayLike) -> FloatArray:
        """Map positions (..., 3) in the tomogram to the crop."""
        places = np.asarray(xyz_px, dtype=np.float64) - self.centre_px
        back = np.linalg.inv(self.axes)
        return np.asarray(places @ back.T + self.middle_px, dtype=np.float64)

    def moved(self, axes: FloatArray, shift_px: FloatArray) -> "Pose":
        """Return the pose of a crop that is turned and scaled about its centre, then shifted.

        Parameters
        ----------
        axes : ndarray, shape (3, 3)
            Of the new crop in this one's.
        shift_px : ndarray, shape (3,)
            In the tomogram, x, y, z, voxels.
        """
        return Pose(self.centre_px + shift_px, self.axes @ axes, self.side_px)


def upright(start_px: ArrayLike, side_px: int, flips: ArrayLike = (False, False, False)) -> Pose:
    """Return the pose of a crop of whole voxels, mirrored along some axes.

    Parameters
    ----------
    start_px
        First voxel along x, y, z, integers.
    side_px
        Of the crop.
    flips
        Whether it is mirrored along x, y, z.

    Examples
    --------
    >>> pose = upright((10, 20, 30), 4, flips=(True, False, False))
    >>> pose.to_tomogram([0, 0, 0]).tolist()
    [13.0, 20.0, 30.0]
    """
    centre = np.asarray(start_px, dtype=np.float64) + (side_px - 1) / 2
    signs = np.where(np.asarray(flips, dtype=bool), -1.0, 1.0)
    return Pose(centre, np.diag(signs), side_px)


def output_places(side_px: int, stride: int, origin_px: float) -> FloatArray:
    """Positions of a network's output voxels in a crop, shape (m, m, m, 3): x, y, z by [z, y, x].

    Parameters
    ----------
    side_px
        Of the crop, a multiple of the stride.
    stride, origin_px
        Of the network's output.
    """
    along = np.arange(side_px // stride) * stride + origin_px
    z, y, x = np.meshgrid(along, along, along, indexing="ij")
    return np.stack([x, y, z], axis=-1)


def is_inside(
    xyz_px: FloatArray, shape: tuple[int, ...], *, margin_px: float = 0.0
) -> NDArray[np.bool_]:
    """Tell which positions (..., 3) lie in a volume ``[z, y, x]``, so far from its faces."""
    last = np.array(shape[::-1]) - 0.5 - margin_px
    return np.asarray(((xyz_px >= margin_px - 0.5) & (xyz_px <= last)).all(axis=-1), dtype=np.bool_)
