import numpy as np
import pytest
from quickest import processor_seconds

from nunatak.picks.bootstrap import (
    curve_estimates,
    macro_estimate,
    rate_estimates,
    resampling_weights,
)
from nunatak.picks.metrics import JudgedPicks, average_precision_per_image


def made_up_picks(rng: np.random.Generator, n_images: int, per_image: int) -> JudgedPicks:
    """Scores that tell right from wrong imperfectly, with quality varying between images."""
    image = np.repeat(np.arange(n_images), per_image)
    right = rng.uniform(size=image.size) < rng.uniform(0.3, 0.9, n_images)[image]
    found = np.bincount(image[right], minlength=n_images)
    return JudgedPicks(
        image=image,
        score=rng.normal(size=image.size) + 1.5 * right,
        credited=right,
        truths=found + rng.integers(0, per_image // 4 + 1, n_images),
    )


def resampled(picks: JudgedPicks, chosen: np.ndarray) -> JudgedPicks:
    """The picks of the chosen images, repeated as often as each is chosen."""
    rows = [np.flatnonzero(picks.image == image) for image in chosen]
    return JudgedPicks(
        image=np.repeat(np.arange(len(chosen)), [len(one) for one in rows]),
        score=picks.score[np.concatenate(rows)],
        credited=picks.credited[np.concatenate(rows)],
        truths=picks.truths[chosen],
    )


def test_weights_are_resamples_of_the_images(rng: np.random.Generator) -> None:
    weights = resampling_weights(7, 2000, rng)
    assert weights.shape == (2000, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(7), abs=0.1)


def test_vectorised_intervals_equal_those_of_explicit_resamples(rng: np.random.Generator) -> None:
    picks = made_up_picks(rng, n_images=6, per_image=30)
    weights = resampling_weights(6, 100, rng)
    average_precision, best_f1 = curve_estimates(picks, weights)
    copies = [resampled(picks, np.repeat(np.arange(6), row.astype(int))) for row in weights]
    micro = [one.curve.average_precision for one in copies]
    macro = [np.nanmean(average_precision_per_image(one)) for one in copies]
    f1 = [one.curve.f1.max() for one in copies]
    for estimate, values in (
        (average_precision.micro, micro),
        (average_precision.macro, macro),
        (best_f1, f1),
    ):
        assert (estimate.low, estimate.high) == pytest.approx(
            tuple(np.quantile(values, [0.025, 0.975]))
        )
    assert average_precision.micro.value == picks.curve.average_precision


def test_rate_intervals_equal_those_of_explicit_resamples(rng: np.random.Generator) -> None:
    picks = made_up_picks(rng, n_images=5, per_image=20)
    weights = resampling_weights(5, 60, rng)
    estimates = rate_estimates(picks.counts_at(0.5), weights)
    recalls = []
    for row in weights:
        counts = resampled(picks, np.repeat(np.arange(5), row.astype(int))).counts_at(0.5)
        recalls.append(counts.true_positives.sum() / counts.truths.sum())
    interval = estimates["recall"].micro
    assert (interval.low, interval.high) == pytest.approx(
        tuple(np.quantile(recalls, [0.025, 0.975]))
    )


def test_macro_weighs_images_alike_and_micro_does_not() -> None:
    picks = JudgedPicks(
        image=np.array([0] * 9 + [1]),
        score=np.ones(10),
        credited=np.array([True] * 9 + [False]),
        truths=np.array([9, 1]),
    )
    recall = rate_estimates(picks.counts_at(0.0), np.empty((0, 2)))["recall"]
    assert (recall.micro.value, recall.macro.value) == (0.9, 0.5)


def test_a_single_image_has_no_interval(rng: np.random.Generator) -> None:
    picks = made_up_picks(rng, n_images=1, per_image=20)
    average_precision, best_f1 = curve_estimates(picks, resampling_weights(1, 100, rng))
    assert np.isnan([average_precision.micro.low, average_precision.macro.high, best_f1.low]).all()
    assert average_precision.micro.value == picks.curve.average_precision


def test_undefined_images_are_left_out_of_the_mean() -> None:
    estimate = macro_estimate(np.array([0.5, np.nan, 1.0]), np.array([[1.0, 1.0, 1.0], [0, 3, 0]]))
    assert (estimate.value, estimate.low, estimate.high) == (0.75, 0.75, 0.75)


def test_long_curves_are_thinned_with_little_loss(rng: np.random.Generator) -> None:
    picks = made_up_picks(rng, n_images=10, per_image=2000)
    once_each = np.ones((1, 10))
    average_precision, best_f1 = curve_estimates(picks, once_each)
    assert average_precision.micro.low == pytest.approx(average_precision.micro.value, abs=1e-3)
    assert best_f1.low == pytest.approx(best_f1.value, abs=1e-3)


def test_a_thousand_resamples_of_a_large_set_are_fast(rng: np.random.Generator) -> None:
    picks = made_up_picks(rng, n_images=500, per_image=400)
    weights = resampling_weights(500, 1000, rng)
    assert processor_seconds(lambda: curve_estimates(picks, weights)) < 4.0
