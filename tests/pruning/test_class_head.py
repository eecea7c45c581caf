import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.pruning.class_head import fit_class_head, junk_log_probability
from nunatak.pruning.features import PickFeatures

CLASSES = ("particle", "ice", "carbon", "gold")


def picks(rng: np.random.Generator) -> tuple[np.ndarray, PickFeatures, np.ndarray]:
    """Junk whose kind the features tell, while the shipped classifier mixes up ice and carbon."""
    kind = rng.integers(1, 4, 600)
    x = rng.normal(size=(600, 6)) * 0.5
    x[np.arange(600), kind] += 2.0
    probability = np.full((600, 4), 0.05)
    believed = np.where(kind == 1, 2, np.where(kind == 2, 1, 3))
    probability[np.arange(600), believed] = 0.5
    probability[:, 0] = 0.4 - rng.uniform(0, 0.2, 600)
    probability /= probability.sum(axis=1, keepdims=True)
    features = PickFeatures(
        x.astype(np.float32),
        np.log(probability).astype(np.float32),
        np.full(600, np.nan),
        np.full(600, np.nan),
        CLASSES,
    )
    return x, features, kind


def test_labels_correct_the_kinds_that_the_shipped_classifier_mixes_up(
    rng: np.random.Generator,
) -> None:
    x, features, kind = picks(rng)
    names = np.array(CLASSES)[kind]
    rows = np.arange(60)
    head = fit_class_head(x, features, rows, list(names[:60]), strength=0.3)
    right = head.name(x[60:], features_of(features, slice(60, None))) == names[60:]
    assert right.mean() > 0.9
    shipped = fit_class_head(x, features, rows[:0], [], strength=0.3)
    assert (shipped.name(x, features) == names).mean() < 0.5


def features_of(features: PickFeatures, rows: slice) -> PickFeatures:
    return PickFeatures(
        features.embedding[rows],
        features.log_probability[rows],
        features.detector_logit[rows],
        features.picker_score[rows],
        features.classes,
    )


def test_labels_that_name_no_kind_change_nothing(rng: np.random.Generator) -> None:
    x, features, _ = picks(rng)
    labels = ["particle", "junk", "duplicate"]
    head = fit_class_head(x, features, np.array([0, 1, 2]), labels, strength=1.0)
    np.testing.assert_allclose(head.log_probability(x, features), junk_log_probability(features))
    assert head.classes == CLASSES[1:]


def test_probabilities_add_up_without_the_particle(rng: np.random.Generator) -> None:
    x, features, kind = picks(rng)
    labels = [CLASSES[k] for k in kind[:5]]
    head = fit_class_head(x, features, np.arange(5), labels, strength=1.0)
    np.testing.assert_allclose(np.exp(head.log_probability(x, features)).sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(junk_log_probability(features)).sum(axis=1), 1)
    only_ice = fit_class_head(x, features, np.arange(3), ["ice"] * 3, strength=1.0)
    assert only_ice.bias[0] > 0 > only_ice.bias[1]


def test_bad_input_is_named(rng: np.random.Generator) -> None:
    x, features, _ = picks(rng)
    with pytest.raises(BadInput, match="1 class names came with 2 labelled picks"):
        fit_class_head(x, features, np.arange(2), ["ice"], strength=1.0)
    with pytest.raises(BadInput, match="strength of the prior is -1"):
        fit_class_head(x, features, np.arange(1), ["ice"], strength=-1.0)
