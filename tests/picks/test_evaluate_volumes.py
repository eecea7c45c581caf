"""The one-to-one metric in tomograms."""

import json
import logging

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from nunatak.errors import BadInput, Mismatch
from nunatak.picks.evaluate import evaluate
from nunatak.picks.judged import Unlabelled
from nunatak.picks.table import PickSet, empty_table

Row = tuple[str, float, float, float]


def pick_set(rows: list[Row], *, images: tuple[str, ...] = (), **columns: object) -> PickSet:
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px"]).assign(**columns)
    return PickSet(table, images=images)


def test_distances_are_in_space() -> None:
    truth = pick_set([("t.mrc", 50.0, 50.0, 50.0)], pixel_size_A=10.0)
    picks = pick_set([("t.mrc", 53.0, 54.0, 62.0)])
    point = evaluate(picks, truth, radius_px=13.0).points[0]
    assert point.true_positives == 1
    assert [(one.rms, one.unit) for one in point.localisation] == [(13.0, "voxels"), (130.0, "Å")]
    assert evaluate(picks, truth, radius_A=130.0).points[0].true_positives == 1
    assert evaluate(picks, truth, radius_A=129.0).points[0].true_positives == 0


def test_picks_above_each_other_are_told_apart() -> None:
    truth = pick_set([("t.mrc", 9.0, 9.0, 10.0), ("t.mrc", 9.0, 9.0, 40.0)])
    picks = pick_set([("t.mrc", 9.0, 9.0, 41.0), ("t.mrc", 9.0, 9.0, 39.0)], score=[0.9, 0.8])
    result = evaluate(picks, truth, radius_px=5.0, threshold=0.0)
    best, all_of_them = result.points
    assert (best.selected, best.true_positives) == (1, 1)
    assert (all_of_them.selected, all_of_them.true_positives) == (2, 1)
    assert result.average_precision.micro.value == 0.5


def test_agrees_with_an_assignment_over_all_pairs(rng: np.random.Generator) -> None:
    truths, candidates = rng.uniform(0, 40, (60, 3)), rng.uniform(0, 40, (150, 3))
    score = rng.permutation(150) / 150
    picks = pick_set([("t", *xyz) for xyz in candidates.tolist()], score=score)
    truth = pick_set([("t", *xyz) for xyz in truths.tolist()])
    result = evaluate(picks, truth, radius_px=6.0, n_resamples=0)
    for level in (0, 40, 149):
        passing = score >= result.curve.threshold[level]
        near = cdist(candidates[passing], truths) <= 6.0
        right = int(near[linear_sum_assignment(near, maximize=True)].sum())
        assert result.curve.true_positives[level] == right
    assert result.curve.true_positives[149] > 30


def test_picks_of_micrographs_and_truth_of_tomograms_are_refused() -> None:
    deep = pick_set([("t.mrc", 1.0, 2.0, 3.0)])
    flat = PickSet(deep.table.drop(columns="z_px"))
    expected = (
        r"The picks: positions \(x, y\) on micrographs, but the truth has positions \(x, y, z\) in "
        r"tomograms\. Picks and truth must be of the same images; .* need z \(z_px\) in both"
    )
    with pytest.raises(Mismatch, match=expected):
        evaluate(flat, deep, radius_px=3.0)
    with pytest.raises(Mismatch, match=r"The picks: positions \(x, y, z\) in tomograms, but"):
        evaluate(deep, flat, radius_px=3.0)


@pytest.mark.parametrize("ndim", [2, 3])
def test_an_empty_file_of_picks_misses_everything(ndim: int) -> None:
    truth = pick_set([("t.mrc", 1.0, 2.0, 3.0)])
    result = evaluate(PickSet(empty_table(ndim)), truth, radius_px=3.0)
    assert result.points[0].recall.micro.value == 0.0
    assert "Without any pick, counted as misses: 1 tomogram (t.mrc)." in result.to_text()


def test_empty_tomograms_of_the_truth_make_every_pick_false() -> None:
    truth = PickSet(empty_table(2), images=("t.mrc",))
    result = evaluate(pick_set([("t.mrc", 1.0, 2.0, 3.0)]), truth, radius_px=3.0)
    assert (result.ndim, result.points[0].precision.micro.value) == (3, 0.0)


def test_the_text_speaks_of_tomograms(caplog: pytest.LogCaptureFixture) -> None:
    truth = pick_set([("t.mrc", 1.0, 2.0, 3.0), ("u.mrc", 1.0, 2.0, 3.0)], pixel_size_A=10.0)
    picks = pick_set([("t.mrc", 1.0, 2.0, 5.0), ("z.mrc", 1.0, 2.0, 3.0)], score=[0.9, 0.8])
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        result = evaluate(picks, truth, radius_A=30.0)
    assert "1 tomogram with 1 pick is not in the truth set" in caplog.text
    text = result.to_text()
    assert "2 tomograms, 2 true positions, 1 pick; matched one to one within 30 Å" in text
    assert "mean over tomograms" in text
    assert "mean 2.00, median 2.00, rms 2.00 voxels" in text
    assert "mean 20.00, median 20.00, rms 20.00 Å" in text
    assert "resamples of the tomograms" in text
    assert "micrograph" not in text
    common = evaluate(picks, truth, radius_A=30.0, only_common=True).to_text()
    assert "Not mentioned by the picks, left out: 1 tomogram (u.mrc)." in common
    with pytest.raises(Mismatch, match="Picks and truth have no tomogram in common"):
        evaluate(pick_set([("w.mrc", 1.0, 2.0, 3.0)]), truth, radius_A=30.0)
    with pytest.raises(BadInput, match="The truth: no tomogram and no position in it"):
        evaluate(picks, pick_set([]), radius_A=30.0)


def test_one_seed_one_result_in_plain_types() -> None:
    truth = pick_set([("t.mrc", 1.0, 2.0, 3.0), ("u.mrc", 1.0, 2.0, 3.0)])
    picks = pick_set([("t.mrc", 1.0, 2.0, 5.0), ("z.mrc", 1.0, 2.0, 3.0)], score=[0.9, 0.8])
    settings = {"radius_px": 3.0, "seed": 5, "unlabelled": Unlabelled.COUNT_AS_FALSE}
    first = evaluate(picks, truth, **settings).to_dict()
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    assert first == evaluate(picks, truth, **settings).to_dict()
    assert first["points"][0]["localisation"][0] == {
        "mean": 2.0,
        "median": 2.0,
        "rms": 2.0,
        "unit": "voxels",
    }


def test_a_tomogram_is_known_by_its_tilt_series() -> None:
    truth = pick_set([("TS_1", 1.0, 1.0, 1.0), ("TS_2", 1.0, 1.0, 1.0)])
    picks = pick_set([("t/rec_TS_1.mrc", 1.0, 1.0, 1.0), ("TS_2.mrc", 1.0, 1.0, 1.0)])
    assert evaluate(picks, truth, radius_px=2.0).points[0].true_positives == 2
    both = pick_set([("t/rec_TS_1.mrc", 1.0, 1.0, 1.0), ("TS_1.mrc", 1.0, 1.0, 1.0)])
    with pytest.raises(Mismatch, match=r"rec_TS_1\.mrc and TS_1\.mrc would both be TS_1"):
        evaluate(both, truth, radius_px=2.0)
