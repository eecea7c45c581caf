"""Tomograms as a network sees them, with their labels."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.volumes.working_tomogram import WorkingTomogram
from nunatak.geometry import source_to_resampled
from nunatak.images.tomogram import Tomogram
from nunatak.learning.volumes.volume_scratch import VolumeScratch, Voxels

_PLANES_AT_A_TIME = 16


@dataclass(frozen=True)
class WorkingVolume:
    """A tomogram at the working voxel size and on the common grey scale.

    Attributes
    ----------
    name : str
        As the user named it.
    voxels : Voxels, shape (nz, ny, nx), float16
        Of mean 0 and standard deviation 1: an array, or what reads as one from a file. In half
        precision there is room for twice as many tomograms, and its rounding is far below their
        noise.
    centres_px : ndarray, shape (n, 3), float64
        Of the labelled particles, x, y, z, working voxels.
    class_index : ndarray, shape (n,), int64
        Of each.
    is_complete : bool
        Whether all particles of all classes are labelled, so that everything else is empty.
    empty_px : ndarray, shape (m, 3), float64
        Places known to be no particle, x, y, z, working voxels.
    unclear_px : ndarray, shape (k, 3), float64
        Places of which nobody knows what they hold, even if all else is labelled; some may lie
        outside.
    """

    name: str
    voxels: Voxels
    centres_px: NDArray[np.float64]
    class_index: NDArray[np.int64]
    is_complete: bool
    empty_px: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    unclear_px: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))

    @property
    def is_labelled(self) -> bool:
        """Whether anything is known about it."""
        return self.is_complete or len(self.centres_px) + len(self.empty_px) > 0

    def counts(self, classes: int) -> NDArray[np.int64]:
        """Labelled particles of each class, shape (classes,)."""
        return np.bincount(self.class_index, minlength=classes).astype(np.int64)

    def described(self) -> list[Any]:
        """Name, size and labels in JSON values: what a training depends on."""
        digest = hashlib.sha256(self.centres_px.tobytes() + self.class_index.tobytes())
        digest.update(self.empty_px.tobytes())
        digest.update(self.unclear_px.tobytes())
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
    empty_px: NDArray[np.float64],
    unclear_px: NDArray[np.float64],
    is_complete: bool,
    inverted: bool = False,
    scratch: VolumeScratch | None = None,
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
    empty_px : ndarray, shape (m, 3), float64
        Places known to be no particle, as ``centres_px``.
    unclear_px : ndarray, shape (k, 3), float64
        Places of which nobody knows, as ``centres_px``.
    is_complete
        Whether the particles are all there are.
    inverted
        Exchange dark and light.
    scratch
        Where its voxels are kept; None keeps them in memory.

    Raises
    ------
    BadInput
        If the tomogram is blank or damaged.
    ResourceError
        If there is no room to keep it.
    """
    working = WorkingTomogram.of(tomogram, voxel_size_A=voxel_size_A, inverted=inverted)
    voxels: Voxels
    if scratch is None:
        voxels = np.concatenate(list(_slabs(working)))
    else:
        voxels = scratch.kept(working.shape, _slabs(working))
    ratios = np.array(tomogram.shape[::-1]) / np.array(working.shape[::-1])

    def resampled(xyz_px: NDArray[np.float64]) -> NDArray[np.float64]:
        axes = zip(xyz_px.T, ratios.tolist(), strict=True)
        return np.column_stack([source_to_resampled(axis, ratio) for axis, ratio in axes])

    return WorkingVolume(
        name=name,
        voxels=voxels,
        centres_px=resampled(centres_px),
        class_index=np.asarray(class_index, dtype=np.int64),
        is_complete=is_complete,
        empty_px=resampled(empty_px),
        unclear_px=resampled(unclear_px),
    )


def _slabs(working: WorkingTomogram) -> Iterator[NDArray[np.float16]]:
    for z0 in range(0, working.shape[0], _PLANES_AT_A_TIME):
        z1 = min(z0 + _PLANES_AT_A_TIME, working.shape[0])
        yield working[z0:z1].astype(np.float16)
