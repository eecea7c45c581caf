import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.picks.curve import precision_recall_curve


def test_average_precision_of_a_worked_example() -> None:
    # Ranks 1, 3 and 4 are right, of 4 truths: AP = (1/1 + 2/3 + 3/4) / 4.
    curve = precision_recall_curve([0.9, 0.8, 0.7, 0.6], [True, False, True, True], n_truths=4)
    assert curve.average_precision == pytest.approx((1 + 2 / 3 + 3 / 4) / 4)


def test_equal_scores_enter_together_whatever_their_order() -> None:
    one = precision_recall_curve([0.9, 0.5, 0.5, 0.5], [True, True, False, False], n_truths=2)
    other = precision_recall_curve([0.5, 0.5, 0.9, 0.5], [False, False, True, True], n_truths=2)
    assert one.threshold.tolist() == other.threshold.tolist() == [0.9, 0.5]
    assert one.selected.tolist() == other.selected.tolist() == [1, 4]
    assert one.average_precision == other.average_precision == pytest.approx(0.5 + 0.5 * 0.5)


def test_truths_never_found_bound_the_average_precision() -> None:
    curve = precision_recall_curve([0.9, 0.8], [True, True], n_truths=10)
    assert curve.average_precision == pytest.approx(0.2)
    assert curve.recall.tolist() == [0.1, 0.2]


def test_best_f1_and_its_threshold() -> None:
    curve = precision_recall_curve(
        [0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False], n_truths=3
    )
    assert curve.threshold[curve.best] == 0.6
    assert curve.f1[curve.best] == pytest.approx(2 * 3 / (4 + 3))


def test_the_table_has_a_row_a_threshold() -> None:
    table = precision_recall_curve([0.9, 0.7, 0.7], [True, False, True], n_truths=4).to_table()
    assert table.to_csv(index=False).splitlines() == [
        "threshold,selected,true_positives,precision,recall,f1",
        "0.9,1,1,1.0,0.25,0.4",
        "0.7,3,2,0.6666666666666666,0.5,0.5714285714285714",
    ]


def test_no_candidate_gives_an_empty_curve_with_average_precision_zero() -> None:
    curve = precision_recall_curve([], [], n_truths=5)
    assert (len(curve.threshold), curve.best, curve.average_precision) == (0, -1, 0.0)


def test_without_truth_the_average_precision_is_undefined() -> None:
    curve = precision_recall_curve([0.5], [False], n_truths=0)
    assert np.isnan(curve.average_precision)
    assert np.isnan(curve.recall).all()
    assert curve.f1.tolist() == [0.0]


def test_bad_input_is_refused() -> None:
    with pytest.raises(BadInput, match=r"1 of 2 picks have no score\. Score all of them or none\."):
        precision_recall_curve([0.5, np.nan], [True, False], n_truths=1)
    with pytest.raises(BadInput, match="2 scores came with 1 marks"):
        precision_recall_curve([0.5, 0.4], [True], n_truths=1)
    with pytest.raises(BadInput, match="2 candidates cannot be right with 1 truths"):
        precision_recall_curve([0.5, 0.4], [True, True], n_truths=1)
