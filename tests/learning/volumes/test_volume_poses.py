"""Where a crop lies in its tomogram."""

import numpy as np

from nunatak.learning.volumes.volume_poses import Pose, is_inside, output_places, upright


def test_positions_go_to_the_tomogram_and_back() -> None:
    turned = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, -1.1]])
    pose = Pose(np.array([10.5, 20.25, 30.0]), turned, 16)
    places = np.random.default_rng(0).uniform(0, 15, (5, 3))
    np.testing.assert_allclose(pose.to_crop(pose.to_tomogram(places)), places, atol=1e-12)
    np.testing.assert_allclose(pose.to_tomogram([[7.5, 7.5, 7.5]]), [[10.5, 20.25, 30.0]])


def test_the_voxels_of_an_upright_crop_are_those_of_the_tomogram() -> None:
    pose = upright((3, 5, 7), 4, flips=(False, True, False))
    assert pose.to_tomogram([0, 0, 0]).tolist() == [3.0, 8.0, 7.0]
    assert pose.to_crop([4, 5, 9]).tolist() == [1.0, 3.0, 2.0]


def test_a_moved_crop_turns_about_its_centre() -> None:
    pose = upright((0, 0, 0), 9)
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    moved = pose.moved(quarter, np.array([0.5, 0.0, 0.0]))
    np.testing.assert_allclose(moved.to_tomogram([4, 4, 4]), [4.5, 4, 4])
    np.testing.assert_allclose(moved.to_tomogram([5, 4, 4]), [4.5, 5, 4])


def test_output_voxels_lie_between_the_crops() -> None:
    places = output_places(8, 2, 0.5)
    assert places.shape == (4, 4, 4, 3)
    assert places[1, 2, 3].tolist() == [6.5, 4.5, 2.5]


def test_inside_is_up_to_the_outer_faces() -> None:
    places = np.array([[-0.5, 0, 0], [-0.51, 0, 0], [9.5, 4.5, 1.5], [9.5, 4.6, 1.5]])
    assert is_inside(places, (2, 5, 10)).tolist() == [True, False, True, False]
    assert is_inside(places, (2, 5, 10), margin_px=-1.0).all()
