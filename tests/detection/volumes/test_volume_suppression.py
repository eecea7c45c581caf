import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from nunatak.detection.volumes import volume_suppression
from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.detection.volumes.volume_suppression import suppress_by_class


def candidates(xyz: list[list[float]], classes: list[int]) -> VolumeCandidates:
    """Best first."""
    score = np.linspace(0.9, 0.1, len(xyz))
    return VolumeCandidates(np.array(xyz, float).reshape(-1, 3), score, np.array(classes, int))


def brute_force(
    found: VolumeCandidates, radius_A: list[float], voxel_A: float, cross: float
) -> list[int]:
    taken: list[int] = []
    for i in range(len(found)):
        for j in taken:
            one, other = radius_A[found.class_index[i]], radius_A[found.class_index[j]]
            same = found.class_index[i] == found.class_index[j]
            least = one if same else cross * max(one, other)
            way_A = (found.xyz_px[i] - found.xyz_px[j]) * voxel_A
            if (way_A**2).sum() < least**2:
                break
        else:
            taken.append(i)
    return taken


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 50),
    cross=st.sampled_from([0.0, 0.5, 1.5]),
    on_grid=st.booleans(),
    share=st.sampled_from([1, 7, 2048]),
)
@settings(max_examples=60, deadline=None)
def test_equals_brute_force(seed: int, count: int, cross: float, on_grid: bool, share: int) -> None:
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(0, 12, (count, 3))
    if on_grid:  # distances exactly at a radius, and coinciding points
        xyz = xyz.round()
    found = candidates(xyz.tolist(), rng.integers(0, 3, count).tolist())
    radius_A = [0.0, 20.0, 50.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(volume_suppression, "SHARE", share)
        kept = suppress_by_class(found, radius_A, voxel_size_A=10.0, cross_class=cross)
    expected = brute_force(found, radius_A, 10.0, cross)
    assert kept.xyz_px.tolist() == found.xyz_px[expected].tolist()
    assert kept.class_index.tolist() == found.class_index[expected].tolist()


def test_distances_are_in_angstrom() -> None:
    found = candidates([[0, 0, 0], [0, 0, 5]], [0, 0])
    assert len(suppress_by_class(found, [50.0], voxel_size_A=10.0)) == 2
    assert len(suppress_by_class(found, [50.1], voxel_size_A=10.0)) == 1
    assert len(suppress_by_class(found, [50.0], voxel_size_A=9.9)) == 1


def test_classes_compete_only_where_asked() -> None:
    found = candidates([[0, 0, 0], [4, 0, 0]], [0, 1])
    radius_A = [60.0, 100.0]
    assert len(suppress_by_class(found, radius_A, voxel_size_A=10.0)) == 2
    # Half of the larger one's radius is 50 Å, and 40 Å lie between them.
    kept = suppress_by_class(found, radius_A, voxel_size_A=10.0, cross_class=0.5)
    assert kept.class_index.tolist() == [0]
    assert len(suppress_by_class(found, radius_A, voxel_size_A=10.0, cross_class=0.4)) == 2


def test_a_crowd_does_not_need_memory_for_all_its_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume_suppression, "SHARE", 500)
    count = 4000
    xyz = np.random.default_rng(0).uniform(0, 12, (count, 3))
    found = VolumeCandidates(xyz, np.linspace(0.9, 0.1, count), np.zeros(count, np.int64))
    tracemalloc.start()
    kept = suppress_by_class(found, [50.0], voxel_size_A=10.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 10 < len(kept) < 100
    tree = KDTree(xyz)
    pairs = (tree.count_neighbors(tree, 5.0) - count) // 2
    assert peak < pairs * np.dtype(np.intp).itemsize
