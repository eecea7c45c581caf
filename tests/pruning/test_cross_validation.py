import numpy as np
import pytest

from nunatak.pruning.cross_validation import (
    STRENGTHS,
    cross_validate,
    expected_strength,
    stratified_folds,
)


def picks(
    rng: np.random.Generator, *, told: float, n: int = 3000
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thirty features, of which the first tells particles by so many standard deviations."""
    is_particle = rng.random(n) < 0.5
    x = rng.normal(size=(n, 30)) * 0.7
    x[:, 0] += np.where(is_particle, told, -told) / 2
    offset = 2 * rng.normal(np.where(is_particle, 1.0, -1.0), 1.0)
    return x, offset, is_particle


def rows_of(is_particle: np.ndarray, k: int) -> np.ndarray:
    return np.concatenate([np.flatnonzero(is_particle)[:k], np.flatnonzero(~is_particle)[:k]])


def test_features_that_say_nothing_are_left_alone_and_good_ones_used(
    rng: np.random.Generator,
) -> None:
    chosen = []
    for told in (0.0, 3.0):
        x, offset, is_particle = picks(rng, told=told)
        rows = rows_of(is_particle, 100)
        found = cross_validate(x, offset, rows, is_particle[rows])
        assert set(found.loss) == set(STRENGTHS)
        chosen.append(found.strength)
    assert chosen[0] >= 10
    assert chosen[1] <= 3


def test_out_of_fold_logits_are_not_those_of_the_fit(rng: np.random.Generator) -> None:
    x, offset, is_particle = picks(rng, told=0.0)
    rows = rows_of(is_particle, 20)
    sign = np.where(is_particle[rows], 1, -1)
    found = cross_validate(x, offset, rows, is_particle[rows])
    within = found.head.logit(x[rows], offset[rows])
    assert (sign * within).mean() > (sign * found.out_of_fold).mean() + 0.05
    # Their quality is that on picks without a label, on average.
    others = np.setdiff1d(np.arange(len(x)), rows)
    fresh = found.head.logit(x[others], offset[others]) * np.where(is_particle[others], 1, -1)
    assert (sign * found.out_of_fold).mean() == pytest.approx(fresh.mean(), abs=1.2)
    again = cross_validate(x, offset, rows, is_particle[rows])
    np.testing.assert_array_equal(found.out_of_fold, again.out_of_fold)


@pytest.mark.parametrize(("good", "bad"), [(0, 0), (1, 0), (0, 3), (1, 1), (7, 4), (6, 5)])
def test_few_labels_of_any_mix_work(good: int, bad: int, rng: np.random.Generator) -> None:
    x, offset, is_particle = picks(rng, told=2.0, n=300)
    rows = np.concatenate([np.flatnonzero(is_particle)[:good], np.flatnonzero(~is_particle)[:bad]])
    found = cross_validate(x, offset, rows, is_particle[rows])
    assert found.out_of_fold.shape == (good + bad,)
    assert np.isfinite(found.out_of_fold).all()
    assert bool(found.loss) == (good >= 5 and bad >= 5)
    if good + bad <= 1:  # nothing else to learn from
        np.testing.assert_array_equal(found.out_of_fold, offset[rows])


def test_the_classes_are_dealt_evenly(rng: np.random.Generator) -> None:
    is_particle = rng.permutation(np.array([True] * 60 + [False] * 33))
    fold = stratified_folds(is_particle, rng)
    for kind in (True, False):
        counts = np.bincount(fold[is_particle == kind], minlength=5)
        assert len(counts) == 5
        assert np.ptp(counts) <= 1
    assert np.ptp(np.bincount(fold)) <= 1
    few = stratified_folds(np.array([True] * 6 + [False] * 4), rng)
    assert sorted(few) == list(range(10))


def test_accidents_and_many_directions_are_both_held_back() -> None:
    one, ten, many = (expected_strength(k, of_both_classes=True) for k in (1, 20, 400))
    assert ten < one
    assert ten < many
    assert expected_strength(1, of_both_classes=False) > one
