"""Training crops: labels where the particles are, one seed one crop."""

import numpy as np
import pytest

from nunatak.images.normalise import CLIP
from nunatak.simulate.crops import CropConfig, TrainingCrop, make_crop
from nunatak.simulate.density import Density
from nunatak.simulate.procedural import procedural_complex

EASY = CropConfig(
    side_px=128,
    diameter_error=(1.0, 1.0),
    dose_e_A2=(60.0, 60.0),
    contrast_factor=(1.0, 1.0),
    coverage=(0.15, 0.3),
    empty=0.0,
    junk=0.0,
    least_detectability=0.0,
)


@pytest.fixture(scope="module")
def complexes() -> list[Density]:
    rng = np.random.default_rng(4)
    return [procedural_complex(rng).thinned(800, rng) for _ in range(6)]


def crops(complexes: list[Density], config: CropConfig, count: int) -> list[TrainingCrop]:
    return [make_crop(complexes, config, np.random.default_rng([9, i])) for i in range(count)]


def test_one_state_one_crop(complexes: list[Density]) -> None:
    first, again = (make_crop(complexes, CropConfig(), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.centres_px, again.centres_px)
    np.testing.assert_array_equal(first.ignored_px, again.ignored_px)


def test_crops_are_normalised_and_labelled(complexes: list[Density]) -> None:
    medians = []
    for crop in crops(complexes, CropConfig(side_px=96), 60):
        medians.append(np.median(crop.image))
        assert crop.image.shape == (96, 96)
        assert crop.image.dtype == np.float32
        assert np.isfinite(crop.image).all()
        assert np.abs(crop.image).max() <= CLIP
        assert crop.centres_px.shape[1:] == (2,)
        assert crop.ignored_px.shape[1:] == (3,)
        assert (crop.centres_px >= -0.5).all()
        assert (crop.centres_px < 95.5).all()
    assert np.mean(np.abs(medians) < 0.5) > 0.9  # not where carbon covers half of the crop


def test_particles_lie_at_their_labels(complexes: list[Density]) -> None:
    """Averaged over many particles, the label is where the dark spot is, and x is not y."""
    window = 14
    at_label, swapped = [], []
    for crop in crops(complexes, EASY, 60):
        for x, y in np.round(crop.centres_px).astype(int):
            if window <= min(x, y) and max(x, y) < 128 - window:
                at_label.append(
                    crop.image[y - window : y + window + 1, x - window : x + window + 1]
                )
                swapped.append(crop.image[x - window : x + window + 1, y - window : y + window + 1])
    assert len(at_label) > 200
    mean = np.mean(at_label, axis=0)
    y, x = np.indices(mean.shape) - window
    inside = np.hypot(x, y) < 6
    assert mean[inside].mean() < mean[~inside].mean() - 0.3
    assert mean[inside].mean() < np.mean(swapped, axis=0)[inside].mean() - 0.2
    darkness = np.clip(mean[np.hypot(x, y) > 11].mean() - mean, 0, None) * (np.hypot(x, y) < 10)
    assert abs((darkness * x).sum() / darkness.sum()) < 0.5
    assert abs((darkness * y).sum() / darkness.sum()) < 0.5


def test_an_empty_share_has_no_particles(complexes: list[Density]) -> None:
    config = CropConfig(side_px=64, empty=1.0)
    assert all(len(crop.centres_px) == 0 for crop in crops(complexes, config, 10))


def test_invisible_particles_are_ignored_not_asked_for(complexes: list[Density]) -> None:
    hidden = EASY.model_copy(update={"side_px": 64, "least_detectability": 1e9})
    shown = EASY.model_copy(update={"side_px": 64})
    for blind, seen in zip(crops(complexes, hidden, 10), crops(complexes, shown, 10), strict=True):
        assert len(blind.centres_px) == 0
        np.testing.assert_array_equal(blind.ignored_px[:, :2], seen.centres_px)


def test_the_stated_diameter_sets_the_scale(complexes: list[Density]) -> None:
    """With spacing of a whole diameter, neighbours are as far apart as the network expects."""
    config = EASY.model_copy(
        update={"diameter_px": 16.0, "spacing": (1.0, 1.0), "coverage": (0.5, 0.6)}
    )
    for crop in crops(complexes, config, 5):
        difference = crop.centres_px[:, None] - crop.centres_px[None, :]
        distance = np.hypot(*np.moveaxis(difference, 2, 0)) + 1e3 * np.eye(len(difference))
        assert 15.99 < distance.min() < 19.0
