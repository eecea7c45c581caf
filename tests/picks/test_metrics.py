import numpy as np
import pytest

from nunatak.picks.metrics import JudgedPicks, average_precision_per_image, rates


@pytest.fixture
def three_images() -> JudgedPicks:
    """Image 0: two right of three picks, two truths. 1: no pick, four truths. 2: one false pick."""
    return JudgedPicks(
        image=np.array([0, 2, 0, 0]),
        score=np.array([0.9, 0.8, 0.7, 0.6]),
        credited=np.array([True, False, False, True]),
        truths=np.array([2, 4, 0]),
    )


def test_counts_are_per_image_at_any_threshold(three_images: JudgedPicks) -> None:
    counts = three_images.counts_at(0.7)
    assert counts.selected.tolist() == [2, 0, 1]
    assert counts.true_positives.tolist() == [1, 0, 0]
    assert counts.truths.tolist() == [2, 4, 0]


def test_rates_of_micrographs_without_picks_or_without_truth() -> None:
    precision, recall, f1 = rates(
        selected=[2, 0, 1, 0], true_positives=[1, 0, 0, 0], truths=[2, 4, 0, 0]
    )
    np.testing.assert_array_equal(precision, [0.5, np.nan, 0.0, np.nan])
    np.testing.assert_array_equal(recall, [0.5, 0.0, np.nan, np.nan])
    np.testing.assert_array_equal(f1, [0.5, 0.0, 0.0, np.nan])


def test_average_precision_per_image(three_images: JudgedPicks) -> None:
    np.testing.assert_allclose(
        average_precision_per_image(three_images), [0.5 + 0.5 * 2 / 3, 0.0, np.nan]
    )


def test_the_pooled_curve_counts_every_truth(three_images: JudgedPicks) -> None:
    curve = three_images.curve
    assert curve.n_truths == 6
    assert curve.average_precision == pytest.approx(1 / 6 * 1 + 1 / 6 * 0.5)
