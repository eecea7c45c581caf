"""The one-to-one metric, class by class."""

import json
import logging

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.picks.bootstrap import resampling_weights
from nunatak.picks.evaluate import evaluate
from nunatak.picks.evaluate_classes import evaluate_classes
from nunatak.picks.judged import Unlabelled
from nunatak.picks.table import PickSet, empty_table

Row = tuple[str, str, float, float, float]


def pick_set(rows: list[Row], *, images: tuple[str, ...] = (), **columns: object) -> PickSet:
    table = pd.DataFrame(rows, columns=["image", "class_name", "x_px", "y_px", "z_px"])
    return PickSet(table.assign(**columns), images=images)


@pytest.fixture
def truth() -> PickSet:
    """Two small particles and a large one in a.mrc, a large one in b.mrc, voxels of 10 Å."""
    rows = [
        ("a.mrc", "small", 10.0, 10.0, 10.0),
        ("a.mrc", "small", 30.0, 10.0, 10.0),
        ("a.mrc", "large", 60.0, 10.0, 10.0),
        ("b.mrc", "large", 60.0, 10.0, 10.0),
    ]
    return pick_set(rows, pixel_size_A=10.0, diameter_A=[120.0, 120.0, 280.0, 280.0])


@pytest.fixture
def picks() -> PickSet:
    rows = [
        ("a.mrc", "small", 10.0, 10.0, 13.0),  # 30 Å off, a quarter of the diameter: right
        ("a.mrc", "small", 30.0, 10.0, 13.1),  # farther: false
        ("a.mrc", "large", 60.0, 10.0, 16.0),  # right, though no small one would be
        ("b.mrc", "small", 60.0, 10.0, 10.0),  # on a truth of the other class: false
        ("b.mrc", "large", 90.0, 10.0, 10.0),  # false
    ]
    return pick_set(rows, score=[0.9, 0.8, 0.7, 0.6, 0.5])


def test_a_worked_example(picks: PickSet, truth: PickSet) -> None:
    result = evaluate_classes(picks, truth, threshold=0.0)
    assert [(one.name, one.evaluation.radius_A) for one in result.classes] == [
        ("large", 70.0),
        ("small", 30.0),
    ]
    large, small = (one.evaluation.points[1] for one in result.classes)
    assert (large.selected, large.true_positives, large.f1.micro.value) == (2, 1, 0.5)
    assert (small.selected, small.true_positives, small.f1.micro.value) == (3, 1, 0.4)
    assert [error.mean for error in large.localisation] == [6.0, 60.0]
    given = result.averages[1]
    assert (given.selected, given.true_positives, given.truths) == (5, 2, 4)
    assert given.precision.micro.value == pytest.approx(2 / 5)
    assert given.precision.macro.value == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert given.recall.micro.value == given.recall.macro.value == 0.5
    assert given.f1.micro.value == pytest.approx(4 / 9)
    assert given.f1.macro.value == pytest.approx((0.5 + 0.4) / 2)


def test_distances_are_averaged_over_picks_and_over_classes(picks: PickSet, truth: PickSet) -> None:
    # A third right pick, of the large class on b.mrc, 2 voxels off.
    more = picks.table.assign(x_px=[10.0, 30.0, 60.0, 60.0, 62.0])
    result = evaluate_classes(PickSet(more), truth, threshold=0.0, n_resamples=50, seed=7)
    in_voxels, in_A = result.averages[1].localisation
    assert (in_voxels.unit, in_A.unit) == ("voxels", "Å")
    assert in_A.mean.micro.value == pytest.approx((60 + 20 + 30) / 3)
    assert in_A.mean.macro.value == pytest.approx(((60 + 20) / 2 + 30) / 2)
    assert in_voxels.mean.macro.value == pytest.approx(3.5)
    assert in_A.mean.micro.low == 20.0  # b.mrc alone
    assert in_A.mean.micro.high == 45.0  # a.mrc alone
    text = result.to_text()
    assert "mean distance, Å        36.6667 [20.000, 45.000]" in text
    plain = result.to_dict()["averages"][1]["localisation"]
    assert [one["unit"] for one in plain] == ["voxels", "Å"]
    # Without voxel sizes in one class only voxels have an average; without a right pick, none.
    unknown = PickSet(truth.table.drop(columns="pixel_size_A"))
    flat = evaluate_classes(PickSet(more), unknown, radius_px=6.0, threshold=0.0)
    assert [one.unit for one in flat.averages[1].localisation] == ["voxels"]
    none = evaluate_classes(PickSet(more.assign(x_px=1e3)), truth, threshold=0.0)
    assert np.isnan(none.averages[1].localisation[0].mean.macro.value)
    assert "mean distance, Å        not defined" in none.to_text()


def test_the_best_f1_has_a_threshold_for_each_class(picks: PickSet, truth: PickSet) -> None:
    result = evaluate_classes(picks, truth)
    assert [one.evaluation.points[0].threshold for one in result.classes] == [0.7, 0.9]
    (best,) = result.averages
    # One selected and right of two truths, in each class.
    assert (best.selected, best.true_positives) == (2, 2)
    assert best.f1.micro.value == best.f1.macro.value == pytest.approx(2 / 3)


def test_average_precision_over_classes(picks: PickSet, truth: PickSet) -> None:
    average = evaluate_classes(picks, truth).average_precision
    assert average.macro.value == pytest.approx((0.5 + 0.5) / 2)
    # Ranked together: right, false, right, false, false, for four truths.
    assert average.micro.value == pytest.approx(1 / 4 * (1 + 2 / 3))


def test_one_radius_for_all_classes(picks: PickSet, truth: PickSet) -> None:
    result = evaluate_classes(picks, truth, radius_A=31.0, threshold=0.0)
    assert [one.evaluation.points[1].true_positives for one in result.classes] == [0, 2]
    result = evaluate_classes(picks, truth, radius_px=6.0, threshold=0.0)
    assert [one.evaluation.points[1].true_positives for one in result.classes] == [1, 2]
    with pytest.raises(UsageError, match="one of the two"):
        evaluate_classes(picks, truth, radius_px=6.0, radius_A=31.0)


def test_one_class_alone_is_judged_as_without_classes(truth: PickSet) -> None:
    rng = np.random.default_rng(1)
    rows = [(f"{n % 4}.mrc", "small", *rng.uniform(0, 20, 3).tolist()) for n in range(60)]
    some, others = pick_set(rows[:30], score=rng.uniform(size=30)), pick_set(rows[30:])
    plain = evaluate(some, others, radius_px=4.0, threshold=0.5)
    result = evaluate_classes(some, others, radius_px=4.0, threshold=0.5)
    assert result.classes[0].evaluation.to_dict() == plain.to_dict()
    assert result.average_precision.micro == plain.average_precision.micro
    for point, average in zip(plain.points, result.averages, strict=True):
        assert average.f1.micro == point.f1.micro
        # The mean over one class is that class, and so is its interval.
        assert average.f1.macro == point.f1.micro


def test_the_interval_of_the_mean_over_classes(picks: PickSet, truth: PickSet) -> None:
    result = evaluate_classes(picks, truth, threshold=0.0, n_resamples=50, seed=7)
    means = []
    for a, b in resampling_weights(2, 50, np.random.default_rng(7)):
        large = 2 * a / (a + b + a + b)
        small = 2 * a / (2 * a + b + 2 * a)
        means.append((large + small) / 2)
    macro = result.averages[1].f1.macro
    assert (macro.low, macro.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    assert macro.low < macro.value < macro.high


def test_a_class_without_a_pick_is_missed_at_every_point(picks: PickSet, truth: PickSet) -> None:
    small_alone = PickSet(picks.table[picks.table["class_name"] == "small"])
    result = evaluate_classes(small_alone, truth, threshold=0.65)
    large, small = (one.evaluation for one in result.classes)
    assert [point.name for point in large.points] == [point.name for point in small.points]
    assert [point.recall.micro.value for point in large.points] == [0.0, 0.0]
    assert result.averages[1].recall.macro.value == pytest.approx(0.25)
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["averages"][1]["truths"] == 4
    assert "large" in result.to_text()


def test_nothing_picked_at_all(truth: PickSet) -> None:
    result = evaluate_classes(PickSet(empty_table(3)), truth)
    assert [average.f1.macro.value for average in result.averages] == [0.0]
    assert result.average_precision.micro.value == result.average_precision.macro.value == 0.0


def test_classes_that_the_truth_lacks_are_left_out_and_counted(
    picks: PickSet, truth: PickSet, caplog: pytest.LogCaptureFixture
) -> None:
    gold = [("a.mrc", "gold", 1.0, 1.0, 1.0), ("z.mrc", "gold", 1.0, 1.0, 1.0)]
    more = PickSet(pd.concat([picks.table, pick_set(gold, score=0.5).table]))
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        result = evaluate_classes(more, truth)
    assert (result.left_out_classes, result.n_left_out_class_picks) == (("gold",), 1)
    assert (result.left_out, result.n_left_out_picks) == (("z.mrc",), 1)
    assert "1 class with 1 pick is not in the truth set and left out (gold)" in caplog.text
    assert caplog.text.count("1 tomogram with 1 pick is not in the truth set") == 1
    text = result.to_text()
    assert "Not in the truth set, left out: 1 class with 1 pick (gold)." in text
    assert "Not in the truth set, left out: 1 tomogram with 1 pick (z.mrc)." in text
    assert result.averages == evaluate_classes(picks, truth).averages


def test_unlabelled_tomograms_can_count(picks: PickSet, truth: PickSet) -> None:
    beside = pick_set([("z.mrc", "large", 1.0, 1.0, 1.0)], score=0.9)
    more = PickSet(pd.concat([picks.table, beside.table]))
    result = evaluate_classes(more, truth, threshold=0.0, unlabelled=Unlabelled.COUNT_AS_FALSE)
    assert result.averages[1].selected == 6
    assert result.left_out == ()


def test_tomograms_that_the_picks_do_not_mention_can_be_left_out(
    picks: PickSet, truth: PickSet
) -> None:
    in_a = PickSet(picks.table[picks.table["image"] == "a.mrc"])
    result = evaluate_classes(in_a, truth, only_common=True)
    assert (result.left_out_truths, result.averages[0].truths) == (("b.mrc",), 3)
    assert "Not mentioned by the picks, left out: 1 tomogram (b.mrc)." in result.to_text()


def test_diameters_stated_in_the_truth_go_before_others(picks: PickSet, truth: PickSet) -> None:
    sizes_A = {"small": 1000.0, "large": 1000.0}
    result = evaluate_classes(picks, truth, diameters_A=sizes_A)
    assert [one.evaluation.radius_A for one in result.classes] == [70.0, 30.0]
    unstated = PickSet(truth.table.drop(columns="diameter_A"))
    result = evaluate_classes(picks, unstated, diameters_A=sizes_A)
    assert [one.evaluation.radius_A for one in result.classes] == [250.0, 250.0]
    with pytest.raises(BadInput, match=r"no diameter \(column diameter_A\) of class large"):
        evaluate_classes(picks, unstated)
    with pytest.raises(BadInput, match="class large has a diameter of 0 Å"):
        evaluate_classes(picks, unstated, diameters_A={"large": 0.0})
    two_sizes = PickSet(truth.table.assign(diameter_A=[120.0, 140.0, 280.0, 280.0]))
    with pytest.raises(Mismatch, match="class small has diameters from 120 to 140 Å"):
        evaluate_classes(picks, two_sizes)


def test_every_position_needs_a_class(picks: PickSet, truth: PickSet) -> None:
    with pytest.raises(BadInput, match=r"the picks: no classes \(column class_name\)"):
        evaluate_classes(PickSet(picks.table.drop(columns="class_name")), truth)
    unnamed = PickSet(truth.table.assign(class_name=["small", None, "", "large"]))
    with pytest.raises(BadInput, match=r"the truth: 2 of 4 positions have no class .* row 2, ima"):
        evaluate_classes(picks, unnamed)
    others = PickSet(picks.table.assign(class_name="Small"))
    with pytest.raises(Mismatch, match="the picks are of Small, the truth of large, small"):
        evaluate_classes(others, truth)
    with pytest.raises(BadInput, match="no position, hence no class"):
        evaluate_classes(picks, PickSet(empty_table(3), images=("a.mrc",)))


def test_classes_on_micrographs(picks: PickSet, truth: PickSet) -> None:
    flat, flat_truth = (PickSet(one.table.drop(columns="z_px")) for one in (picks, truth))
    result = evaluate_classes(flat, flat_truth, threshold=0.0)
    # Seen from above, both small ones of a.mrc are right.
    assert [one.evaluation.points[1].true_positives for one in result.classes] == [1, 2]
    assert "2 micrographs, 2 classes, 4 true positions, 5 picks" in result.to_text()
    with pytest.raises(Mismatch, match="but the truth has positions"):
        evaluate_classes(flat, truth)


def test_the_files_own_selection_is_judged_class_by_class(picks: PickSet, truth: PickSet) -> None:
    marked = PickSet(picks.table.assign(selected=[True, False, True, False, True]))
    own = evaluate_classes(marked, truth).averages[-1]
    assert (own.name, own.selected, own.true_positives) == ("As selected in the file", 3, 2)


def test_text_curves_and_plain_types(picks: PickSet, truth: PickSet) -> None:
    result = evaluate_classes(picks, truth, seed=3)
    text = result.to_text()
    assert "2 tomograms, 2 classes, 4 true positions, 5 picks; each class matched" in text
    rows = {tuple(line.split()) for line in text.splitlines()}
    assert ("small", "30", "Å", "2", "3", "0.5000") in rows
    assert ("small", "0.9", "1", "1", "1.0000", "0.5000", "0.6667", "30.00", "Å") in rows
    assert "1000 resamples of the tomograms, seed 3" in text
    curves = result.curve_table()
    assert curves["class_name"].tolist() == ["large"] * 2 + ["small"] * 3
    assert curves["threshold"].tolist() == [0.7, 0.5, 0.9, 0.8, 0.6]
    plain = result.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain == evaluate_classes(picks, truth, seed=3).to_dict()
    assert plain["classes"][1]["name"] == "small"
    assert plain["classes"][1]["points"][0]["localisation"][0]["unit"] == "voxels"


def test_unselected_candidates_of_the_truth_are_left_out_and_counted(
    picks: PickSet, truth: PickSet
) -> None:
    # A candidate of a class of its own makes no class of the truth, and needs no diameter.
    other = truth.table.iloc[:1].assign(class_name="other", diameter_A=np.nan)
    table = pd.concat([truth.table.assign(selected=True), other.assign(selected=False)])
    marked = PickSet(table.reset_index(drop=True), images=truth.images)
    result = evaluate_classes(picks, marked, n_resamples=0)
    plain = evaluate_classes(picks, truth, n_resamples=0)
    assert result.n_unselected_truths == 1
    assert [one.name for one in result.classes] == [one.name for one in plain.classes]
    assert result.averages[0].truths == plain.averages[0].truths
    assert "Not selected in the truth set, left out: 1 candidate." in result.to_text()
