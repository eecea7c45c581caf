import numpy as np
import pytest
import torch

from nunatak.errors import BadInput, UsageError
from nunatak.learning.patch_batches import PatchOptions, PatchSampler
from nunatak.learning.positive_places import positive_places

SIDE = 11


@pytest.fixture
def images(rng: np.random.Generator) -> list[np.ndarray]:
    return [rng.standard_normal(shape).astype(np.float32) for shape in ((60, 80), (50, 40))]


@pytest.fixture
def centres() -> list[np.ndarray]:
    return [np.array([[20.0, 30.0], [78.6, 1.2]]), np.empty((0, 2))]


def options(**given: object) -> PatchOptions:
    return PatchOptions(**{"side_px": SIDE, "batch_size": 64, **given})


def test_every_batch_holds_the_exact_number_of_positives(
    images: list[np.ndarray], centres: list[np.ndarray]
) -> None:
    marked = [positive_places(i.shape, c, 3.0) for i, c in zip(images, centres, strict=True)]
    # Each place's patch has at its centre whether it is positive.
    flags = [(mask > 0).astype(np.float32) for mask in marked]
    sampler = PatchSampler(flags, centres, options(), seed=0)
    for step in range(30):
        batch = sampler.batch_at(step)
        middle = batch.patches[:, 0, SIDE // 2, SIDE // 2]
        assert batch.n_positive == 4
        assert middle[:4].tolist() == [1.0] * 4
        assert not middle[4:].any()


def test_a_batch_depends_on_seed_rank_and_step_alone(
    images: list[np.ndarray], centres: list[np.ndarray]
) -> None:
    one = PatchSampler(images, centres, options(), seed=1)
    expected = one.batch_at(7).patches
    one.batch_at(3)
    same = PatchSampler(images, centres, options(), seed=1).batch_at(7).patches
    torch.testing.assert_close(same, expected, rtol=0, atol=0)
    for other in (
        one.batch_at(8),
        PatchSampler(images, centres, options(), seed=2).batch_at(7),
        PatchSampler(images, centres, options(), seed=1, rank=1).batch_at(7),
    ):
        assert not torch.equal(other.patches, expected)


def test_patches_are_turned_about_their_centre_by_any_angle() -> None:
    y, x = np.mgrid[:81, :81].astype(np.float32)
    radial = np.hypot(y - 40, x - 40)
    sampler = PatchSampler([radial], [np.array([[40.0, 40.0]])], options(radius_px=0.5), seed=0)
    expected = np.hypot(*np.mgrid[-5:6, -5:6])
    seen = sampler.batch_at(0).patches[:4, 0].numpy()
    assert np.abs(seen - expected).max() <= np.sqrt(0.5) + 1e-5  # the nearest pixel's error
    slope = PatchSampler([x], [np.array([[40.0, 40.0]])], options(radius_px=0.5), seed=0)
    differences = slope.batch_at(0).patches[:4, 0].numpy()
    angles = np.arctan2(
        (differences[:, -1] - differences[:, 0]).mean(1),
        (differences[:, :, -1] - differences[:, :, 0]).mean(1),
    )
    assert len(np.unique(angles.round(2))) == 4


def test_turning_keeps_every_direction_equally_likely() -> None:
    _, x = np.mgrid[:81, :81].astype(np.float32)
    sampler = PatchSampler(
        [x], [np.array([[40.0, 40.0]])], options(radius_px=0.5, batch_size=2000), seed=0
    )
    patches = sampler.batch_at(0).patches[:125, 0] - 40.0
    assert abs(float((patches[:, :, -1] - patches[:, :, 0]).mean())) < 1.5


def test_beyond_the_image_there_are_zeros() -> None:
    image = np.ones((30, 30), np.float32)
    sampler = PatchSampler([image], [np.array([[0.0, 0.0]])], options(radius_px=0.5), seed=0)
    corner = sampler.batch_at(0).patches[0, 0]
    share = float(corner.mean())
    assert set(corner.unique().tolist()) == {0.0, 1.0}
    assert 0.2 < share < 0.4  # a quarter, and the row and column through the centre


def test_unlabelled_places_cover_the_images_evenly(centres: list[np.ndarray]) -> None:
    blank = [np.zeros((60, 80), np.float32), np.ones((50, 40), np.float32)]
    sampler = PatchSampler(blank, centres, options(batch_size=4000), seed=0)
    middle = sampler.batch_at(0).patches[250:, 0, SIDE // 2, SIDE // 2]
    assert float(middle.mean()) == pytest.approx(0.5, abs=0.03)


def test_all_places_are_unlabelled_where_the_estimator_wants_it() -> None:
    flags = np.ones((20, 20), np.float32)
    flags[:, 10:] = 0.0
    label = [np.array([[4.0, 10.0]])]
    covered = options(radius_px=8.0, everything_unlabelled=True, batch_size=800)
    marked = (positive_places(flags.shape, label[0], 8.0) > 0).astype(np.float32)
    sampler = PatchSampler([marked], label, covered, seed=0)
    unlabelled = sampler.batch_at(0).patches[50:, 0, SIDE // 2, SIDE // 2]
    assert float(unlabelled.mean()) == pytest.approx(float(marked.mean()), abs=0.06)


def test_what_cannot_be_drawn_is_refused(images: list[np.ndarray]) -> None:
    nothing = [np.empty((0, 2)), np.empty((0, 2))]
    with pytest.raises(BadInput, match="None of the labels"):
        PatchSampler(images, nothing, options(), seed=0)
    with pytest.raises(BadInput, match="micrograph 1"):
        PatchSampler([np.zeros((5, 5), np.float32)], [np.array([[2.0, 2.0]])], options(), seed=0)
    with pytest.raises(UsageError, match="odd"):
        PatchSampler(images, nothing, options(side_px=10), seed=0)
