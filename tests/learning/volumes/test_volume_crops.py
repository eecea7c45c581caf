"""Where crops are cut, and what they show."""

from collections import Counter

import numpy as np
import pytest

from nunatak.learning.volumes.volume_crops import CropPlaces, cut
from nunatak.learning.volumes.volume_poses import upright
from nunatak.learning.volumes.working_volumes import WorkingVolume


def numbered(shape: tuple[int, int, int]) -> WorkingVolume:
    voxels = np.random.default_rng(1).standard_normal(shape).astype(np.float16)
    return WorkingVolume("n", voxels, np.empty((0, 3)), np.empty(0, np.int64), is_complete=True)


def test_an_upright_crop_is_the_voxels_themselves() -> None:
    volume = numbered((20, 24, 28))
    crop = cut(volume, upright((4, 5, 6), 8))
    assert np.array_equal(crop, volume.voxels[6:14, 5:13, 4:12].astype(np.float32))


def test_a_mirrored_crop_is_mirrored_along_its_own_axes() -> None:
    volume = numbered((20, 24, 28))
    crop = cut(volume, upright((4, 5, 6), 8, flips=(True, False, True)))
    expected = volume.voxels[6:14, 5:13, 4:12][::-1, :, ::-1]
    assert np.array_equal(crop, expected.astype(np.float32))


def test_beyond_the_tomogram_lies_ice() -> None:
    volume = numbered((4, 24, 28))
    crop = cut(volume, upright((20, -3, -2), 8))
    assert np.array_equal(crop[2:6, 3:, :], volume.voxels[:, :5, 20:28].astype(np.float32))
    assert not crop[:2].any()
    assert not crop[6:].any()
    assert not crop[:, :3].any()
    assert not cut(volume, upright((60, 0, 0), 8)).any()


def test_half_of_the_crops_show_particles_and_all_classes_alike(make_volume) -> None:  # type: ignore[no-untyped-def]
    one = make_volume(particles=5, shape=(48, 96, 96))
    # Four of class 0 and one of class 1.
    rare = WorkingVolume("r", one.voxels, one.centres_px, np.array([0, 0, 0, 0, 1]), True)
    places = CropPlaces([rare], [rare], side_px=16, labelled_share=0.5)
    rng = np.random.default_rng(0)
    shown: Counter[int] = Counter()
    for _ in range(400):
        volume, pose = places.draw(rng)
        distance = np.abs(volume.centres_px - pose.centre_px).max(axis=1)
        near = np.flatnonzero(distance <= 4.51)
        shown.update(volume.class_index[near].tolist() or [-1])
    # A hundred of each, less those that the tomogram's faces push off the centre.
    assert 70 < shown[1] < 140
    assert 70 < shown[0] < 150
    assert shown[-1] > 150


def test_crops_stay_in_the_tomogram_where_they_can(make_volume) -> None:  # type: ignore[no-untyped-def]
    volume = make_volume(shape=(12, 40, 48))
    places = CropPlaces([volume], [volume], side_px=16, labelled_share=0.5)
    rng = np.random.default_rng(3)
    for _ in range(50):
        _, pose = places.draw(rng)
        first = pose.centre_px - 7.5
        assert (first == np.rint(first)).all()
        assert (first[:2] >= 0).all()
        assert (first[:2] <= [32, 24]).all()
        assert first[2] == -2


def test_few_known_tomograms_come_as_often_as_many_others() -> None:
    known = numbered((20, 24, 28))
    others = [
        WorkingVolume(str(i), known.voxels, known.centres_px, known.class_index, False)
        for i in range(9)
    ]
    places = CropPlaces([known], [known, *others], side_px=16, labelled_share=0.5)
    rng = np.random.default_rng(0)
    drawn = Counter(places.draw(rng)[0].name for _ in range(300))
    assert drawn["n"] == pytest.approx(150, abs=40)
    assert len(drawn) == 10
