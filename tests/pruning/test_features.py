from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.pruning.classes import SEEN_CLASSES
from nunatak.pruning.features import MAX_COMPONENTS, PickFeatures


@dataclass(frozen=True)
class Fusion:
    bias: float
    classifier: float
    detector: float = 0.0


@dataclass(frozen=True)
class Header:
    fusion: Fusion = field(default_factory=lambda: Fusion(0.5, 0.8, 0.3))
    classifier_only: Fusion = field(default_factory=lambda: Fusion(-0.2, 1.1))


def features(rng: np.random.Generator, n: int = 400, *, e: int = 24) -> PickFeatures:
    logits = rng.normal(size=(n, len(SEEN_CLASSES)))
    log_probability = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    embedding = rng.normal(size=(n, e)) * np.linspace(3, 0.1, e) + 7
    return PickFeatures(
        embedding.astype(np.float32),
        log_probability.astype(np.float32),
        rng.normal(2, 3, n),
        rng.uniform(0, 50, n),
    )


def test_the_offset_takes_the_detector_where_it_is_known(rng: np.random.Generator) -> None:
    all_known = features(rng)
    detector = np.where(np.arange(400) % 2 == 0, all_known.detector_logit, np.nan)
    picks = PickFeatures(
        all_known.embedding, all_known.log_probability, detector, all_known.picker_score
    )
    particle = np.exp(picks.log_probability[:, 0].astype(np.float64))
    classifier = np.log(particle / (1 - particle))
    np.testing.assert_allclose(picks.classifier_logit, classifier, rtol=1e-4, atol=1e-4)
    offset = picks.offset(Header())
    both = 0.5 + 0.8 * classifier[::2] + 0.3 * detector[::2]
    np.testing.assert_allclose(offset[::2], both, atol=1e-4)
    np.testing.assert_allclose(offset[1::2], -0.2 + 1.1 * classifier[1::2], atol=1e-4)


def test_the_columns_are_centred_and_of_comparable_scale(rng: np.random.Generator) -> None:
    picks = features(rng)
    x = picks.matrix()
    assert x.shape == (400, 24 + 2)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-4)
    spread = x.std(axis=0)
    assert np.isclose((spread[:24] ** 2).sum(), 8.0, rtol=1e-3)
    assert ((spread[24:] > 0.8) & (spread[24:] < 1.2)).all()
    # Distances are those of the embedding, but for one factor.
    embedding = picks.embedding.astype(np.float64)
    distance = [np.linalg.norm(part[:50] - part[50:100], axis=1) for part in (x[:, :24], embedding)]
    np.testing.assert_allclose(
        distance[0] / distance[1], distance[0][0] / distance[1][0], rtol=1e-4
    )
    # The components are as uncorrelated as principal components are, the greatest first.
    covariance = np.cov(x[:, :24].T)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-3
    assert (np.diff(spread[:24]) < 1e-6).all()


def test_the_detectors_features_come_after_the_embedding(rng: np.random.Generator) -> None:
    picks = features(rng)
    of_detector = rng.normal(3, 2, (400, 6)).astype(np.float32)
    of_detector[3] = np.nan
    x = replace(picks, detector_features=of_detector).matrix()
    assert x.shape == (400, 24 + 6 + 2)
    np.testing.assert_array_equal(np.delete(x, np.s_[24:30], axis=1), picks.matrix())
    own = np.delete(x[:, 24:30], 3, axis=0)
    assert np.isclose(own.var(axis=0).sum(), 4.0, rtol=1e-3)
    np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-4)
    assert (x[3, 24:30] == 0).all()


def test_unknown_values_are_neutral(rng: np.random.Generator) -> None:
    whole = features(rng)
    embedding, log_probability = whole.embedding.copy(), whole.log_probability.copy()
    embedding[3], log_probability[3] = np.nan, np.nan
    detector, score = whole.detector_logit.copy(), np.full(400, np.nan)
    detector[3] = np.nan
    x = PickFeatures(embedding, log_probability, detector, score).matrix()
    assert np.isfinite(x).all()
    assert (x[3] == 0).all()
    assert x.shape[1] == 24 + 1  # no column for the score


def test_the_matrix_does_not_depend_on_scale_or_order_of_the_picks(
    rng: np.random.Generator,
) -> None:
    one = features(rng)
    other = PickFeatures(
        one.embedding * 10, one.log_probability, one.detector_logit * 5 + 3, one.picker_score / 9
    )
    np.testing.assert_allclose(one.matrix(), other.matrix(), atol=2e-3)
    order = rng.permutation(400)
    turned = PickFeatures(
        one.embedding[order],
        one.log_probability[order],
        one.detector_logit[order],
        one.picker_score[order],
    )
    np.testing.assert_allclose(one.matrix()[order], turned.matrix(), atol=2e-3)


def test_a_few_picks_and_a_wide_embedding_are_no_trouble(rng: np.random.Generator) -> None:
    assert features(rng, 5, e=256).matrix().shape[1] == 4 + 2
    assert features(rng, 300, e=256).matrix().shape[1] == MAX_COMPONENTS + 2
    one = features(rng, 1).matrix()
    assert one.shape == (1, 0)
    flat = features(rng, 20)
    same = PickFeatures(
        np.ones((20, 8), np.float32), flat.log_probability, np.ones(20), flat.picker_score
    )
    assert same.matrix().shape == (20, 1)


def test_parts_that_do_not_fit_are_refused(rng: np.random.Generator) -> None:
    good = features(rng, 10)
    with pytest.raises(BadInput, match=r"lengths \[9, 10\]"):
        PickFeatures(
            good.embedding, good.log_probability, good.detector_logit[:9], good.picker_score
        )
    with pytest.raises(BadInput, match=r"lengths \[8, 10\]"):
        replace(good, detector_features=np.zeros((8, 3), np.float32))
    with pytest.raises(BadInput, match="8 log-probabilities cannot be those of the classes ice"):
        PickFeatures(
            good.embedding,
            good.log_probability,
            good.detector_logit,
            good.picker_score,
            ("ice", "gold"),
        )
