import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.pruning.head import fit_head
from nunatak.pruning.positive_unlabelled_head import (
    Unlabelled,
    fit_with_unlabelled,
    sample_unlabelled,
)


def picks(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Particles differ from junk along the first feature; the offset is a poor judge."""
    is_particle = rng.random(2000) < 0.4
    x = rng.normal(size=(2000, 12))
    x[:, 0] += np.where(is_particle, 1.5, -1.0)
    offset = rng.normal(np.where(is_particle, 0.5, -0.5), 1.0)
    return x, offset, is_particle


def ranks_right(score: np.ndarray, is_particle: np.ndarray) -> float:
    """Area under the ROC curve."""
    return float((score[is_particle][:, None] > score[~is_particle]).mean())


@pytest.mark.parametrize("kind", [True, False])
def test_labels_of_one_class_teach(kind: bool, rng: np.random.Generator) -> None:
    x, offset, is_particle = picks(rng)
    rows = np.flatnonzero(is_particle == kind)[:20]
    unlabelled = sample_unlabelled(x, offset, rows)
    head = fit_with_unlabelled(x[rows], offset[rows], is_particle[rows], unlabelled, strength=1.0)
    assert head.weights[0] > np.abs(head.weights[1:]).max() > 0
    assert head.bias == 0.0
    before, after = (ranks_right(s, is_particle) for s in (offset, head.logit(x, offset)))
    assert after > before + 0.1


def test_unlabelled_picks_of_the_other_class_stand_against_the_labels(
    rng: np.random.Generator,
) -> None:
    x, offset, is_particle = picks(rng)
    rows = np.flatnonzero(is_particle)[:20]
    nobody = Unlabelled(x[:0], offset[:0])
    # Unlabelled picks that differ from the labels along the second feature, and surely junk.
    others = Unlabelled(x[rows] + 4 * np.eye(12)[1], np.full(20, -5.0))
    alone = fit_with_unlabelled(x[rows], offset[rows], is_particle[rows], nobody, strength=1.0)
    against = fit_with_unlabelled(x[rows], offset[rows], is_particle[rows], others, strength=1.0)
    assert against.weights[1] < alone.weights[1] - 0.05


def test_both_classes_leave_the_unlabelled_out_and_no_label_gives_the_offset(
    rng: np.random.Generator,
) -> None:
    x, offset, is_particle = picks(rng)
    rest = Unlabelled(x[100:], offset[100:])
    head = fit_with_unlabelled(x[:30], offset[:30], is_particle[:30], rest, strength=1.0)
    same = fit_head(x[:30], offset[:30], is_particle[:30], strength=1.0)
    np.testing.assert_array_equal(head.weights, same.weights)
    none = fit_with_unlabelled(x[:0], offset[:0], is_particle[:0], rest, strength=1.0)
    np.testing.assert_array_equal(none.logit(x, offset), offset)


def test_the_sample_has_no_labelled_pick_and_is_bounded(rng: np.random.Generator) -> None:
    x = np.arange(5000.0)[:, None]
    labelled = rng.choice(5000, 2000, replace=False)
    sample = sample_unlabelled(x, x[:, 0], labelled, seed=3)
    assert len(sample.x) == 1500
    assert not set(sample.offset) & set(labelled.astype(float))
    again = sample_unlabelled(x, x[:, 0], labelled, seed=3)
    np.testing.assert_array_equal(sample.offset, again.offset)
    everything = sample_unlabelled(x[:3], x[:3, 0], np.arange(3))
    assert everything.x.shape == (0, 1)


def test_bad_input_is_named(rng: np.random.Generator) -> None:
    x, offset, is_particle = picks(rng)
    with pytest.raises(BadInput, match="3 labels came with the features of 4 picks"):
        fit_with_unlabelled(x[:4], offset[:4], is_particle[:3], Unlabelled(x, offset), strength=1.0)
