"""What a student sees: the same particles at places that are known, through worse eyes."""

import numpy as np
import pytest
import scipy.fft
import torch

from nunatak.detection.volumes.volume_peaks import find_volume_peaks
from nunatak.detection.volumes.windows import Slab
from nunatak.learning.volumes.volume_augmentation import (
    strong_greys,
    strong_pose,
    wedged,
    without_cuboids,
)
from nunatak.learning.volumes.volume_crops import cut
from nunatak.learning.volumes.volume_labels import OutputGrid, crop_labels
from nunatak.learning.volumes.volume_poses import Pose, upright

GRID = OutputGrid(32, 2, 0.5, (4.0, 6.0))


def noiseless(make_volume):  # type: ignore[no-untyped-def]
    return make_volume(particles=1, noise=0.0, shape=(48, 48, 48), seed=4)


def turned(pose: Pose, seed: int) -> Pose:
    """Return the first strong pose that is really turned."""
    rng = np.random.default_rng(seed)
    while (found := strong_pose(pose, rng)) is pose:
        pass
    return found


@pytest.mark.parametrize("seed", range(4))
def test_particles_are_where_turned_crops_say(make_volume, seed: int) -> None:  # type: ignore[no-untyped-def]
    volume = noiseless(make_volume)
    start = np.rint(volume.centres_px[0] - 15.5 + [3, -2, 1])
    pose = turned(upright(start, 32, flips=(True, False, seed % 2)), seed)
    crop = -cut(volume, pose)
    centre = pose.to_crop(volume.centres_px)[0]
    weights = np.where(crop > 0.2 * crop.max(), crop, 0.0)
    z, y, x = np.indices(crop.shape)
    measured = [float((weights * axis).sum() / weights.sum()) for axis in (x, y, z)]
    np.testing.assert_allclose(measured, centre, atol=0.2)
    # And the targets say so too.
    targets = crop_labels(volume, pose, GRID).targets
    logits = torch.logit(targets.heatmap.clamp(1e-4, 1 - 1e-4))
    values = torch.cat([logits, targets.offset_px]).numpy()
    found = find_volume_peaks(
        [Slab(0, values)], (32, 32, 32), stride=2, origin_px=0.5, thresholds=[0.3, 0.3]
    )
    assert found.class_index.tolist() == [0]
    np.testing.assert_allclose(found.xyz_px[0], centre, atol=0.2)


def test_about_half_of_the_crops_are_left_as_they_are() -> None:
    pose, rng = upright((0, 0, 0), 16), np.random.default_rng(0)
    same = sum(strong_pose(pose, rng) is pose for _ in range(200))
    assert 70 < same < 130
    scale = np.linalg.det(turned(pose, 1).axes) ** (1 / 3)
    assert 0.95 <= scale <= 1.05


def test_an_extra_wedge_takes_what_it_should_and_nothing_else() -> None:
    crop = np.random.default_rng(0).standard_normal((32, 32, 32)).astype(np.float32)
    left = scipy.fft.fftn(wedged(crop, np.eye(3), 50.0))
    before = scipy.fft.fftn(crop)
    k = np.fft.fftfreq(32)
    kz, kx = np.abs(k)[:, None, None], np.abs(k)[None, None, :]
    angle = np.rad2deg(np.arctan2(kz, kx)) + 0 * np.abs(k)[None, :, None]
    steep, flat = (angle > 56) & (kz > 0.1), angle < 50
    assert np.abs(left[steep]).max() < 1e-3
    np.testing.assert_allclose(left[flat], before[flat], atol=1e-3)


def test_the_extra_wedge_turns_with_the_crop() -> None:
    crop = np.random.default_rng(0).standard_normal((32, 32, 32)).astype(np.float32)
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    aside = wedged(crop.transpose(0, 2, 1).copy(), quarter, 50.0)
    np.testing.assert_allclose(aside.transpose(0, 2, 1), wedged(crop, np.eye(3), 50.0), atol=1e-4)


def test_greys_vary_by_the_generator_alone_and_keep_the_mean() -> None:
    crop = np.random.default_rng(0).standard_normal((16, 16, 16)).astype(np.float32)
    before = crop.copy()
    results = [
        strong_greys(crop, upright((0, 0, 0), 16), np.random.default_rng(s)) for s in (1, 1, 2)
    ]
    assert np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])
    assert np.array_equal(crop, before)
    for one in results:
        assert one.dtype == np.float32
        assert abs(one.mean() - crop.mean()) < 0.05
        assert np.corrcoef(one.ravel(), crop.ravel())[0, 1] > 0.7


def test_cuboids_hide_a_little() -> None:
    crop = np.random.default_rng(0).standard_normal((16, 16, 16)).astype(np.float32)
    hidden = without_cuboids(crop, 4, np.random.default_rng(0))
    assert 0 < np.mean(hidden != crop) <= 0.1
