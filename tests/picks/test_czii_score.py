"""The CZII score: each of its rules, and each of its oddities, by a case worked out by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.picks.czii_result import CziiClass
from nunatak.picks.czii_score import (
    CZII_DIAMETERS_A,
    CZII_PARTICLES,
    CziiParticle,
    count_found,
    czii_score,
    czii_scores,
)
from nunatak.picks.table import PickSet, empty_table

APO, AMYLASE, GALACTOSIDASE = "apo-ferritin", "beta-amylase", "beta-galactosidase"
RIBOSOME, THYROGLOBULIN, VLP = "ribosome", "thyroglobulin", "virus-like-particle"

Row = tuple[str, str, float, float, float]


def pick_set(
    rows: list[Row], *, voxel_A: float = 10.0, images: tuple[str, ...] = (), **columns: object
) -> PickSet:
    table = pd.DataFrame(rows, columns=["image", "class_name", "x_px", "y_px", "z_px"])
    return PickSet(table.assign(pixel_size_A=voxel_A, **columns), images=images)


def counts(picks: list[Row], truth: list[Row]) -> dict[str, tuple[int, int, int]]:
    result = czii_score(pick_set(picks), pick_set(truth))
    return {
        one.name: (one.true_positives, one.false_positives, one.false_negatives)
        for one in result.classes
    }


def test_the_table_of_the_challenge() -> None:
    assert {name: (one.radius_A, one.weight) for name, one in CZII_PARTICLES.items()} == {
        APO: (60, 1),
        AMYLASE: (65, 0),
        GALACTOSIDASE: (90, 2),
        RIBOSOME: (150, 1),
        THYROGLOBULIN: (130, 2),
        VLP: (135, 1),
    }
    assert CZII_DIAMETERS_A[RIBOSOME] == 300


@pytest.mark.parametrize(("name", "particle"), CZII_PARTICLES.items())
def test_a_candidate_counts_up_to_half_the_radius_and_at_it(
    name: str, particle: CziiParticle
) -> None:
    truth = [("a", name, 50.0, 50.0, 50.0)]
    at_it = 0.5 * particle.radius_A / 10.0
    # Along a diagonal of the three axes, as (1, 2, 2) / 3.
    step = np.array([1.0, 2.0, 2.0]) / 3
    for distance_px, expected in ((at_it, (1, 0, 0)), (at_it + 0.001, (0, 1, 1))):
        x_px, y_px, z_px = (50.0 + distance_px * step).tolist()
        assert counts([("a", name, x_px, y_px, z_px)], truth) == {name: expected}


def test_positions_that_went_through_voxels_still_meet_the_tolerance_exactly() -> None:
    voxel_A = 10.012444196428572
    x_A = np.linspace(0.0, 6000.0, 400)
    truth = pick_set([("a", APO, x / voxel_A, 9.0, 0.0) for x in x_A], voxel_A=voxel_A)
    picks = pick_set([("a", APO, x / voxel_A, 9.0, 30 / voxel_A) for x in x_A], voxel_A=voxel_A)
    assert czii_score(picks, truth).classes[0].true_positives == 400


def test_a_second_candidate_on_a_truth_is_false() -> None:
    twice = [("a", APO, 5.0, 5.0, 5.0), ("a", APO, 6.0, 5.0, 5.0)]
    assert counts(twice, [("a", APO, 5.0, 5.0, 5.0)]) == {APO: (1, 1, 0)}
    # The very same position twice is allowed among the candidates.
    assert counts(twice[:1] * 2, [("a", APO, 5.0, 5.0, 5.0)]) == {APO: (1, 1, 0)}


def test_a_candidate_between_two_truths_finds_both_and_f_exceeds_one() -> None:
    truth = [("a", APO, 5.0, 5.0, 5.0), ("a", APO, 9.0, 5.0, 5.0)]
    between = [("a", APO, 7.0, 5.0, 5.0)]
    assert counts(between, truth) == {APO: (2, -1, 0)}
    (one,) = czii_score(pick_set(between), pick_set(truth)).classes
    assert (one.precision, one.recall) == (2.0, 1.0)
    assert one.f_beta == pytest.approx(34 / 33)


def test_only_candidates_of_the_truths_class_find_it() -> None:
    truth = [("a", APO, 5.0, 5.0, 5.0), ("a", RIBOSOME, 60.0, 60.0, 60.0)]
    swapped = [("a", RIBOSOME, 5.0, 5.0, 5.0), ("a", APO, 60.0, 60.0, 60.0)]
    assert counts(swapped, truth) == {APO: (0, 1, 1), RIBOSOME: (0, 1, 1)}


def test_a_tomogram_without_a_truth_of_the_class_has_false_candidates_only() -> None:
    truth = [("a", APO, 5.0, 5.0, 5.0), ("b", RIBOSOME, 5.0, 5.0, 5.0)]
    picks = [("a", APO, 5.0, 5.0, 5.0), ("b", APO, 5.0, 5.0, 5.0), ("b", APO, 8.0, 5.0, 5.0)]
    # The ribosome has a truth and no candidate; apo-ferritin two candidates where it has none.
    assert counts(picks, truth) == {APO: (1, 2, 0), RIBOSOME: (0, 0, 1)}


def test_counts_are_summed_over_tomograms_before_f_is_taken() -> None:
    truth = [("a", APO, 5.0, 5.0, 5.0), *[("b", APO, 10.0 * n, 5.0, 5.0) for n in range(9)]]
    picks = [("a", APO, 5.0, 5.0, 5.0)]
    (one,) = czii_score(pick_set(picks), pick_set(truth)).classes
    assert one.f_beta == pytest.approx(17 * 1 / (16 * 10 + 1))


@pytest.mark.parametrize(
    ("truths", "candidates", "found", "expected"),
    [(20, 38, 19, 0.9022), (45, 40, 36, 0.8053), (5, 0, 0, 0.0), (5, 3, 0, 0.0), (0, 3, 0, 0.0)],
)
def test_recall_weighs_four_times_as_much(
    truths: int, candidates: int, found: int, expected: float
) -> None:
    one = CziiClass(APO, 1, truths, candidates, found)
    assert one.f_beta == pytest.approx(expected, abs=5e-5)
    assert one.f_beta == pytest.approx(17 * found / (16 * truths + candidates))


def test_the_mean_divides_by_the_weights_of_all_classes() -> None:
    def perfect(*names: str) -> float:
        rows = [("a", name, 100.0 * n, 0.0, 0.0) for n, name in enumerate(names)]
        return czii_score(pick_set(rows), pick_set(rows)).score

    assert perfect(*CZII_PARTICLES) == pytest.approx(1.0)
    assert perfect(APO) == pytest.approx(1 / 7)
    assert perfect(THYROGLOBULIN, GALACTOSIDASE) == pytest.approx(4 / 7)
    assert perfect(AMYLASE) == 0.0


def test_picks_of_a_known_class_that_the_truth_lacks_have_no_part() -> None:
    truth = [("a", APO, 5.0, 5.0, 5.0)]
    assert counts([("a", APO, 5.0, 5.0, 5.0), ("a", VLP, 5.0, 5.0, 5.0)], truth) == {APO: (1, 0, 0)}


def test_picks_in_tomograms_outside_the_truth_are_dropped_whatever_their_class() -> None:
    truth = [("a", APO, 5.0, 5.0, 5.0)]
    picks = [("a", APO, 5.0, 5.0, 5.0), ("z", APO, 5.0, 5.0, 5.0), ("z", "gold", 5.0, 5.0, 5.0)]
    assert counts(picks, truth) == {APO: (1, 0, 0)}


def test_unknown_classes_are_refused() -> None:
    known, unknown = [("a", APO, 5.0, 5.0, 5.0)], [("a", "apoferritin", 9.0, 5.0, 5.0)]
    with pytest.raises(BadInput, match="The picks: the CZII score does not know class apoferritin"):
        counts(known + unknown, known)
    with pytest.raises(BadInput, match="The truth: the CZII score does not know class apoferritin"):
        counts(known, known + unknown)


def test_two_truths_in_one_place_are_refused_whatever_their_class() -> None:
    place = (5.0, 5.0, 5.0)
    twice: list[Row] = [("a", APO, *place), ("a", RIBOSOME, *place)]
    with pytest.raises(BadInput, match=r"1 position occurs twice in a tomogram \(first: row 2"):
        counts(twice, twice)
    # In another tomogram it is another place.
    elsewhere: list[Row] = [("a", APO, *place), ("b", RIBOSOME, *place)]
    assert counts(elsewhere, elsewhere) == {APO: (1, 0, 0), RIBOSOME: (1, 0, 0)}


def test_agrees_with_distances_taken_one_by_one(rng: np.random.Generator) -> None:
    names = list(CZII_PARTICLES)

    def scattered(n: int) -> list[Row]:
        return [
            (f"{rng.integers(3)}.mrc", names[rng.integers(6)], *rng.uniform(0, 30, 3).tolist())
            for _ in range(n)
        ]

    picks, truth = scattered(500), scattered(200)
    found = dict.fromkeys(names, 0)
    for image, name, *at in truth:
        away_A = [
            10 * np.linalg.norm(np.subtract(at, other))
            for near, kind, *other in picks
            if (near, kind) == (image, name)
        ]
        found[name] += min(away_A, default=np.inf) <= CZII_PARTICLES[name].radius_A / 2
    weighted = sum(
        one.weight
        * (17 * found[name])
        / (16 * sum(row[1] == name for row in truth) + sum(row[1] == name for row in picks))
        for name, one in CZII_PARTICLES.items()
    )
    assert sum(found.values()) > 50
    assert czii_score(pick_set(picks), pick_set(truth)).score == pytest.approx(weighted / 7)


def test_each_selection_has_its_score() -> None:
    truth = pick_set([("a", APO, 5.0, 5.0, 5.0)])
    rows = [("a", APO, 5.0, 5.0, 5.0), ("a", APO, 50.0, 5.0, 5.0), ("a", APO, 80.0, 5.0, 5.0)]
    picks = pick_set(rows, score=[0.9, 0.5, 0.1], selected=[True, True, False])
    scores = czii_scores(picks, truth, threshold=0.7)
    assert [(one.name, one.classes[0].candidates) for one in scores] == [
        ("All picks", 3),
        ("Threshold as given", 1),
        ("As selected in the file", 2),
    ]
    assert scores[1].classes[0].f_beta == 1.0
    assert "CZII score, threshold as given: 0.1429" in scores[1].to_text()
    plain = scores[0].to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["classes"][0]["false_positives"] == 2
    with pytest.raises(UsageError, match="the picks have no scores"):
        czii_scores(truth, truth, threshold=0.7)


def test_nothing_picked_scores_nothing() -> None:
    truth = pick_set([("a", APO, 5.0, 5.0, 5.0)])
    for nothing in (PickSet(empty_table(3)), PickSet(empty_table(2))):
        assert czii_score(nothing, truth).score == 0.0


def test_tomograms_that_the_picks_do_not_mention_are_missed_unless_only_common_ones_count() -> None:
    truth = pick_set([("a", APO, 5.0, 5.0, 5.0), ("b", APO, 5.0, 5.0, 5.0)])
    picks = pick_set([("a", APO, 5.0, 5.0, 5.0)])
    assert czii_score(picks, truth).classes[0].false_negatives == 1
    assert czii_score(picks, truth, only_common=True).classes[0].false_negatives == 0


def test_another_table_of_classes() -> None:
    rows = [("a", "proteasome", 5.0, 5.0, 5.0), ("a", "ring", 90.0, 5.0, 5.0)]
    picks = [("a", "proteasome", 9.0, 5.0, 5.0), ("a", "ring", 90.0, 5.0, 5.0)]
    table = {"proteasome": CziiParticle(80.0, 3.0), "ring": CziiParticle(50.0, 1.0)}
    assert czii_score(pick_set(picks), pick_set(rows), particles=table).score == 1.0
    smaller = {**table, "proteasome": CziiParticle(79.0, 3.0)}
    assert czii_score(pick_set(picks), pick_set(rows), particles=smaller).score == 0.25
    weightless = {name: CziiParticle(80.0, 0.0) for name in table}
    with pytest.raises(UsageError, match="weights of the classes are all zero"):
        czii_score(pick_set(picks), pick_set(rows), particles=weightless)


def test_what_cannot_be_scored_is_refused() -> None:
    rows: list[Row] = [("a", APO, 5.0, 5.0, 5.0)]
    truth = pick_set(rows)
    flat = PickSet(truth.table.drop(columns="z_px"))
    with pytest.raises(BadInput, match=r"positions \(x, y\) on micrographs; the CZII score"):
        czii_score(truth, flat)
    with pytest.raises(Mismatch, match=r"positions \(x, y\) on micrographs, but the truth has"):
        czii_score(flat, truth)
    with pytest.raises(BadInput, match="no position in it"):
        czii_score(truth, PickSet(empty_table(3), images=("a",)))
    unknown_size = pick_set(rows, voxel_A=np.nan)
    with pytest.raises(BadInput, match="needs the pixel size"):
        czii_score(unknown_size, unknown_size)
    assert czii_score(unknown_size, unknown_size, pixel_size_A=10.0).score == pytest.approx(1 / 7)


def test_counting_needs_no_candidate_and_no_truth() -> None:
    some, none = np.zeros((2, 3)), np.empty((0, 3))
    assert (count_found(none, some, 1.0), count_found(some, none, 1.0)) == (0, 0)


def test_unselected_candidates_of_the_truth_are_left_out_and_counted() -> None:
    rows = [("t", RIBOSOME, 10.0, 10.0, 10.0), ("t", "unknown", 50.0, 50.0, 50.0)]
    truth = pick_set(rows, selected=[True, False])
    score = czii_score(pick_set(rows[:1]), truth)
    assert [(one.truths, one.true_positives) for one in score.classes] == [(1, 1)]
    assert score.to_dict()["n_unselected_truths"] == 1
