"""Turned crops are those of scipy's resampling in three dimensions."""

import numpy as np
import pytest
from scipy import ndimage

from nunatak.learning.volumes.volume_augmentation import strong_pose
from nunatak.learning.volumes.volume_poses import Pose, upright
from nunatak.learning.volumes.volume_turning import REACH_PX, turned

SIDE = 16


def turned_pose(seed: int) -> Pose:
    """Return a pose within a block of 40 voxels, mirrored, turned and scaled."""
    rng = np.random.default_rng(seed)
    pose = upright((12, 12, 12), SIDE, flips=rng.random(3) < 0.5)
    while (found := strong_pose(pose, rng)) is pose:
        pass
    return found


@pytest.mark.parametrize("seed", range(6))
def test_planes_one_by_one_are_the_whole(seed: int) -> None:
    block = np.random.default_rng(9).standard_normal((40, 41, 42)).astype(np.float32)
    pose = turned_pose(seed)
    axes, first_px = pose.axes[::-1, ::-1], pose.to_tomogram(np.zeros(3))[::-1]
    expected = ndimage.affine_transform(
        block, axes, offset=first_px, output_shape=(SIDE,) * 3, order=3
    )
    np.testing.assert_allclose(turned(block, axes, first_px, SIDE), expected, atol=1e-5)


def test_beyond_its_reach_a_block_does_not_matter() -> None:
    block = np.random.default_rng(9).standard_normal((40, 41, 42)).astype(np.float32)
    pose = turned_pose(0)
    axes, first_px = pose.axes[::-1, ::-1], pose.to_tomogram(np.zeros(3))[::-1]
    corners = np.array(np.meshgrid(*[[0, SIDE - 1]] * 3)).reshape(3, -1).T
    lowest = np.floor(pose.to_tomogram(corners)[:, ::-1].min(axis=0)).astype(int) - REACH_PX
    assert (lowest > 0).any()
    low = np.maximum(lowest, 0)
    part = block[low[0] :, low[1] :, low[2] :]
    whole = turned(block, axes, first_px, SIDE)
    np.testing.assert_allclose(turned(part, axes, first_px - low, SIDE), whole, atol=2e-3)
