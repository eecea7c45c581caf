import numpy as np
import pytest
from scipy.special import expit, logit

from nunatak.errors import BadInput
from nunatak.pruning.head import SLOPE_SD, WRONG_LABELS, LinearHead, balanced_weights, fit_head


def separable(
    rng: np.random.Generator, k: int, *, share: float = 0.5, d: int = 5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels whose true logit is offset + 1.5 x_0, as many of each class as share says."""
    n = 40 * k
    x, offset = rng.normal(size=(n, d)), rng.normal(size=n)
    is_particle = rng.random(n) < expit(offset + 1.5 * x[:, 0])
    good = np.flatnonzero(is_particle)[: round(share * k)]
    bad = np.flatnonzero(~is_particle)[: k - len(good)]
    rows = np.concatenate([good, bad])
    return x[rows], offset[rows], is_particle[rows]


def test_without_labels_and_with_a_strong_prior_the_offset_stands(
    rng: np.random.Generator,
) -> None:
    x, offset, is_particle = separable(rng, 40)
    none = fit_head(x[:0], offset[:0], is_particle[:0], strength=1.0)
    np.testing.assert_array_equal(none.logit(x, offset), offset)
    strong = fit_head(x, offset, is_particle, strength=1e6)
    assert np.abs(strong.weights).max() < 1e-3
    assert abs(strong.slope - 1) < 3 * SLOPE_SD


def test_many_labels_find_the_truth_whatever_their_mix(rng: np.random.Generator) -> None:
    for share in (0.5, 0.15):
        x, offset, is_particle = separable(rng, 6000, share=share)
        head = fit_head(x, offset, is_particle, strength=0.1)
        assert head.bias == pytest.approx(0.0, abs=0.12)
        assert head.slope == pytest.approx(1.0, abs=0.2)
        np.testing.assert_allclose(head.weights, [1.5, 0, 0, 0, 0], atol=0.3)


def test_the_fit_is_the_minimum_of_the_posterior(rng: np.random.Generator) -> None:
    x, offset, is_particle = separable(rng, 30, share=0.3)
    weight = rng.uniform(0.5, 2, 30)
    head = fit_head(x, offset, is_particle, strength=2.0, sample_weight=weight)

    def value(head: LinearHead) -> float:
        shift = logit(weight[is_particle].sum() / weight.sum())
        margin = np.where(is_particle, 1, -1) * (head.logit(x, offset) + shift)
        prior = 2.0 * (head.weights**2).sum() + head.bias**2 + ((head.slope - 1) / SLOPE_SD) ** 2
        likelihood = WRONG_LABELS / 2 + (1 - WRONG_LABELS) * expit(margin)
        return float(-weight @ np.log(likelihood) + prior / 2)

    best = value(head)
    for step in rng.normal(0, 0.02, (20, 7)):
        moved = LinearHead(head.weights + step[2:], head.bias + step[0], head.slope + step[1])
        assert value(moved) > best


def test_classes_are_balanced_by_the_square_root() -> None:
    is_particle = np.array([True] * 16 + [False] * 4)
    weight = balanced_weights(is_particle)
    assert weight.mean() == pytest.approx(1)
    assert weight[-1] / weight[0] == pytest.approx(2)
    assert len(balanced_weights(is_particle[:0])) == 0


def test_bad_input_is_named(rng: np.random.Generator) -> None:
    x, offset, is_particle = separable(rng, 10)
    with pytest.raises(BadInput, match="9 labels came with the features of 10 picks"):
        fit_head(x, offset, is_particle[:9], strength=1.0)
    with pytest.raises(BadInput, match="strength of the prior is 0"):
        fit_head(x, offset, is_particle, strength=0.0)
    offset[2] = np.nan
    with pytest.raises(BadInput, match="not a number: it was not judged"):
        fit_head(x, offset, is_particle, strength=1.0)
