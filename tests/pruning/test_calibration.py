import numpy as np
import pytest
from scipy.special import expit

from nunatak.errors import BadInput
from nunatak.pruning.calibration import calibrate

SEPARATION = 2.5


def picks(
    rng: np.random.Generator, n: int, share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits for equal shares, whether particles, and the true natural probability."""
    is_particle = rng.random(n) < share
    value = rng.normal(np.where(is_particle, SEPARATION / 2, -SEPARATION / 2), 1.0)
    logits = SEPARATION * value
    return logits, is_particle, expit(logits + np.log(share / (1 - share)))


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_balanced_labels_give_probabilities_of_the_natural_mix(
    share: float, rng: np.random.Generator
) -> None:
    logits, is_particle, truth = picks(rng, 20_000, share)
    rows = np.concatenate([np.flatnonzero(is_particle)[:150], np.flatnonzero(~is_particle)[:150]])
    wrong = 0.6 * logits - 1.0  # what a head says that is too timid, and biased
    calibration = calibrate(wrong[rows], is_particle[rows], wrong)
    probability = calibration.probability(wrong)
    assert calibration.particle_share == pytest.approx(share, abs=0.04)
    assert np.abs(probability - truth).mean() < 0.025


def test_random_labels_tell_the_mix_themselves(rng: np.random.Generator) -> None:
    logits, is_particle, truth = picks(rng, 20_000, 0.2)
    blurred = logits * 0 + rng.normal(size=len(logits))  # says nothing, so only the mix does
    told = calibrate(blurred[:300], is_particle[:300], blurred, labels_are_random=True)
    assert told.particle_share == pytest.approx(is_particle[:300].mean(), abs=0.05)
    judged = calibrate(logits[:300], is_particle[:300], logits, labels_are_random=True)
    assert np.abs(judged.probability(logits) - truth).mean() < 0.03


def test_without_labels_logits_are_trusted_and_only_the_mix_is_learned(
    rng: np.random.Generator,
) -> None:
    logits, _, truth = picks(rng, 5000, 0.3)
    calibration = calibrate(np.empty(0), np.empty(0, dtype=bool), logits)
    assert calibration.particle_share == pytest.approx(0.3, abs=0.06)
    assert np.abs(calibration.probability(logits) - truth).mean() < 0.06


def test_a_single_odd_label_does_not_flatten_the_probabilities(rng: np.random.Generator) -> None:
    logits, is_particle, truth = picks(rng, 5000, 0.5)
    rows = np.concatenate([np.flatnonzero(is_particle)[:20], np.flatnonzero(~is_particle)[:20]])
    out_of_fold = logits[rows].copy()
    out_of_fold[0] = -9.0  # a particle by its label, and junk by everything else
    calibration = calibrate(out_of_fold, is_particle[rows], logits)
    assert np.abs(calibration.probability(logits) - truth).mean() < 0.05
    assert calibration.probability(logits).max() > 0.97


def test_particles_alone_calibrate_too(rng: np.random.Generator) -> None:
    logits, is_particle, truth = picks(rng, 20_000, 0.4)
    rows = np.flatnonzero(is_particle)[:200]
    biased = logits + 1.2
    without = calibrate(np.empty(0), np.empty(0, dtype=bool), biased).probability(biased)
    with_labels = calibrate(biased[rows], is_particle[rows], biased).probability(biased)
    error, error_without = (np.abs(p - truth).mean() for p in (with_labels, without))
    assert error < 0.6 * error_without


def test_labels_narrow_the_posterior(rng: np.random.Generator) -> None:
    logits, is_particle, _ = picks(rng, 5000, 0.5)
    spread = []
    for k in (2, 20, 200):
        calibration = calibrate(logits[:k], is_particle[:k], logits)
        share = calibration.at(logits[:500]).mean(axis=1)
        mean = calibration.weight @ share
        spread.append(float(np.sqrt(calibration.weight @ (share - mean) ** 2)))
    assert spread[0] > 1.5 * spread[1] > 2 * spread[2] > 0


def test_probabilities_rise_with_the_logit_and_unjudged_picks_have_none(
    rng: np.random.Generator,
) -> None:
    logits, is_particle, _ = picks(rng, 3000, 0.5)
    logits[7] = np.nan
    rows = np.array([0, 1, 2, 3])
    probability = calibrate(logits[rows], is_particle[rows], logits).probability(logits)
    assert np.isnan(probability[7])
    judged = np.delete(probability, 7)
    order = np.argsort(np.delete(logits, 7))
    assert (np.diff(judged[order]) >= 0).all()
    assert 0 < judged.min() < judged.max() < 1
    calibration = calibrate(logits[rows], is_particle[rows], logits)
    assert np.isnan(calibration.probability(np.array([np.nan]))).all()


def test_bad_input_is_named() -> None:
    with pytest.raises(BadInput, match="2 labels need as many finite out-of-fold logits"):
        calibrate(np.array([1.0, np.nan]), np.array([True, False]), np.zeros(4))
    with pytest.raises(BadInput, match="No pick was judged"):
        calibrate(np.empty(0), np.empty(0, dtype=bool), np.full(3, np.nan))
