"""What the classifier sees of a pick in a tomogram: three slabs, near and wide."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nunatak.errors import BadInput
from nunatak.images.normalise_volume import VolumeScale
from nunatak.pruning.crops import levelled
from nunatak.pruning.volumes.slab_spec import PLANES, SlabSpec
from nunatak.pruning.volumes.slab_weights import AxisWeights, across, along

_AXES = "zyx"
_CLIP = 5.0
"""As in `nunatak.pruning.crops`: what lies beyond says nothing more."""

_SCALE_STEP = 1.1
"""Diameters that differ by less than this factor share one grey scale of the surroundings."""

_PLACES_PER_AXIS = 3
"""The grey scale comes from this many places along each axis of the tomogram, cubed."""

_SAME = 1e-5
"""Values whose relative differences are no larger have been made different by rounding."""

Planes = NDArray[np.float32]


class Voxels(Protocol):
    """What boxes are read from: an array, a memory map, a file behind a reader."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(nz, ny, nx)``, voxels."""

    def __getitem__(self, box: tuple[slice, slice, slice], /) -> Any:
        """Return the voxels of a box, which has start and stop along all axes."""


class SlabCutter:
    """Cuts the slabs of picks in one tomogram.

    Parameters
    ----------
    volume
        The tomogram at any voxel size; the grey scale does not matter.
    spec
        Sizes.
    inverted
        Whether particles are light in it; they are dark in the slabs.
    """

    def __init__(self, volume: Voxels, spec: SlabSpec, *, inverted: bool = False) -> None:
        self._volume, self._spec, self._inverted = volume, spec, inverted
        self._scales: dict[int, VolumeScale] = {}

    def cut(self, centres_px: NDArray[np.float64], diameter_px: ArrayLike) -> NDArray[np.float32]:
        """Cut all channels around positions; see `cut_slabs`."""
        centres_px = centres_px.reshape(-1, 3)
        side, half = self._spec.side_px, len(PLANES)
        diameters = np.broadcast_to(np.asarray(diameter_px, np.float64), len(centres_px))
        sign = np.float32(-1.0 if self._inverted else 1.0)
        slabs = np.empty((len(centres_px), self._spec.channels, side, side), np.float32)
        for slab, centre_px, one_px in zip(slabs, centres_px, diameters.tolist(), strict=True):
            close_up, around, inside = _planes(self._volume, centre_px, one_px, self._spec)
            scaled = self._scale(one_px).applied(around, inverted=self._inverted)
            slab[:half] = sign * close_up
            slab[half:] = np.where(inside, np.clip(scaled, -_CLIP, _CLIP), 0.0)
        flat = levelled(slabs[:, :half].reshape(-1, side, side))
        slabs[:, :half] = flat.reshape(-1, half, side, side)
        return slabs

    def _scale(self, diameter_px: float) -> VolumeScale:
        """Return the grey scale of the surroundings of about this diameter."""
        size = round(float(np.log(diameter_px) / np.log(_SCALE_STEP)))
        if size not in self._scales:
            self._scales[size] = context_scale(self._volume, _SCALE_STEP**size, self._spec)
        return self._scales[size]


def cut_slabs(
    volume: Voxels,
    centres_px: NDArray[np.float64],
    diameter_px: ArrayLike,
    spec: SlabSpec,
    *,
    inverted: bool = False,
) -> NDArray[np.float32]:
    """Cut slabs through positions in a tomogram, parallel to its planes xy, xz and yz.

    The close-ups lose a plane fitted to their rim and are divided by the rim's standard deviation.
    The surroundings have the tomogram's own scale: that of slabs of the same size all over it,
    since averaging takes the more noise away the larger a particle is.

    Parameters
    ----------
    volume
        The tomogram at any voxel size; only the slabs are read, and some for the grey scale.
    centres_px : ndarray, shape (n, 3), float64
        Columns x, y, z, voxels; in the slabs they lie in the middle, between the pixels.
    diameter_px
        Of the particles, voxels: one number, or one a position.
    spec
        Sizes.
    inverted
        Whether particles are light in the tomogram.

    Returns
    -------
    ndarray, shape (n, 6, side_px, side_px), float32
        Close-ups of xy, xz, yz and surroundings of xy, xz, yz; rows are y, z, z. Particles are
        dark. Beyond the faces of the tomogram close-ups are mirrored, so that their rim stays
        background, and surroundings are 0, which shows the face.

    Raises
    ------
    BadInput
        If all of the tomogram has one value, or what is stored is damaged.
    """
    return SlabCutter(volume, spec, inverted=inverted).cut(centres_px, diameter_px)


def context_scale(volume: Voxels, diameter_px: float, spec: SlabSpec) -> VolumeScale:
    """Return the grey scale of surroundings, from places spread evenly over a tomogram.

    Raises
    ------
    BadInput
        If nothing is in it.
    """
    shares = (np.arange(_PLACES_PER_AXIS) + 0.5) / _PLACES_PER_AXIS
    grid = np.stack(np.meshgrid(shares, shares, shares, indexing="ij"), axis=-1).reshape(-1, 3)
    places = grid * np.array(volume.shape[::-1]) - 0.5
    values = []
    for place in places:
        _, around, inside = _planes(volume, place, diameter_px, spec)
        values.append(around[inside])
    sample = np.concatenate(values)
    if np.ptp(sample) <= _SAME * np.abs(sample).max():
        raise BadInput(f"All values of the volume are {float(sample[0]):g}: nothing is in it.")
    return VolumeScale.of_sample(sample)


def _planes(
    volume: Voxels, centre_px: NDArray[np.float64], diameter_px: float, spec: SlabSpec
) -> tuple[Planes, Planes, NDArray[np.bool_]]:
    """Return close-ups and surroundings as stored, and where the latter are in the tomogram.

    Each has the shape (3, side, side).
    """
    shape, centre = volume.shape, centre_px[::-1]
    steps = [
        diameter_px * diameters / spec.side_px
        for diameters in (spec.particle_diameters, spec.context_diameters)
    ]
    offsets = np.arange(spec.side_px) - (spec.side_px - 1) / 2
    near, wide = (
        [along(at + offsets * step, length) for at, length in zip(centre, shape, strict=True)]
        for step in steps
    )
    thick = [
        across(at, spec.thickness_diameters * diameter_px, length)
        for at, length in zip(centre, shape, strict=True)
    ]
    close_ups, surroundings, insides = [], [], []
    for rows, columns in PLANES:
        row, column = _AXES.index(rows), _AXES.index(columns)
        middle = 3 - row - column
        starts = [min(one.first, other.first) for one, other in zip(near, wide, strict=True)]
        stops = [max(one.stop, other.stop) for one, other in zip(near, wide, strict=True)]
        starts[middle], stops[middle] = thick[middle].first, thick[middle].stop
        z, y, x = (slice(start, stop) for start, stop in zip(starts, stops, strict=True))
        box = np.asarray(volume[z, y, x], dtype=np.float32)
        slab = np.tensordot(thick[middle].weights[0], box, axes=(0, middle))
        corner = starts[row], starts[column]
        close_ups.append(_resampled(slab, corner, near[row], near[column]))
        surroundings.append(_resampled(slab, corner, wide[row], wide[column]))
        insides.append(wide[row].inside[:, None] & wide[column].inside)
    return np.stack(close_ups), np.stack(surroundings), np.stack(insides)


def _resampled(
    slab: NDArray[np.float32], corner: tuple[int, int], rows: AxisWeights, columns: AxisWeights
) -> NDArray[np.float32]:
    top, left = rows.first - corner[0], columns.first - corner[1]
    part = slab[top : top + rows.weights.shape[1], left : left + columns.weights.shape[1]]
    return np.asarray(rows.weights @ part @ columns.weights.T, dtype=np.float32)
