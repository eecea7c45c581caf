"""Where to cut crops out of tomograms, and how."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.learning.volumes.volume_poses import Pose, upright
from nunatak.learning.volumes.volume_scratch import Voxels
from nunatak.learning.volumes.volume_turning import REACH_PX, turned
from nunatak.learning.volumes.working_volumes import WorkingVolume

JITTER_SHARE = 0.25
"""Of a crop's side that a labelled particle may lie off its centre."""


class CropPlaces:
    """Draws crops: some around labelled particles, all classes alike, the others anywhere.

    Parameters
    ----------
    labelled
        Tomograms with labels.
    anywhere
        Tomograms for the other crops, each as often as its size asks for. Completely labelled
        ones, however few, come as often as all the others together: they alone show for certain
        what is no particle.
    side_px
        Of the crops.
    labelled_share
        Chance of a crop to be around a labelled particle; 0 if there is none.
    """

    def __init__(
        self,
        labelled: Sequence[WorkingVolume],
        anywhere: Sequence[WorkingVolume],
        *,
        side_px: int,
        labelled_share: float,
    ) -> None:
        self._anywhere, self._side_px = anywhere, side_px
        particles: dict[int, list[tuple[WorkingVolume, NDArray[np.float64]]]] = {}
        for volume in labelled:
            for kind, centre_px in zip(volume.class_index.tolist(), volume.centres_px, strict=True):
                particles.setdefault(kind, []).append((volume, centre_px))
        self._particles = [particles[kind] for kind in sorted(particles)]
        self._share = labelled_share if self._particles else 0.0
        chances = np.array([volume.voxels.size for volume in anywhere], dtype=np.float64)
        is_complete = np.array([volume.is_complete for volume in anywhere])
        for group in (is_complete, ~is_complete):
            chances[group] /= max(chances[group].sum(), 1.0)
        self._chances = chances / chances.sum()

    def draw(self, rng: np.random.Generator) -> tuple[WorkingVolume, Pose]:
        """Draw one crop, mirrored along every axis with a chance of one half."""
        is_labelled = rng.random() < self._share
        if is_labelled:
            kind = self._particles[int(rng.integers(len(self._particles)))]
            volume, centre_px = kind[int(rng.integers(len(kind)))]
            reach = JITTER_SHARE * self._side_px
            start = np.rint(centre_px - self._side_px / 2 + rng.uniform(-reach, reach, 3))
        else:
            volume = self._anywhere[int(rng.choice(len(self._anywhere), p=self._chances))]
            start = np.rint(rng.random(3) * self._free(volume))
        # A crop of a tomogram that is shorter than it begins before the tomogram does.
        free = self._free(volume)
        inside = np.where(free >= 0, np.clip(start, 0, np.maximum(free, 0)), free // 2)
        return volume, upright(inside, self._side_px, flips=rng.random(3) < 0.5)

    def _free(self, volume: WorkingVolume) -> NDArray[np.float64]:
        """Last possible first voxel along x, y, z; negative where the tomogram is too short."""
        return np.array(volume.voxels.shape[::-1], dtype=np.float64) - self._side_px


def cut(volume: WorkingVolume, pose: Pose) -> NDArray[np.float32]:
    """Return a crop; beyond the tomogram lies ice, which is 0.

    Returns
    -------
    ndarray, shape (side, side, side), float32
    """
    corners = np.array(np.meshgrid(*[[0, pose.side_px - 1]] * 3)).reshape(3, -1).T
    reached = pose.to_tomogram(corners)[:, ::-1]
    if np.array_equal(np.abs(pose.axes), np.eye(3)):
        start = np.rint(reached.min(axis=0)).astype(int)
        straight = _block(volume.voxels, start, start + pose.side_px)
        mirrored = tuple(
            axis for axis, sign in enumerate(np.diag(pose.axes)[::-1].tolist()) if sign < 0
        )
        return np.ascontiguousarray(np.flip(straight, mirrored))
    start = np.floor(reached.min(axis=0)).astype(int) - REACH_PX
    stop = np.ceil(reached.max(axis=0)).astype(int) + REACH_PX + 1
    first_px = pose.to_tomogram(np.zeros(3))[::-1] - start
    block = _block(volume.voxels, start, stop)
    return turned(block, pose.axes[::-1, ::-1], first_px, pose.side_px)


def _block(voxels: Voxels, start: NDArray[np.int_], stop: NDArray[np.int_]) -> NDArray[np.float32]:
    """Copy a box that may reach beyond the volume."""
    block = np.zeros(stop - start, dtype=np.float32)
    low, high = np.maximum(start, 0), np.minimum(stop, voxels.shape)
    if (high > low).all():
        there = tuple(slice(a, b) for a, b in zip(low - start, high - start, strict=True))
        block[there] = voxels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    return block
