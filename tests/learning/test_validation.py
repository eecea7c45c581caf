"""Average precision from a part of the labels."""

import numpy as np
import pytest

from nunatak.geometry import FloatArray
from nunatak.learning.found import Found
from nunatak.learning.validation import labelled_average_precision, share_better

N_PARTICLES, N_JUNK, N_MISSED = 200, 300, 10


def scores(separation: float, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Return scores of all particles (0 where missed) and of all candidates."""
    rng = np.random.default_rng(seed)
    particles = 1 / (1 + np.exp(-rng.normal(separation, 1, N_PARTICLES)))
    particles[:N_MISSED] = 0.0
    junk = 1 / (1 + np.exp(-rng.normal(0, 1, N_JUNK)))
    return particles, np.concatenate([particles[N_MISSED:], junk])


def usual_average_precision(separation: float) -> float:
    _, candidates = scores(separation)
    is_hit = np.arange(len(candidates)) < N_PARTICLES - N_MISSED
    hits = is_hit[np.argsort(-candidates)]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].sum() / N_PARTICLES)


@pytest.mark.parametrize("separation", [0.5, 1.0, 2.0, 4.0])
def test_complete_labels_give_the_usual_value(separation: float) -> None:
    found = labelled_average_precision(*scores(separation), N_PARTICLES)
    assert found == pytest.approx(usual_average_precision(separation), abs=1e-9)


@pytest.mark.parametrize("separation", [0.5, 1.0, 2.0, 4.0])
def test_random_labels_give_it_in_the_mean(separation: float, rng: np.random.Generator) -> None:
    particles, candidates = scores(separation)
    draws = [
        labelled_average_precision(rng.choice(particles, 20, replace=False), candidates, 200)
        for _ in range(300)
    ]
    assert np.mean(draws) == pytest.approx(usual_average_precision(separation), abs=0.08)


def test_unlabelled_particles_are_not_counted_as_false() -> None:
    everywhere = np.linspace(0.9, 0.99, 100)
    assert labelled_average_precision(everywhere[::10], everywhere, 100) > 0.95


def test_labels_that_are_not_found_cost_recall() -> None:
    assert labelled_average_precision([0.9, 0.9, 0.0, 0.0], [0.9, 0.9], 4) == pytest.approx(0.5)
    assert labelled_average_precision([0.0], [0.5], 4) == 0.0
    assert labelled_average_precision([0.0], [], 4) == 0.0


def test_equal_scores_pass_together() -> None:
    assert labelled_average_precision([0.8] * 4, [0.8] * 8, 4) == pytest.approx(0.5)


def found(separation: float, seed: int = 0, n_labels: int = 30) -> list[Found]:
    particles, candidates = scores(separation, seed)
    labels = particles[N_MISSED : N_MISSED + n_labels]
    return [Found(np.zeros((len(candidates), 2)), candidates, labels)]


@pytest.mark.parametrize(
    ("before", "after", "low", "high"),
    [
        (0.5, 4.0, 0.99, 1.0),
        (4.0, 0.5, 0.0, 0.01),
    ],
)
def test_a_clear_difference_is_sure(before: float, after: float, low: float, high: float) -> None:
    rng = np.random.default_rng(0)
    share = share_better(found(before), found(after), N_PARTICLES, rng=rng, n_samples=100)
    assert low <= share <= high


def test_a_detector_is_as_good_as_itself(rng: np.random.Generator) -> None:
    one = found(1.0)
    assert share_better(one, one, N_PARTICLES, rng=rng, n_samples=20) == 0.5


def test_few_labels_are_less_sure() -> None:
    def sure(n_labels: int) -> float:
        pair = found(1.0, 1, n_labels), found(1.5, 1, n_labels)
        return share_better(*pair, N_PARTICLES, rng=np.random.default_rng(0), n_samples=200)

    assert sure(5) < sure(150)
