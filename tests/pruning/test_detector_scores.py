from dataclasses import replace

import numpy as np
import pytest

from nunatak.detection.model import DetectorModel
from nunatak.geometry import Scale
from nunatak.pruning.detector_scores import DetectorScores, largest_near
from nunatak.pruning.working_micrograph import WorkingMicrograph

PIXEL_SIZE_A, DIAMETER_A = 2.0, 120.0
CENTRES = np.array([[101.0, 140.0], [330.0, 90.0], [250.0, 300.0]])


def moved(x_px: float, y_px: float) -> np.ndarray:
    return CENTRES + np.array([x_px, y_px])


def spots(*, light: bool = False) -> WorkingMicrograph:
    """Three Gaussian spots, a particle spanning 60 stored pixels and 40 of the image."""
    rng = np.random.default_rng(4)
    shape = (300, 360)
    rows, columns = np.indices(shape)
    image = rng.standard_normal(shape)
    for x, y in (CENTRES + 0.5) / 1.5 - 0.5:
        image -= 3.0 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 8.0**2))
    return WorkingMicrograph(
        image=(-image if light else image).astype(np.float32),
        bad=None,
        scale=Scale((450, 540), shape),
        corner_px=(0, 0),
        stored_shape=(450, 540),
        pixel_size_A=PIXEL_SIZE_A,
        diameter_A=DIAMETER_A,
        diameter_px=40.0,
    )


@pytest.fixture(scope="module")
def scores(blob_detector: DetectorModel) -> DetectorScores:
    return DetectorScores(blob_detector, device="cpu", precision="float32")


def test_the_largest_value_within_reach_is_found(rng: np.random.Generator) -> None:
    values = rng.standard_normal((9, 13)).astype(np.float32)
    positions = rng.uniform([-2, -2], [14, 10], (200, 2))
    found = largest_near(values, positions, reach=2.3)
    rows, columns = np.indices(values.shape)
    for (x, y), value in zip(np.clip(positions, 0, [12, 8]), found, strict=True):
        near = np.hypot(rows - y, columns - x) <= 2.3
        assert value == values[near].max()


def test_without_reach_the_nearest_pixel_counts() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert largest_near(values, np.array([[2.4, 0.6]]), reach=0.0).tolist() == [6.0]
    assert largest_near(values, np.empty((0, 2)), reach=1.0).shape == (0,)


def test_picks_on_particles_have_higher_logits(scores: DetectorScores) -> None:
    micrograph = spots()
    on = scores.at(micrograph, CENTRES, "dark").logit
    off = scores.at(micrograph, moved(0.0, 75.0), "dark").logit
    assert on.min() > off.max() + 2.0
    # 0.2 diameters beside the particle its peak is still within reach, 0.6 diameters not.
    np.testing.assert_allclose(scores.at(micrograph, moved(10.0, 6.0), "dark").logit, on, atol=0.3)
    assert np.all(scores.at(micrograph, moved(0.0, 36.0), "dark").logit < on - 1.0)


def test_light_particles_are_seen_as_dark_ones(scores: DetectorScores) -> None:
    np.testing.assert_allclose(
        scores.at(spots(light=True), CENTRES, "light").logit,
        scores.at(spots(), CENTRES, "dark").logit,
        rtol=0.01,
    )


def test_the_vote_knows_the_side(scores: DetectorScores) -> None:
    dark, light = scores.vote(spots()), scores.vote(spots(light=True))
    assert dark.dark > 2 * dark.light
    assert light.light > 2 * light.dark


def test_what_lies_beyond_a_blank_edge_moves_nothing(scores: DetectorScores) -> None:
    whole = spots()
    shifted = replace(whole, corner_px=(30, 12), stored_shape=(480, 600))
    np.testing.assert_array_equal(
        scores.at(shifted, moved(30.0, 12.0), "dark").logit, scores.at(whole, CENTRES, "dark").logit
    )


def test_what_holds_no_numbers_is_ice(scores: DetectorScores) -> None:
    micrograph = spots()
    bad = np.zeros(micrograph.image.shape, dtype=bool)
    x, y = (CENTRES[0] / 1.5).astype(int)
    bad[y - 25 : y + 25, x - 25 : x + 25] = True
    masked = scores.at(replace(micrograph, bad=bad), CENTRES, "dark").logit
    whole = scores.at(micrograph, CENTRES, "dark").logit
    assert masked[0] == pytest.approx(-6.0, abs=0.1)
    np.testing.assert_allclose(masked[1:], whole[1:], atol=0.5)


def test_features_tell_particles_from_ice_and_move_with_the_image(scores: DetectorScores) -> None:
    whole = spots()
    on = scores.at(whole, CENTRES, "dark").features
    off = scores.at(whole, moved(0.0, 75.0), "dark").features
    assert on.shape == (len(CENTRES), scores.feature_channels)
    assert np.abs(on.mean(axis=0) - off.mean(axis=0)).max() > 10 * on.std(axis=0).max()
    shifted = replace(whole, corner_px=(30, 12), stored_shape=(480, 600))
    there = scores.at(shifted, moved(30.0, 12.0), "dark").features
    np.testing.assert_allclose(there, on, atol=1e-5)
