"""What the shipped detector says of the places of picks in tomograms."""

from os import PathLike

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.contrast import Side
from nunatak.detection.precision import Precision
from nunatak.detection.volumes.by_diameter import size_shares
from nunatak.detection.volumes.pick_tomograms import GENERAL_MODEL
from nunatak.detection.volumes.volume_model import VolumeModel, load_volume_model
from nunatak.detection.volumes.volume_scoring import VolumeScorer
from nunatak.detection.volumes.working_tomogram import WorkingTomogram
from nunatak.errors import UsageError
from nunatak.geometry import source_to_resampled
from nunatak.images.tomogram import Tomogram

REACH_DIAMETERS = 0.25
"""A pick may lie so far from the detector's peak: pickers centre particles differently."""

FloatArray = NDArray[np.float64]


class VolumeDetectorScores:
    """Looks up a detector's logits at the places of picks.

    Parameters
    ----------
    model
        A detector whose heatmaps are sizes, or the path or name of one.
    device, precision
        As for `nunatak.detection.volumes.volume_scoring.VolumeScorer`.

    Raises
    ------
    UsageError
        If the heatmaps are kinds.
    """

    def __init__(
        self,
        model: VolumeModel | str | PathLike[str] = GENERAL_MODEL,
        *,
        device: str = "auto",
        precision: Precision = "auto",
    ) -> None:
        detector = model if isinstance(model, VolumeModel) else load_volume_model(model)
        self._header = detector.header
        if self._header.classes_are != "sizes":
            raise UsageError(
                f"{detector.path or self._header.name} finds particles that it knows; picks are "
                "judged by a model that finds particles by their size, such as "
                f"'{GENERAL_MODEL}'."
            )
        self._sizes_A = [size.diameter_A for size in self._header.classes]
        self._scorer = VolumeScorer(detector.network, device=device, precision=precision)

    def at(
        self,
        tomogram: Tomogram,
        positions_px: FloatArray,
        diameters_A: FloatArray,
        contrast: Side,
    ) -> FloatArray:
        """Return the largest logit within a quarter of a diameter of each position.

        Between two sizes the logit is interpolated, and beyond them the voxels are taken larger or
        smaller, as `nunatak.detection.volumes.by_diameter.for_diameter` does: the whole tomogram
        is scored once for all diameters between, and once more for each beyond.

        Parameters
        ----------
        tomogram
            As stored.
        positions_px : ndarray, shape (n, 3), float64
            Columns x, y, z, voxels of the tomogram.
        diameters_A : ndarray, shape (n,), float64
            Of the particles, Å.
        contrast
            Particles in the tomogram.

        Returns
        -------
        ndarray, shape (n,), float64

        Raises
        ------
        BadInput
            If the tomogram is blank or damaged.
        ResourceError
            If the device's memory does not suffice.
        """
        factors = diameters_A / np.clip(diameters_A, self._sizes_A[0], self._sizes_A[-1])
        logits = np.full(len(positions_px), -np.inf)
        for factor in np.unique(factors).tolist():
            rows = np.flatnonzero(factors == factor)
            working = WorkingTomogram.of(
                tomogram,
                voxel_size_A=self._header.voxel_size_A * factor,
                inverted=contrast != self._header.contrast,
            )
            shares = np.array([size_shares(self._sizes_A, one) for one in diameters_A[rows]])
            reach = REACH_DIAMETERS * diameters_A[rows] / (self._header.voxel_size_A * factor)
            places = _places_in(working, positions_px[rows])
            stride = self._scorer.stride
            cells = (places - self._scorer.origin_px) / stride
            for slab in self._scorer.slabs(working):
                maps = slab.values[: len(self._sizes_A)]
                near = largest_in_slab(maps, slab.start, cells, reach / stride, shares)
                logits[rows] = np.maximum(logits[rows], near)
        return np.where(np.isfinite(logits), logits, np.nan)


def largest_in_slab(
    maps: NDArray[np.float32],
    start: int,
    cells: FloatArray,
    reach: FloatArray,
    shares: FloatArray,
) -> FloatArray:
    """Return the largest value near each position in some planes of score maps.

    Parameters
    ----------
    maps : ndarray, shape (sizes, planes, my, mx), float32
    start
        Number of the first plane.
    cells : ndarray, shape (n, 3), float64
        Columns x, y, z, cells of the whole maps.
    reach : ndarray, shape (n,), float64
        How near, cells; the cell at the position always counts.
    shares : ndarray, shape (n, sizes), float64
        Weights of the maps for each position.

    Returns
    -------
    ndarray, shape (n,), float64
        Minus infinity where no plane is near.
    """
    _, planes, my, mx = maps.shape
    largest = np.full(len(cells), -np.inf)
    for row, (cell, radius) in enumerate(zip(cells, reach.tolist(), strict=True)):
        nearest = np.rint(cell).astype(np.int64)
        low = np.minimum(np.ceil(cell - radius).astype(np.int64), nearest)
        high = np.maximum(np.floor(cell + radius).astype(np.int64), nearest)
        low = np.maximum(low, (0, 0, start))
        high = np.minimum(high, (mx - 1, my - 1, start + planes - 1))
        if (low > high).any():
            continue
        x, y, z = (np.arange(a, b + 1) for a, b in zip(low, high, strict=True))
        squares = [(one - at) ** 2 for one, at in zip((x, y, z), cell, strict=True)]
        distance2 = squares[2][:, None, None] + squares[1][:, None] + squares[0]
        within = distance2 <= radius**2
        if (low <= nearest).all() and (nearest <= high).all():
            column, line, plane = nearest - low
            within[plane, line, column] = True
        if within.any():
            sizes = np.flatnonzero(shares[row])
            part = maps[sizes, z[0] - start : z[-1] + 1 - start, y[0] : y[-1] + 1, x[0] : x[-1] + 1]
            mixed = np.tensordot(shares[row][sizes], part, axes=1)
            largest[row] = mixed[within].max()
    return largest


def _places_in(working: WorkingTomogram, positions_px: FloatArray) -> FloatArray:
    """Map positions in the stored tomogram to the resampled one; those outside to its faces."""
    shapes = zip(working.source.shape[::-1], working.shape[::-1], strict=True)
    places = [
        np.clip(source_to_resampled(at, stored / resampled), 0.0, resampled - 1.0)
        for at, (stored, resampled) in zip(positions_px.T, shapes, strict=True)
    ]
    return np.column_stack(places)
