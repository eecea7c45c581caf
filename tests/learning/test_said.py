"""Corrections are no random sample, and completely labelled parts say more than labels."""

import numpy as np
import pytest
from scipy.special import expit, logit

from nunatak.errors import BadInput
from nunatak.learning.calibration import calibrate_on_labels
from nunatak.learning.carried_over import FirstSight, carried_over
from nunatak.learning.class_prior import estimate_particles, score_model
from nunatak.learning.said import Said

FLOOR, SHOWN_FROM = 0.05, 0.5
IMAGES, PARTICLES, JUNK = 4, 80, 120


def scored(seed: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Scores of all particles and of all junk, and the candidates of each image."""
    rng = np.random.default_rng(seed)
    particles = expit(rng.normal(1.0, 1.2, (IMAGES, PARTICLES)))
    junk = expit(logit(FLOOR) + rng.exponential(0.7, (IMAGES, JUNK)))
    candidates = [
        np.concatenate([own[own > FLOOR], other])
        for own, other in zip(particles, junk, strict=True)
    ]
    return particles.ravel(), junk.ravel(), candidates


def corrections(seed: int) -> tuple[Said, np.ndarray, list[np.ndarray]]:
    """Five particles without a circle."""
    particles, _, candidates = scored(seed)
    rng = np.random.default_rng([seed, 1])
    hidden = rng.choice(particles[particles < SHOWN_FROM], 5, replace=False)
    labels = np.where(hidden > FLOOR, hidden, 0.0)
    return Said(labels, shown_from=SHOWN_FROM), labels, candidates


def test_corrections_do_not_pass_for_a_sample_of_the_particles() -> None:
    told, taken = [], []
    for seed in range(8):
        said, labels, candidates = corrections(seed)
        told.append(estimate_particles(said, candidates).value / PARTICLES)
        taken.append(estimate_particles(labels, candidates).value / PARTICLES)
    assert np.mean(taken) > 1.3, "as a sample, they look like many more particles"
    assert np.mean(told) == pytest.approx(1.0, abs=0.3)
    assert np.abs(np.log(told)).mean() < np.abs(np.log(taken)).mean()


def test_a_random_sample_may_be_taken_for_corrections() -> None:
    values = []
    for seed in range(8):
        particles, _, candidates = scored(seed)
        drawn = np.random.default_rng([seed, 2]).choice(particles, 10, replace=False)
        said = Said(np.where(drawn > FLOOR, drawn, 0.0), shown_from=SHOWN_FROM)
        values.append(estimate_particles(said, candidates).value / PARTICLES)
    assert np.mean(values) == pytest.approx(1.0, abs=0.35)


def test_a_completely_labelled_part_narrows_what_is_known() -> None:
    particles, junk, candidates = scored(3)
    few = particles[:6][particles[:6] > FLOOR]
    right = particles[PARTICLES : PARTICLES + 40]
    part = Said(few, right=right[right > FLOOR], wrong=junk[JUNK : JUNK + 60])
    alone, more = (estimate_particles(said, candidates) for said in (Said(few), part))
    assert more.high - more.low < 0.7 * (alone.high - alone.low)
    assert more.low < PARTICLES < more.high


def test_a_complete_part_alone_is_enough_to_calibrate() -> None:
    particles, junk, candidates = scored(4)
    said = Said(np.empty(0), right=particles[:80][particles[:80] > FLOOR], wrong=junk[:120])
    table = calibrate_on_labels(said, candidates, score_floor=FLOOR).table
    best = max(table, key=lambda row: row.f1)
    passing = particles >= best.threshold
    wrong = junk >= best.threshold
    assert best.precision == pytest.approx(passing.sum() / (passing.sum() + wrong.sum()), abs=0.1)


def test_particles_without_a_candidate_are_weighed_against_all_that_were_as_hidden() -> None:
    particles, junk, candidates = scored(6)
    part, wrong = particles[:PARTICLES], junk[:JUNK]
    missed = np.zeros((part <= FLOOR).sum() + 4)
    found = part[part > FLOOR]
    reaches = [
        score_model(Said(missed, right=right, wrong=wrong, shown_from=SHOWN_FROM), candidates).reach
        for right in (found, found[found >= SHOWN_FROM])
    ]
    share = len(found) / (len(found) + len(missed))
    assert reaches[0] == pytest.approx(share, abs=0.04)
    assert reaches[1] < reaches[0]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Said(np.empty(0), wrong=np.array([0.5])), "No label was held out"),
        (Said(np.array([np.nan])), "not a number"),
        (Said(np.array([0.5]), wrong=np.array([1.5])), "probabilities"),
    ],
)
def test_what_cannot_be_calibrated_by(said: Said, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        estimate_particles(said, [np.array([0.5])])


def test_thresholds_are_carried_over_by_how_many_pass() -> None:
    """A detector that ranks alike and scores lower gets the same rates at lower thresholds."""
    particles, _, candidates = scored(5)
    everything = np.concatenate(candidates)
    table = calibrate_on_labels(particles[:40], candidates, score_floor=FLOOR).table
    sight = FirstSight(table, everything, "40 labels")
    lower = expit(logit(everything) - 1.0)
    carried = carried_over(sight, lower, score_floor=0.02)
    for threshold in (0.2, 0.5):
        before = min(table, key=lambda row: abs(row.threshold - expit(logit(threshold) + 1.0)))
        after = min(carried, key=lambda row: abs(row.threshold - threshold))
        assert after.precision == pytest.approx(before.precision, abs=0.02)
        assert after.recall == pytest.approx(before.recall, abs=0.03)
        assert after.precision_low is not None
    assert [row.threshold for row in carried] == sorted(row.threshold for row in carried)


def test_nothing_is_carried_over_from_nothing() -> None:
    assert carried_over(FirstSight((), np.array([0.5]), ""), [0.5], score_floor=0.05) == ()
