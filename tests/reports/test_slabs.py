"""Slabs of volumes: which planes they take, and what they average."""

import numpy as np
import pytest

from nunatak.reports import slabs
from nunatak.reports.slabs import (
    MeanPlane,
    Slab,
    Volume,
    densest_slab,
    depth_for,
    mean_image,
    slab_around,
)


@pytest.mark.parametrize(
    ("at", "depth", "planes"),
    [
        (10.0, 3, (9, 12)),
        (10.0, 1, (10, 11)),
        (10.5, 2, (10, 12)),
        (-4.0, 3, (0, 3)),  # a pick may lie outside
        (19.6, 5, (15, 20)),
        (10.0, 99, (0, 20)),
    ],
)
def test_a_slab_lies_around_its_position_and_inside(
    at: float, depth: int, planes: tuple[int, int]
) -> None:
    slab = slab_around("z", at, depth, 20)
    assert (slab.start, slab.stop) == planes


def test_the_densest_slab_holds_the_most_positions(rng: np.random.Generator) -> None:
    at = np.concatenate([rng.uniform(-0.5, 59.5, 40), rng.normal(31.0, 2.0, 30)])
    slab = densest_slab("y", at, 6, 60)
    held = [Slab("y", start, start + 6).holds(at).sum() for start in range(55)]
    assert slab.holds(at).sum() == max(held)
    assert slab.stop - slab.start == 6


def test_of_equal_slabs_the_middle_one_is_taken() -> None:
    assert densest_slab("z", np.empty(0), 4, 20) == Slab("z", 8, 12)
    assert densest_slab("z", [2.0, 17.0, 10.0], 1, 20) == Slab("z", 10, 11)
    assert densest_slab("z", [-3.0, 40.0], 30, 20) == Slab("z", 0, 20)


def test_planes_are_counted_from_their_centres() -> None:
    slab = Slab("z", 3, 5)
    assert slab.holds([2.49, 2.5, 4.49, 4.5]).tolist() == [False, True, True, False]
    assert slab.in_words(9) == "x to the right, y downwards: mean of the planes 3 to 4 of 9 along z"
    assert Slab("y", 3, 4).in_words(9) == "x to the right, z downwards: plane 3 of 9 along y"


def test_there_is_always_a_plane() -> None:
    assert depth_for(0.1) == 1
    assert depth_for(20.0) == 8


@pytest.mark.parametrize("at_a_time", [1, 100, 10**6])
def test_means_are_those_of_the_planes_however_they_are_read(
    at_a_time: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slabs, "_VOXELS_AT_A_TIME", at_a_time)
    voxels = rng.normal(size=(7, 9, 11)).astype(np.float16)
    volume, exact = Volume.of_array(voxels), voxels.astype(np.float64)
    along_z = mean_image(volume, Slab("z", 2, 6))
    np.testing.assert_allclose(along_z, exact[2:6].mean(axis=0), rtol=1e-5, atol=1e-6)
    along_y = mean_image(volume, Slab("y", 8, 9))
    np.testing.assert_allclose(along_y, exact[:, 8], rtol=1e-5, atol=1e-6)


def test_no_more_is_read_than_is_shown(rng: np.random.Generator) -> None:
    voxels = rng.normal(size=(30, 40, 50)).astype(np.float32)
    asked: list[int] = []

    def read(z: slice, y: slice, x: slice) -> np.ndarray:
        asked.append(voxels[z, y, x].size)
        return voxels[z, y, x]

    volume = Volume((30, 40, 50), read)
    plane = MeanPlane(volume, Slab("z", 10, 14))
    part = plane[slice(5, 8), slice(20, 30)]
    np.testing.assert_allclose(part, voxels[10:14, 5:8, 20:30].mean(axis=0), rtol=1e-5, atol=1e-6)
    assert plane.shape == (40, 50)
    assert plane[slice(0, 0), slice(3, 9)].shape == (0, 6)
    mean_image(volume, Slab("z", 10, 14))
    mean_image(volume, Slab("y", 0, 2))
    assert sum(asked) == 4 * 3 * 10 + 4 * 40 * 50 + 30 * 2 * 50
