"""From a tomogram's file to what the network is given, slab by slab."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.volumes.resample_tomogram import resampled_tomogram
from nunatak.geometry import FloatArray, resampled_to_source
from nunatak.images.normalise_volume import VolumeScale, volume_scale
from nunatak.images.tomogram import Tomogram

VERSION = 1
"""Candidates found after another preparation are not mixed with these."""


@dataclass(frozen=True)
class WorkingTomogram:
    """A tomogram at the model's voxel size, on the common grey scale, with the model's contrast.

    Attributes
    ----------
    source : Tomogram
        As stored.
    resampled : Tomogram
        The same at the model's voxel size.
    scale : VolumeScale
        Of the resampled values.
    inverted : bool
        Whether dark and light are exchanged.
    """

    source: Tomogram
    resampled: Tomogram
    scale: VolumeScale
    inverted: bool

    @classmethod
    def of(
        cls, tomogram: Tomogram, *, voxel_size_A: float, inverted: bool = False
    ) -> "WorkingTomogram":
        """Resample and normalise a tomogram; only what the grey scale needs is read.

        Parameters
        ----------
        tomogram
            As stored.
        voxel_size_A
            The model's, Å. Tomograms whose own is the same to 1 % are taken as they are.
        inverted
            Exchange dark and light.

        Raises
        ------
        BadInput
            If the tomogram is blank, damaged, or of hardly any voxels at this size.
        """
        resampled = resampled_tomogram(tomogram, voxel_size_A)
        return cls(tomogram, resampled, volume_scale(resampled), inverted)

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(nz, ny, nx)`` in voxels of the model's size."""
        return self.resampled.shape

    def __getitem__(self, planes: slice) -> NDArray[np.float32]:
        """Read some planes, shape (planes, ny, nx); the slice has start and stop."""
        voxels = self.resampled.slab(planes.start, planes.stop)
        scaled = np.empty(voxels.shape, np.float32)
        # Plane by plane: all steps of one happen in the processor's cache.
        for plane, stored in zip(scaled, voxels, strict=True):
            plane[:] = self.scale.applied(stored, inverted=self.inverted)
        return scaled

    def to_source(self, xyz_px: FloatArray) -> FloatArray:
        """Map positions to voxels of the stored tomogram.

        Parameters
        ----------
        xyz_px : ndarray, shape (n, 3), float64
            Positions ``(x, y, z)`` in voxels of the model's size.

        Returns
        -------
        ndarray, shape (n, 3), float64
        """
        sides = zip(self.source.shape[::-1], self.shape[::-1], strict=True)
        axes = [
            resampled_to_source(at, stored / working)
            for at, (stored, working) in zip(xyz_px.T, sides, strict=True)
        ]
        return np.column_stack(axes)
