import json
import logging

import numpy as np
import pandas as pd
import pytest
from quickest import processor_seconds

from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.picks.evaluate import evaluate
from nunatak.picks.judged import Unlabelled
from nunatak.picks.table import PickSet


def pick_set(
    rows: list[tuple[str, float, float]], *, images: tuple[str, ...] = (), **columns: object
) -> PickSet:
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px"]).assign(**columns)
    return PickSet(table, images=images)


@pytest.fixture
def truth() -> PickSet:
    """Two particles on a.mrc, one on b.mrc, none on c.mrc, which was looked at."""
    rows = [("data/a.mrc", 10.0, 10.0), ("data/a.mrc", 50.0, 50.0), ("data/b.mrc", 20.0, 20.0)]
    return pick_set(rows, images=("data/a.mrc", "data/b.mrc", "data/c.mrc"))


def test_a_worked_example(truth: PickSet) -> None:
    picks = pick_set(
        [("a.mrc", 13.0, 14.0), ("a.mrc", 12.0, 10.0), ("a.mrc", 90.0, 90.0)],
        score=[0.9, 0.8, 0.1],
    )
    result = evaluate(picks, truth, radius_px=6.0, threshold=0.5)
    best, given = result.points
    assert (best.threshold, best.selected, best.true_positives) == (0.9, 1, 1)
    assert (given.threshold, given.selected, given.true_positives) == (0.5, 2, 1)
    assert result.average_precision.micro.value == pytest.approx(1 / 3)
    # a.mrc: one of two truths found first; b.mrc: no pick, hence 0; c.mrc: no truth, undefined.
    assert result.average_precision.macro.value == pytest.approx((0.5 + 0.0) / 2)
    assert given.recall.micro.value == pytest.approx(1 / 3)
    assert given.recall.macro.value == pytest.approx(0.25)
    assert given.precision.micro.value == 0.5
    assert [one.rms for one in best.localisation] == [5.0]
    # The duplicate lies nearer; given both, the nearer one is the match.
    assert [one.rms for one in given.localisation] == [2.0]
    assert result.without_picks == ("data/b.mrc",)


def test_micrographs_outside_the_truth_are_left_out_and_counted(
    truth: PickSet, caplog: pytest.LogCaptureFixture
) -> None:
    picks = pick_set(
        [("a.mrc", 10.0, 10.0), ("z.mrc", 1.0, 1.0), ("z.mrc", 2.0, 2.0)],
        images=("a.mrc", "z.mrc", "y.mrc"),
    )
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        result = evaluate(picks, truth, radius_px=5.0)
    assert (result.left_out, result.n_left_out_picks) == (("z.mrc", "y.mrc"), 2)
    assert "2 micrographs with 2 picks are not in the truth set" in caplog.text
    assert result.points[0].precision.micro.value == 1.0
    strict = evaluate(picks, truth, radius_px=5.0, unlabelled=Unlabelled.COUNT_AS_FALSE)
    assert strict.left_out == ()
    assert strict.points[0].precision.micro.value == pytest.approx(1 / 3)


def test_every_threshold_of_the_curve_agrees_with_matching_there(rng: np.random.Generator) -> None:
    truth = pick_set([(f"{n % 3}.mrc", *rng.uniform(0, 100, 2)) for n in range(60)])
    picks = pick_set(
        [(f"{n % 3}.mrc", *rng.uniform(0, 100, 2)) for n in range(150)],
        score=rng.integers(0, 10, 150).astype(float),
    )
    for threshold in range(10):
        result = evaluate(picks, truth, radius_px=8.0, threshold=float(threshold), n_resamples=0)
        level = result.curve.threshold.tolist().index(threshold)
        assert result.points[1].true_positives == result.curve.true_positives[level]
        assert result.points[1].selected == result.curve.selected[level]


def test_radius_in_angstrom_follows_each_micrographs_pixel_size() -> None:
    truth = pick_set([("a.mrc", 0.0, 0.0), ("b.mrc", 0.0, 0.0)], pixel_size_A=[1.0, 2.0])
    picks = pick_set([("a.mrc", 8.0, 0.0), ("b.mrc", 8.0, 0.0)])
    point = evaluate(picks, truth, radius_A=10.0).points[0]
    assert point.true_positives == 1
    assert [(one.rms, one.unit) for one in point.localisation] == [(8.0, "px"), (8.0, "Å")]
    point = evaluate(picks, truth, radius_A=16.0).points[0]
    assert point.localisation[1].mean == pytest.approx(12.0)


def test_radius_in_angstrom_needs_a_pixel_size(truth: PickSet) -> None:
    picks = pick_set([("a.mrc", 10.0, 10.0)])
    with pytest.raises(BadInput, match=r"data/a\.mrc: a radius in ångström needs the pixel size"):
        evaluate(picks, truth, radius_A=10.0)
    assert evaluate(picks, truth, radius_A=10.0, pixel_size_A=1.5).points[0].true_positives == 1


def test_contradicting_pixel_sizes_are_refused() -> None:
    truth = pick_set([("a.mrc", 0.0, 0.0)], pixel_size_A=1.0)
    picks = pick_set([("a.mrc", 0.0, 0.0)], pixel_size_A=2.0)
    with pytest.raises(Mismatch, match=r"the pick set says 2 Å, the truth set says 1 Å"):
        evaluate(picks, truth, radius_px=5.0)


def test_picks_without_scores_are_one_selection(truth: PickSet) -> None:
    picks = pick_set([("a.mrc", 10.0, 10.0), ("a.mrc", 80.0, 80.0)], score=np.nan)
    result = evaluate(picks, truth, radius_px=5.0, threshold=0.3)
    assert not result.is_scored
    assert [(one.name, one.threshold) for one in result.points] == [("All picks", None)]
    assert result.average_precision.micro.value == pytest.approx(0.5 * 1 / 3)
    assert "carry no scores" in result.to_text()


def test_partly_scored_picks_are_refused(truth: PickSet) -> None:
    picks = pick_set([("a.mrc", 10.0, 10.0), ("a.mrc", 80.0, 80.0)], score=[0.5, np.nan])
    with pytest.raises(BadInput, match="1 of 2 picks have no score"):
        evaluate(picks, truth, radius_px=5.0)


def test_the_files_own_selection_is_judged_too(truth: PickSet) -> None:
    picks = pick_set(
        [("a.mrc", 10.0, 10.0), ("a.mrc", 50.0, 50.0)], score=[0.9, 0.8], selected=[False, True]
    )
    point = evaluate(picks, truth, radius_px=5.0).points[-1]
    assert (point.name, point.selected, point.true_positives) == ("As selected in the file", 1, 1)


def test_micrographs_that_the_picks_do_not_mention_can_be_left_out(truth: PickSet) -> None:
    picks = pick_set([("a.mrc", 10.0, 10.0)], images=("a.mrc", "c.mrc"))
    result = evaluate(picks, truth, radius_px=5.0, only_common=True)
    assert [one.image for one in result.images] == ["data/a.mrc", "data/c.mrc"]
    assert result.left_out_truths == ("data/b.mrc",)
    assert result.points[0].recall.micro.value == 0.5
    assert "Not mentioned by the picks, left out: 1 micrograph (data/b.mrc)." in result.to_text()


def test_no_pick_at_all_is_all_missed(truth: PickSet) -> None:
    picks = pick_set([], images=("a.mrc", "b.mrc", "c.mrc"), score=np.empty(0))
    result = evaluate(picks, truth, radius_px=5.0)
    assert result.average_precision.micro.value == 0.0
    assert result.points[0].recall.micro.value == 0.0
    assert result.without_picks == ("data/a.mrc", "data/b.mrc")


def test_names_that_do_not_meet_are_refused(truth: PickSet) -> None:
    with pytest.raises(Mismatch, match="have no micrograph in common"):
        evaluate(pick_set([("x.mrc", 1.0, 1.0)]), truth, radius_px=5.0)
    twins = pick_set([("one/a.mrc", 1.0, 1.0), ("two/a.mrc", 1.0, 1.0), ("b.mrc", 1.0, 1.0)])
    with pytest.raises(Mismatch, match="fits 2 images"):
        evaluate(pick_set([("a", 1.0, 1.0), ("b", 1.0, 1.0)]), twins, radius_px=5.0)


def test_an_exact_path_leaves_its_namesakes_out() -> None:
    truth = pick_set([("g1/m.mrc", 1.0, 1.0)])
    picks = pick_set([("g1/m.mrc", 1.0, 1.0), ("g2/m.mrc", 1.0, 1.0)])
    result = evaluate(picks, truth, radius_px=5.0)
    assert result.points[0].recall.micro.value == 1.0
    assert "left out: 1 micrograph with 1 pick (g2/m.mrc)" in result.to_text()
    elsewhere = pick_set([("g3/m.mrc", 1.0, 1.0), ("b.mrc", 1.0, 1.0)])
    unclear = pick_set([*zip(["g1/m.mrc", "g2/m.mrc", "b.mrc"], [1.0] * 3, [1.0] * 3, strict=True)])
    with pytest.raises(Mismatch, match=r"would all become g3/m\.mrc"):
        evaluate(unclear, elsewhere, radius_px=5.0)


def test_an_empty_file_of_picks_misses_everything(truth: PickSet) -> None:
    for picks in (pick_set([]), pick_set([], score=np.empty(0))):
        result = evaluate(picks, truth, radius_px=5.0, threshold=0.5)
        assert result.average_precision.micro.value == 0.0
        assert result.average_precision.macro.value == 0.0
        assert result.points[0].recall.micro.value == 0.0
        assert result.points[0].f1.micro.value == 0.0
        assert result.without_picks == ("data/a.mrc", "data/b.mrc")
        assert "Without any pick, counted as misses: 2 micrographs" in result.to_text()
        with pytest.raises(Mismatch, match="the picks name no micrograph"):
            evaluate(picks, truth, radius_px=5.0, only_common=True)


def test_bad_arguments_are_refused(truth: PickSet) -> None:
    with pytest.raises(UsageError, match="one of the two"):
        evaluate(truth, truth)
    with pytest.raises(UsageError, match="one of the two"):
        evaluate(truth, truth, radius_px=1.0, radius_A=1.0)
    with pytest.raises(UsageError, match="must be positive, found 0"):
        evaluate(truth, truth, radius_px=0.0)
    with pytest.raises(BadInput, match="no micrograph and no position"):
        evaluate(truth, pick_set([]), radius_px=1.0)


def test_one_seed_one_result_in_plain_types(truth: PickSet) -> None:
    picks = pick_set([("a.mrc", 10.0, 10.0), ("b.mrc", 80.0, 80.0)], score=[0.9, 0.8])
    first = evaluate(picks, truth, radius_px=5.0, seed=3).to_dict()
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    assert first == evaluate(picks, truth, radius_px=5.0, seed=3).to_dict()
    assert first["images"][2]["average_precision"] is None


def test_the_text_says_what_was_judged(truth: PickSet) -> None:
    picks = pick_set([("a.mrc", 10.0, 10.0), ("z.mrc", 80.0, 80.0)], score=[0.9, 0.8])
    text = evaluate(picks, truth, radius_px=5.0).to_text()
    assert "3 micrographs, 3 true positions, 1 pick; matched one to one within 5 px" in text
    assert (
        "Best F1, threshold chosen on this truth (score ≥ 0.9): 1 selected, 1 of them right" in text
    )
    assert "Without any pick, counted as misses: 1 micrograph (data/b.mrc)." in text
    assert "Not in the truth set, left out: 1 micrograph with 1 pick (z.mrc)." in text
    assert "95 % intervals from 1000 resamples of the micrographs, seed 0." in text


def test_many_picks_are_judged_fast(rng: np.random.Generator) -> None:
    truth = pick_set([(f"{n % 20}.mrc", *rng.uniform(0, 4000, 2)) for n in range(20_000)])
    candidates = rng.uniform(0, 4000, (100_000, 2))
    picks = pick_set(
        [(f"{n % 20}.mrc", x, y) for n, (x, y) in enumerate(candidates)],
        score=rng.uniform(size=100_000),
    )
    assert processor_seconds(lambda: evaluate(picks, truth, radius_px=30.0)) < 5.0


def test_unselected_candidates_of_the_truth_are_left_out_and_counted(
    truth: PickSet, caplog: pytest.LogCaptureFixture
) -> None:
    marked = PickSet(truth.table.assign(selected=[True, False, False]), images=truth.images)
    picks = pick_set([("a.mrc", 10.0, 10.0), ("b.mrc", 20.0, 20.0)])
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        result = evaluate(picks, marked, radius_px=5.0)
    assert "2 candidates of the truth set are not selected, and left out" in caplog.text
    assert "Not selected in the truth set, left out: 2 candidates." in result.to_text()
    assert result.to_dict()["n_unselected_truths"] == 2
    # b.mrc was looked at, and holds nothing that was selected: its pick is false.
    assert [one.truths for one in result.images] == [1, 0, 0]
    assert result.points[0].precision.micro.value == 0.5


def test_selected_candidates_are_judged_perfect_by_the_set_they_come_from(truth: PickSet) -> None:
    whole = PickSet(truth.table.assign(selected=[True, False, True]))
    own = PickSet(whole.table[whole.table["selected"]])
    result = evaluate(own, whole, radius_px=1.0)
    assert result.best_f1.value == 1.0
    assert "left out" not in evaluate(own, own, radius_px=1.0).to_text()
