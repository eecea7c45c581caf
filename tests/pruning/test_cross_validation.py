import numpy as np
import pytest

from nunatak.pruning.cross_validation import (
    STRENGTHS,
    cross_validate,
    stratified_folds,
)
from nunatak.pruning.head import fit_head


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
    found = []
    for told in (0.0, 3.0):
        x, offset, is_particle = picks(rng, told=told)
        rows = rows_of(is_particle, 100)
        found.append(cross_validate(x, offset, rows, is_particle[rows]))
        assert set(found[-1].loss) == set(STRENGTHS)
        assert min(STRENGTHS) <= found[-1].strength <= max(STRENGTHS)
    assert found[0].strength > 8
    assert found[1].strength < 3
    weights = [np.abs(one.head.weights) for one in found]
    assert weights[1][0] > 10 * weights[0].mean()


def test_strengths_that_do_alike_are_averaged(rng: np.random.Generator) -> None:
    x, offset, is_particle = picks(rng, told=1.0)
    rows = rows_of(is_particle, 2)
    found = cross_validate(x, offset, rows, is_particle[rows])
    heads = [
        fit_head(x[rows], offset[rows], is_particle[rows], strength=strength)
        for strength in STRENGTHS
    ]
    loss = np.array([found.loss[strength] for strength in STRENGTHS]) * len(rows)
    share = np.exp(-loss / 2) / np.exp(-loss / 2).sum()
    assert (share > 0.05).all()  # four labels cannot decide
    np.testing.assert_allclose(
        found.head.logit(x, offset),
        share @ np.array([head.logit(x, offset) for head in heads]),
    )


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
    assert bool(found.loss) == (good > 0 and bad > 0)
    if max(good, bad) <= 1:  # what is left to learn from is one class, or none
        np.testing.assert_allclose(found.out_of_fold, offset[rows])


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


def misjudged(
    rng: np.random.Generator, *, wrong: int, k: int, told: float, with_shipped: bool
) -> float:
    """Share of picks judged wrongly by 2 k labels, of which some are careless."""
    x, offset, is_particle = picks(rng, told=told)
    rows = rows_of(is_particle, k)
    said = is_particle[rows].copy()
    said[:wrong] = ~said[:wrong]
    found = cross_validate(x, offset, rows, said, with_shipped=with_shipped)
    return float(((found.head.logit(x, offset) > 0) != is_particle).mean())


def test_a_few_careless_labels_hardly_move_the_shipped_judgement() -> None:
    shares = {
        weighed: np.mean(
            [
                misjudged(np.random.default_rng(seed), wrong=2, k=5, told=0.0, with_shipped=weighed)
                for seed in range(12)
            ]
        )
        for weighed in (False, True)
    }
    _, offset, is_particle = picks(np.random.default_rng(0), told=0.0)
    shipped = float(((offset > 0) != is_particle).mean())
    assert shares[True] - shipped < 0.6 * (shares[False] - shipped)


def test_many_careful_labels_are_listened_to_all_the_same() -> None:
    free, weighed = (
        misjudged(np.random.default_rng(3), wrong=0, k=60, told=3.0, with_shipped=with_shipped)
        for with_shipped in (False, True)
    )
    assert weighed == pytest.approx(free, abs=0.003)


def test_labels_of_one_class_cannot_be_weighed(rng: np.random.Generator) -> None:
    x, offset, is_particle = picks(rng, told=1.0)
    rows = np.flatnonzero(is_particle)[:8]
    free, weighed = (
        cross_validate(x, offset, rows, is_particle[rows], with_shipped=with_shipped)
        for with_shipped in (False, True)
    )
    np.testing.assert_array_equal(free.out_of_fold, weighed.out_of_fold)
