from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import expit, logit

from nunatak.detection.volumes.volume_peaks import find_volume_peaks
from nunatak.detection.volumes.windows import Slab
from nunatak.errors import BadInput
from nunatak.objectives.volume_targets import volume_targets

FloatArray = NDArray[np.float32]
GRID = {"stride": 2, "origin_px": 0.5}


def cut(values: FloatArray, planes: Sequence[int]) -> Iterator[Slab]:
    start = 0
    for count in planes:
        yield Slab(start, values[:, start : start + count])
        start += count
    assert start == values.shape[1]


def maps(shape: tuple[int, int, int], classes: int = 1, seed: int = 0) -> FloatArray:
    values = np.random.default_rng(seed).standard_normal((classes + 3, *shape), dtype=np.float32)
    values[-3:] = 0.0
    return values


@pytest.mark.parametrize("shape", [(31, 47, 53), (40, 40, 41)])
def test_what_is_rendered_is_found_again(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    size_xyz = np.array(shape[::-1])
    centres: list[NDArray[np.float64]] = []
    while len(centres) < 24:
        point = rng.uniform(-0.5, size_xyz - 0.5)
        if all(np.linalg.norm(point - other) > 9.0 for other in centres):
            centres.append(point)
    classes = rng.integers(0, 3, len(centres))
    cells = tuple(-(-n // 2) for n in shape)
    targets = volume_targets(
        torch.tensor(np.array(centres), dtype=torch.float32),
        torch.from_numpy(classes),
        [2.0, 2.2, 3.0],
        shape=cells,
        **GRID,
    )
    heatmap = targets.heatmap.numpy().clip(1e-6, 1 - 1e-6)
    values = np.concatenate([logit(heatmap), targets.offset_px.numpy()]).astype(np.float32)
    found = find_volume_peaks(cut(values, [cells[0]]), shape, **GRID, thresholds=[0.5] * 3)
    assert len(found) == len(centres)
    for point, class_ in zip(centres, classes, strict=True):
        distance = np.linalg.norm(found.xyz_px - point, axis=1)
        assert distance.min() < 0.1
        assert found.class_index[distance.argmin()] == class_


def test_maxima_are_those_of_a_filter() -> None:
    values = maps((12, 9, 14), classes=2)
    floors = [0.4, 0.7]
    found = find_volume_peaks(cut(values, [12]), (24, 18, 28), **GRID, thresholds=floors)
    for class_, floor in enumerate(floors):
        highest = ndimage.maximum_filter(values[class_], 3, mode="constant", cval=-np.inf)
        z, y, x = np.nonzero((values[class_] == highest) & (values[class_] > logit(floor)))
        expected = {tuple(2.0 * np.array(p) + 0.5) for p in zip(x, y, z, strict=True)}
        of_class = found.class_index == class_
        assert {tuple(p) for p in found.xyz_px[of_class]} == expected
        assert len(expected) == of_class.sum() > 5
    z, y, x = ((found.xyz_px.T - 0.5) / 2).astype(int)[::-1]
    np.testing.assert_allclose(found.score, expit(values[found.class_index, z, y, x]))
    assert (np.diff(found.score) <= 0).all()


@pytest.mark.parametrize("planes", [[1] * 12, [5, 7], [2, 1, 1, 8], [0, 3, 0, 9]])
def test_slabs_do_not_matter(planes: list[int]) -> None:
    values = maps((12, 8, 7), classes=2, seed=3)
    values[-3:] = np.random.default_rng(4).uniform(-2, 2, (3, 12, 8, 7))
    how = {**GRID, "thresholds": [0.5, 0.6]}
    whole = find_volume_peaks(cut(values, [12]), (24, 16, 14), **how)
    parts = find_volume_peaks(cut(values, planes), (24, 16, 14), **how)
    assert np.array_equal(parts.xyz_px, whole.xyz_px)
    assert np.array_equal(parts.class_index, whole.class_index)
    assert len(whole) > 10


def test_offsets_move_along_their_own_axis_and_not_out_of_the_volume() -> None:
    values = np.full((4, 6, 7, 8), -5.0, np.float32)
    values[0, 2, 3, 4] = values[0, 0, 0, 0] = values[0, 5, 6, 7] = 3.0
    values[1:, 2, 3, 4] = [0.25, -0.5, 1.5]
    values[1:, 0, 0, 0] = -2.0
    values[1:, 5, 6, 7] = 2.0
    found = find_volume_peaks(cut(values, [6]), (12, 13, 15), **GRID, thresholds=[0.5])
    # Equal scores: by z. The volume ends half a voxel beyond its first and last centres.
    assert found.xyz_px.tolist() == [[-0.5] * 3, [8.75, 6.0, 6.0], [14.5, 12.5, 11.5]]


def test_of_equal_neighbours_one_is_the_peak() -> None:
    values = np.full((4, 5, 5, 5), -5.0, np.float32)
    values[1:] = 0.0
    values[0, 2, 2, 2:4] = 1.0
    values[0, 3, 2, 2] = 1.0
    found = find_volume_peaks(cut(values, [3, 2]), (10, 10, 10), **GRID, thresholds=[0.5])
    assert found.xyz_px.tolist() == [[4.5, 4.5, 4.5]]


def test_nothing_above_the_threshold() -> None:
    values = maps((4, 4, 4))
    found = find_volume_peaks(cut(values, [4]), (8, 8, 8), **GRID, thresholds=[0.9999])
    assert len(found) == 0
    assert found.xyz_px.shape == (0, 3)


def test_thresholds_are_checked() -> None:
    values = maps((4, 4, 4), classes=2)
    with pytest.raises(BadInput, match="1 thresholds for the 2 classes"):
        find_volume_peaks(cut(values, [4]), (8, 8, 8), **GRID, thresholds=[0.5])
    with pytest.raises(BadInput, match=r"Thresholds 0.5, 1: .* between 0 and 1"):
        find_volume_peaks(cut(values, [4]), (8, 8, 8), **GRID, thresholds=[0.5, 1.0])
