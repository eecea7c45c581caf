"""Labels are compared with what the micrographs show."""

import numpy as np
import pytest
from scipy import stats

from nunatak.geometry import Orientation
from nunatak.learning.labels.evidence import EvidenceMap
from nunatak.learning.labels.fit import LabelledPlace, Verdict, fit_labels
from nunatak.learning.labels.hypotheses import AS_GIVEN, Hypothesis, all_hypotheses

SHAPE = (500, 500)


def noise(rng: np.random.Generator) -> EvidenceMap:
    return EvidenceMap.of_scores(rng.normal(size=(250, 250)))


def place(xy: np.ndarray, evidence: EvidenceMap) -> LabelledPlace:
    return LabelledPlace(xy, SHAPE, 2.0, evidence)


def test_evidence_is_exponential_over_places_whatever_the_scores(rng: np.random.Generator) -> None:
    scores = rng.normal(size=(100, 120))
    values = EvidenceMap.of_scores(scores).values
    assert values.mean() == pytest.approx(1.0, abs=0.01)
    assert stats.kstest(values.ravel(), "expon").statistic < 0.01
    squeezed = EvidenceMap.of_scores(1 / (1 + np.exp(-scores))).values
    np.testing.assert_allclose(values, squeezed, rtol=1e-6)


def test_of_several_classes_the_best_counts() -> None:
    scores = np.zeros((2, 20, 20))
    scores[0, 5, 5], scores[1, 15, 15] = 1.0, 2.0
    values = EvidenceMap.of_scores(scores).values
    assert values[15, 15] > values[5, 5] > values[10, 10]


def test_random_labels_are_at_the_level_of_chance(rng: np.random.Generator) -> None:
    z = [
        fit_labels([place(rng.uniform(0, 500, (20, 2)), noise(rng))], [AS_GIVEN]).given.z
        for _ in range(100)
    ]
    assert abs(np.mean(z)) < 0.35
    assert 0.7 < np.std(z) < 1.2


def test_clustered_labels_on_clustered_evidence_are_no_surprise(rng: np.random.Generator) -> None:
    """Twenty labels side by side in a region of ice are one observation, not twenty."""
    scores = rng.normal(size=(250, 250))
    scores[:, :30] += 3.0
    evidence = EvidenceMap.of_scores(scores)
    cluster = rng.uniform([5, 200], [55, 250], (20, 2))
    given = fit_labels([place(cluster, evidence)], [AS_GIVEN]).given
    independent = stats.norm.isf(stats.gamma.sf(20 * (given.lift + 1), 20))
    assert independent > 3.0
    assert given.z < 2.5


def test_labels_outside_are_worth_nothing(rng: np.random.Generator) -> None:
    outside = fit_labels([place(np.full((12, 2), 501.0), noise(rng))], [AS_GIVEN])
    assert (outside.given.lift, outside.given.z) == (-1.0, 0.0)
    assert outside.verdict is Verdict.DOUBTFUL


def test_few_labels_without_evidence_are_not_doubted(rng: np.random.Generator) -> None:
    few = fit_labels([place(np.full((9, 2), 501.0), noise(rng))], [AS_GIVEN])
    assert few.verdict is Verdict.TOO_FEW


def test_the_verdict_rests_on_lift_and_not_on_numbers_alone(rng: np.random.Generator) -> None:
    """A thousand mirrored labels may beat chance a little; they are wrong all the same."""
    xy = rng.uniform(10, 490, (1000, 2)).round()
    scores = rng.normal(size=(250, 250))
    scores[(xy[:, 1] // 2).astype(int), (xy[:, 0] // 2).astype(int)] += 6.0
    mirrored = np.column_stack([xy[:, 0], 499 - xy[:, 1]])
    # A tenth of the mirrored labels happen to lie on particles too.
    mirrored[:100] = xy[:100]
    report = fit_labels([place(mirrored, EvidenceMap.of_scores(scores))], all_hypotheses([2.0]))
    assert report.given.z > 2.0
    assert report.verdict is Verdict.MISREAD
    assert report.best.hypothesis == Hypothesis(Orientation.FLIP_Y)


def test_hypotheses_that_say_the_same_come_once() -> None:
    names = [one.name for one in all_hypotheses([1.0], [2.01, 2.5])]
    assert names[:5] == ["identity", "flip-y", "flip-x", "rotate-180", "transpose"]
    assert "x2.5" in names
    assert "x2.01" not in names
    assert "angstrom" not in names  # at 1 Å a pixel there is no telling
    assert "angstrom" in [one.name for one in all_hypotheses([1.0, 1.4])]


def test_each_image_has_its_own_pixel_size_for_positions_in_angstrom() -> None:
    x, y = Hypothesis(is_angstrom=True).applied(np.array([[10.0, 20.0]]), SHAPE, 2.5)
    assert (x.tolist(), y.tolist()) == ([4.0], [8.0])


@pytest.mark.parametrize(
    ("found", "own", "option"),
    [
        (Orientation.FLIP_Y, Orientation.IDENTITY, "flip-y"),
        (Orientation.FLIP_Y, Orientation.FLIP_Y, "identity"),
        (Orientation.FLIP_X, Orientation.FLIP_Y, "rotate-180"),
        (Orientation.ROTATE_180, Orientation.FLIP_Y, "flip-x"),
    ],
)
def test_remedies_compose_with_how_the_labels_were_read(
    found: Orientation, own: Orientation, option: str
) -> None:
    remedy = Hypothesis(found).remedy(own)
    assert f"--labels-orientation {option}, or" in remedy
    assert remedy.endswith(f"--input-orientation {option}")
    assert Hypothesis(factor=2.0).remedy(own, ratio=4.0).endswith("--input-binning 8")
