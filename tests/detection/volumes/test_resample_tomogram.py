"""Tomograms at another voxel size: the same in slabs, alike along all axes, in the right place."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nunatak.detection.volumes.resample_tomogram import axis_weights, resampled_tomogram
from nunatak.errors import BadInput
from nunatak.geometry import resampled_to_source
from nunatak.images.micrograph import ImageInfo
from nunatak.images.tomogram import Tomogram


def in_memory(volume: NDArray[np.float32], voxel_size_A: float = 10.0) -> Tomogram:
    info = ImageInfo(Path("t.mrc"), "MRC", volume.shape, volume.dtype, voxel_size_A, "tomogram")
    return Tomogram(info, voxel_size_A, lambda box: volume[box])


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


@pytest.mark.parametrize("wanted_A", [6.1, 13.7, 31.0])
def test_all_axes_are_treated_alike(wanted_A: float) -> None:
    volume = noise(24, 31, 27)
    resampled = resampled_tomogram(in_memory(volume), wanted_A)
    turned = resampled_tomogram(in_memory(volume.transpose(1, 2, 0)), wanted_A)
    assert resampled.shape == tuple(round(n * 10 / wanted_A) for n in volume.shape)
    np.testing.assert_allclose(
        resampled.slab(0, resampled.shape[0]),
        turned.slab(0, turned.shape[0]).transpose(2, 0, 1),
        atol=2e-5,
    )


@pytest.mark.parametrize("wanted_A", [6.1, 13.7])
@pytest.mark.parametrize("depth", [1, 5, 17])
def test_slabs_are_those_of_the_whole(wanted_A: float, depth: int) -> None:
    resampled = resampled_tomogram(in_memory(noise(24, 9, 11)), wanted_A)
    whole = resampled.slab(0, resampled.shape[0])
    assert whole.dtype == np.float32
    for z0, slab in resampled.slabs(depth):
        np.testing.assert_allclose(slab, whole[z0 : z0 + depth], atol=1e-5)
    part = resampled.box(slice(2, 5), slice(1, 4), slice(3, 6))
    np.testing.assert_allclose(part, whole[2:5, 1:4, 3:6], atol=1e-5)


@pytest.mark.parametrize("wanted_A", [4.3, 7.0, 16.0, 23.0])
def test_voxels_are_where_the_half_voxel_rule_says(wanted_A: float) -> None:
    for axis, index in enumerate(np.indices((41, 37, 33), dtype=np.float32)):
        resampled = resampled_tomogram(in_memory(index), wanted_A)
        middle = [n // 2 for n in resampled.shape]
        value = resampled.box(*(slice(at, at + 1) for at in middle)).item()
        ratio = index.shape[axis] / resampled.shape[axis]
        # A widened kernel has a few weights only, with which a slope is exact to 0.01 voxels.
        assert value == pytest.approx(float(resampled_to_source(middle[axis], ratio)), abs=0.02)


def test_weights_add_to_one_and_reach_no_farther_than_the_axis() -> None:
    for source, resampled in [(10, 4), (10, 23), (7, 7)]:
        first, weights = axis_weights(source, resampled, 0, resampled)
        assert first == 0
        assert weights.shape == (resampled, source)
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
    first, weights = axis_weights(100, 50, 20, 21)
    assert (first, weights.shape[1]) == (37, 8)  # 40.5 and four voxels to either side


def test_nothing_is_resampled_within_one_percent() -> None:
    tomogram = in_memory(noise(5, 6, 7))
    assert resampled_tomogram(tomogram, 10.09) is tomogram
    assert resampled_tomogram(tomogram, 10.2) is not tomogram


def test_a_wrong_voxel_size_leaves_too_little() -> None:
    with pytest.raises(BadInput, match=r"t\.mrc: 40 × 30 × 20 voxels of 1 Å are 4 × 3 × 2 voxels"):
        resampled_tomogram(in_memory(noise(20, 30, 40), 1.0), 10.0)
