from functools import cache

import numpy as np
import pytest
from scipy.special import expit, logit

from nunatak.detection.candidates import find_candidates
from nunatak.detection.model import load_model
from nunatak.detection.scoring import Scorer
from nunatak.errors import BadInput
from nunatak.geometry import Scale
from nunatak.learning.class_prior import estimate_particles
from nunatak.picks.matching import match
from nunatak.recipes.complexes import procedural_complexes
from nunatak.simulate.crops import CropConfig, make_crop

FLOOR = 0.05


def synthetic(
    seed: int, *, labels: int, mean: float = 2.0, junk: float = 150.0
) -> tuple[np.ndarray, list[np.ndarray], float]:
    """Held-out scores, candidates of six micrographs, and the true particles a micrograph."""
    rng = np.random.default_rng([seed, labels])
    particles = [rng.normal(mean, 1.2, rng.poisson(60)) for _ in range(6)]
    candidates = [
        expit(
            np.concatenate(
                [
                    own[own > logit(FLOOR)],
                    logit(FLOOR) + rng.exponential(0.6, rng.poisson(junk)),
                ]
            )
        )
        for own in particles
    ]
    drawn = expit(rng.choice(np.concatenate(particles), labels, replace=False))
    return np.where(drawn >= FLOOR, drawn, 0.0), candidates, sum(map(len, particles)) / 6


@pytest.mark.parametrize(("mean", "junk"), [(2.0, 150.0), (1.0, 150.0), (0.0, 100.0)])
def test_the_interval_holds_the_true_number(mean: float, junk: float) -> None:
    seeds = range(12)
    held = 0
    for seed in seeds:
        labels, candidates, truth = synthetic(seed, labels=10, mean=mean, junk=junk)
        found = estimate_particles(labels, candidates, seed=seed)
        held += found.low <= truth <= found.high
    assert held >= 11


def test_more_labels_narrow_the_interval_and_the_error() -> None:
    widths, errors = {}, {}
    for count in (10, 100):
        found = []
        for seed in range(6):
            labels, candidates, truth = synthetic(seed, labels=count)
            estimate = estimate_particles(labels, candidates, seed=seed)
            found.append((estimate.high / truth - estimate.low / truth, estimate.value / truth - 1))
        widths[count], errors[count] = np.abs(found).mean(axis=0)
    assert widths[100] < 0.7 * widths[10]
    assert errors[100] < 0.06


def test_labels_that_were_not_found_raise_the_number() -> None:
    labels, candidates, truth = synthetic(0, labels=60)
    # Two thirds of the particles leave no candidate at all.
    found = estimate_particles(np.append(labels, np.full(120, -np.inf)), candidates)
    assert found.value == pytest.approx(3 * truth, rel=0.2)


def test_an_expected_number_pulls_an_uncertain_estimate() -> None:
    labels, candidates, truth = synthetic(3, labels=10, mean=0.0, junk=100.0)
    free = estimate_particles(labels, candidates)
    told = estimate_particles(labels, candidates, expected_particles=truth)
    assert told.high - told.low < free.high - free.low
    assert told.low < truth < told.high


def test_one_seed_gives_one_estimate() -> None:
    labels, candidates, _ = synthetic(1, labels=10)
    assert estimate_particles(labels, candidates) == estimate_particles(labels, candidates)


@cache
def simulated() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Candidates of the general model on simulated micrographs, and the score at each particle."""
    model = load_model("general-2d")
    scorer = Scorer(model, device="cpu", precision="float32")
    config = CropConfig(
        side_px=256,
        empty=0.0,
        coverage=(0.2, 0.25),
        contrast_factor=(0.6, 0.8),
        dose_e_A2=(35.0, 45.0),
        diameter_error=(0.95, 1.05),
        least_detectability=0.0,
    )
    density = procedural_complexes(1, scatterers=500, seed=11)
    candidates, at_particles = [], []
    for index in range(5):
        crop = make_crop(density, config, np.random.default_rng([8, index]))
        shape = (256, 256)
        found = find_candidates(
            scorer.logits(crop.image),
            Scale(shape, shape),
            stride=scorer.stride,
            origin_px=scorer.origin_px,
            floor=model.header.score_floor,
            min_distance_px=8.0,
        )
        pairs = match(np.column_stack([found.x_px, found.y_px]), crop.centres_px, 5.0)
        scores = np.zeros(len(crop.centres_px))
        scores[pairs.truth] = found.score[pairs.candidate]
        candidates.append(found.score)
        at_particles.append(scores)
    return candidates, at_particles


@pytest.mark.parametrize("count", [10, 100])
def test_particles_of_simulated_micrographs_are_counted(count: int) -> None:
    candidates, at_particles = simulated()
    truth = sum(map(len, at_particles)) / len(at_particles)
    labels = np.random.default_rng(count).choice(np.concatenate(at_particles), count, replace=False)
    found = estimate_particles(labels, candidates)
    assert found.low < truth < found.high
    assert found.value == pytest.approx(truth, rel=0.15)


def test_what_cannot_be_estimated_is_refused() -> None:
    with pytest.raises(BadInput, match="No label was held out"):
        estimate_particles([], [[0.5]])
    with pytest.raises(BadInput, match="no candidate"):
        estimate_particles([0.5], [[], []])
    with pytest.raises(BadInput, match="probabilities"):
        estimate_particles([0.5], [[3.0]])
    with pytest.raises(BadInput, match="not a number"):
        estimate_particles([np.nan], [[0.5]])
    with pytest.raises(BadInput, match="-3 particles"):
        estimate_particles([0.5], [[0.5]], expected_particles=-3)
