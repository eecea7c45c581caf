"""Tomograms in memory, as a network sees them, with their labels."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.volumes.working_tomogram import WorkingTomogram
from nunatak.errors import Mismatch
from nunatak.geometry import source_to_resampled
from nunatak.images.tomogram import Tomogram

_PLANES_AT_A_TIME = 16


@dataclass(frozen=True)
class WorkingVolume:
    """A tomogram at the working voxel size and on the common grey scale.

    Attributes
    ----------
    name : str
        As the user named it.
    voxels : ndarray, shape (nz, ny, nx), float16
        Of mean 0 and standard deviation 1. In half precision there is room in memory for twice
        as many tomograms, and its rounding is far below their noise.
    centres_px : ndarray, shape (n, 3), float64
        Of the labelled particles, x, y, z, working voxels.
    class_index : ndarray, shape (n,), int64
        Of each.
    is_complete : bool
        Whether all particles of all classes are labelled, so that everything else is empty.
    """

    name: str
    voxels: NDArray[np.float16]
    centres_px: NDArray[np.float64]
    class_index: NDArray[np.int64]
    is_complete: bool

    @property
    def is_labelled(self) -> bool:
        """Whether anything is known about it."""
        return self.is_complete or len(self.centres_px) > 0

    def counts(self, classes: int) -> NDArray[np.int64]:
        """Labelled particles of each class, shape (classes,)."""
        return np.bincount(self.class_index, minlength=classes).astype(np.int64)

    def described(self) -> list[Any]:
        """Name, size and labels in JSON values: what a training depends on."""
        digest = hashlib.sha256(self.centres_px.tobytes() + self.class_index.tobytes())
        size = " x ".join(str(length) for length in self.voxels.shape[::-1])
        known = "complete" if self.is_complete else "sparse" if self.is_labelled else "none"
        return [self.name, size, f"{known} labels {digest.hexdigest()[:12]}"]


def working_volume(
    tomogram: Tomogram,
    *,
    name: str,
    voxel_size_A: float,
    centres_px: NDArray[np.float64],
    class_index: NDArray[np.int64],
    is_complete: bool,
    inverted: bool = False,
) -> WorkingVolume:
    """Read a tomogram and bring it and its labels to the working voxel size.

    Parameters
    ----------
    tomogram
        Opened.
    name
        As the user named it.
    voxel_size_A
        Working voxel size, Å.
    centres_px : ndarray, shape (n, 3), float64
        Of the labelled particles, x, y, z, voxels of the stored tomogram.
    class_index
        Of each.
    is_complete
        Whether they are all there are.
    inverted
        Exchange dark and light.

    Raises
    ------
    BadInput
        If the tomogram is blank or damaged; `Mismatch` if a label lies outside it.
    """
    nz, ny, nx = tomogram.shape
    outside = ((centres_px < -0.5) | (centres_px > np.array([nx, ny, nz]) - 0.5)).any(axis=1)
    if outside.any():
        x, y, z = centres_px[np.flatnonzero(outside)[0]]
        raise Mismatch(
            f"{name}: {int(outside.sum())} of {len(centres_px)} labels lie outside the tomogram of "
            f"{nx} × {ny} × {nz} voxels (x × y × z), the first at ({x:.1f}, {y:.1f}, {z:.1f}). "
            "Check the unit and the binning of the labels."
        )
    working = WorkingTomogram.of(tomogram, voxel_size_A=voxel_size_A, inverted=inverted)
    voxels = np.empty(working.shape, dtype=np.float16)
    for z0 in range(0, len(voxels), _PLANES_AT_A_TIME):
        z1 = min(z0 + _PLANES_AT_A_TIME, len(voxels))
        voxels[z0:z1] = working[z0:z1]
    ratios = np.array(tomogram.shape[::-1]) / np.array(working.shape[::-1])
    places = [source_to_resampled(centres_px[:, axis], float(ratios[axis])) for axis in range(3)]
    return WorkingVolume(
        name=name,
        voxels=voxels,
        centres_px=np.column_stack(places),
        class_index=np.asarray(class_index, dtype=np.int64),
        is_complete=is_complete,
    )
