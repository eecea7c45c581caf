"""The union of several pickers' picks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, Mismatch, NunatakError, UsageError
from nunatak.picks.evaluate import evaluate
from nunatak.picks.evaluation import OperatingPoint
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.matching import match
from nunatak.picks.merge import merge
from nunatak.picks.table import PickSet

Place = tuple[str, float, float]


def pick_set(rows: Sequence[Place], *, images: tuple[str, ...] = (), **columns: object) -> PickSet:
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px"]).assign(**columns)
    return PickSet(table, images=images)


def volume_set(rows: Sequence[tuple[str, float, float, float]], **columns: object) -> PickSet:
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px"]).assign(**columns)
    return PickSet(table)


@pytest.fixture
def three() -> list[PickSet]:
    """Particles at 10 (all), 50 (first two) and 90 (last), of pickers of quite other scores."""
    return [
        pick_set([("m", 10, 10), ("m", 50, 10)], score=[-3.0, -1.0]),
        pick_set([("m", 51, 10), ("m", 12, 10)], score=[900.0, 800.0]),
        pick_set([("m", 90, 10), ("m", 11, 13)]),
    ]


def test_positions_agreement_and_scores(three: list[PickSet]) -> None:
    table = merge(three, radius_px=5, labels=["a", "b", "c"]).table
    assert table["x_px"].tolist() == [50.5, 11.0, 90.0]
    assert table["y_px"].tolist() == [10.0, 11.0, 10.0]
    assert table["agreement"].tolist() == [2, 3, 1]
    assert table["looked"].tolist() == [3, 3, 3]
    assert table["seen_by"].tolist() == ["a+b", "a+b+c", "c"]
    # Ranks 3/4 and 1/4 of two, 1/2 without scores, 0 without a pick.
    expected = [(0.75 + 0.75) / 3, (0.25 + 0.25 + 0.5) / 3, 0.5 / 3]
    np.testing.assert_allclose(table["score"], expected)
    np.testing.assert_array_equal(table["score_a"], [-1.0, -3.0, np.nan])
    np.testing.assert_array_equal(table["score_b"], [900.0, 800.0, np.nan])
    assert "score_c" not in table


@pytest.mark.parametrize(("min_agree", "kept"), [(1, 3), (2, 2), (3, 1)])
def test_enough_sets_must_agree_and_one_that_lacks_a_pick_is_no_veto(
    three: list[PickSet], min_agree: int, kept: int
) -> None:
    merged = merge(three, radius_px=5, min_agree=min_agree)
    assert len(merged) == kept
    assert (merged.table["agreement"] >= min_agree).all()


def test_the_order_of_the_sets_has_no_influence(rng: np.random.Generator) -> None:
    sets = [
        pick_set([("m", x, y) for x, y in rng.uniform(0, 80, (40, 2))], score=rng.random(40))
        for _ in range(3)
    ]
    columns = ["x_px", "y_px", "score", "agreement"]
    one = merge(sets, radius_px=8).table[columns].sort_values(columns).to_numpy()
    other = merge(sets[::-1], radius_px=8).table[columns].sort_values(columns).to_numpy()
    np.testing.assert_allclose(one, other)
    assert set(one[:, 3]) == {1, 2, 3}


def test_a_set_that_did_not_look_has_no_say() -> None:
    first = pick_set([("m", 10, 10), ("n", 10, 10), ("o", 10, 10)], score=[1.0, 2.0, 3.0])
    second = pick_set([("m", 10, 10)], images=("m", "o"), score=[1.0])
    merged = merge([first, second], radius_px=5, min_agree=2)
    # On o the second looked and found nothing; n it does not mention.
    assert merged.table[["image", "agreement", "looked"]].to_numpy().tolist() == [
        ["m", 2, 2],
        ["n", 1, 1],
    ]
    assert merged.table["score"].tolist() == [(1 / 6 + 1 / 2) / 2, 1 / 2]
    assert merged.images == ("m", "n", "o")
    assert merged.notes[-1] == (
        "Kept: 1 particle that 2 or more sets picked, and 1 on 1 micrograph that fewer sets looked "
        "at, where all of these picked them."
    )
    strict = merge([first, second], radius_px=5, min_agree=2, absent_is_empty=True)
    assert strict.table["image"].tolist() == ["m"]
    assert strict.images == ("m", "n", "o")


def test_the_account_tells_how_far_each_set_agrees(three: list[PickSet]) -> None:
    assert merge(three, radius_px=5).notes == [
        "set1: 2 picks, 100.0% of them with a counterpart in another set.",
        "set2: 2 picks, 100.0% of them with a counterpart in another set.",
        "set3: 2 picks, 50.0% of them with a counterpart in another set.",
        "1 micrograph, of which all 3 sets looked at 1; 3 particles, 1 picked by 1 set, "
        "1 picked by 2 sets, 1 picked by 3 sets.",
    ]


def test_other_columns_come_from_the_best_pick_and_gaps_from_the_next() -> None:
    first = pick_set([("m", 10, 10), ("m", 60, 10)], score=[1.0, 2.0], rlnA=["a1", "a2"], rlnB="b")
    second = pick_set([("m", 11, 10), ("m", 61, 10)], score=[8.0, 7.0], rlnA=["c1", "c2"])
    table = merge([first, second], radius_px=5).table.sort_values("x_px")
    assert table["rlnA"].tolist() == ["c1", "a2"]
    assert table["rlnB"].tolist() == ["b", "b"]


def test_a_particle_is_selected_if_any_of_its_picks_is() -> None:
    first = pick_set([("m", 10, 10), ("m", 50, 10), ("m", 90, 10)], selected=[True, False, False])
    second = pick_set([("m", 10, 10), ("m", 50, 10)], selected=[False, False])
    unmarked = pick_set([("m", 90, 10)])
    merged = merge([first, second, unmarked], radius_px=5)
    assert merged.table.sort_values("x_px")["selected"].tolist() == [True, False, True]


def test_names_of_images_need_not_be_spelled_alike() -> None:
    merged = merge([pick_set([("mic_1", 1, 1)]), pick_set([("job/mic_1.mrc", 1, 1)])], radius_px=2)
    assert merged.images == ("job/mic_1.mrc",)
    assert merged.table["agreement"].tolist() == [2]


@pytest.mark.parametrize(
    ("options", "agreement"),
    [
        ({"diameter_A": 80.0}, [2]),  # a quarter of it is 20 Å, or 10 px
        ({"diameter_A": 79.0}, [1, 1]),
        ({"radius_A": 20.0}, [2]),
        ({"radius_px": 9.9}, [1, 1]),
        ({}, [2]),  # the first set states 82 Å
    ],
)
def test_the_radius_and_its_units(options: dict[str, float], agreement: list[int]) -> None:
    first = pick_set([("m", 10, 10)], pixel_size_A=2.0, diameter_A=82.0)
    second = pick_set([("m", 20, 10)])
    table = merge([first, second], **options).table  # type: ignore[arg-type]
    assert table["agreement"].tolist() == agreement
    # Known of the image, whichever set says so.
    assert table["pixel_size_A"].tolist() == [2.0] * len(agreement)


def test_a_pixel_size_may_be_given() -> None:
    sets = [pick_set([("m", 10, 10)]), pick_set([("m", 13, 10)])]
    assert merge(sets, radius_A=8.9, pixel_size_A=3.0).table["agreement"].tolist() == [1, 1]
    assert merge(sets, radius_A=9, pixel_size_A=3.0).table["pixel_size_A"].tolist() == [3.0]


def test_tomograms_and_their_orientations() -> None:
    angles = {"rot_deg": 10.0, "tilt_deg": 20.0, "psi_deg": 30.0}
    first = volume_set([("t", 10, 10, 10), ("t", 10, 10, 40)], score=[0.1, 0.9])
    second = volume_set([("t", 10, 10, 12)], score=[5.0], **angles)
    merged = merge([first, second], radius_px=3)
    assert merged.ndim == 3
    table = merged.table.sort_values("z_px")
    assert table["z_px"].tolist() == [11.0, 40.0]
    np.testing.assert_array_equal(table["tilt_deg"], [20.0, np.nan])
    assert merged.notes[2].startswith("1 tomogram, ")


def test_picks_of_two_classes_are_one_particle_unless_classes_are_asked_for() -> None:
    names, sizes_A = ["80S", "apo"], [280.0, 120.0]
    columns = {"pixel_size_A": 10.0, "diameter_A": sizes_A}
    first = volume_set([("t", 10, 10, 10), ("t", 60, 60, 60)], class_name=names, **columns)
    second = volume_set([("t", 15, 10, 10), ("t", 65, 60, 60)], class_name=["80S", "80S"])
    assert merge([first, second], radius_px=6).table["agreement"].tolist() == [2, 2]
    table = merge([first, second], by_class=True).table
    # Each class within a quarter of its own diameter.
    assert table.groupby("class_name")["agreement"].max().to_dict() == {"80S": 2, "apo": 1}
    with pytest.raises(UsageError, match="from 120 to 280 Å"):
        merge([first, second])


def test_sets_without_a_pick() -> None:
    empty = pick_set([], images=("m",))
    merged = merge([pick_set([("m", 1, 1)], score=[1.0]), empty], radius_px=3, labels=["a", "b"])
    assert merged.table[["agreement", "looked", "score"]].to_numpy().tolist() == [[1, 2, 0.25]]
    assert merged.notes[1] == "b: 0 picks."
    nothing = merge([empty, empty], radius_px=3, labels=["a", "b"])
    assert (len(nothing), nothing.images) == (0, ("m",))
    assert {"agreement", "seen_by", "score"} <= set(nothing.table.columns)


def test_optics_groups_stay_if_all_sets_have_the_same() -> None:
    def with_optics(size: str) -> PickSet:
        optics = pd.DataFrame({"rlnOpticsGroup": ["1"], "rlnMicrographPixelSize": [size]})
        picks = pick_set([("m", 1, 1)], rlnOpticsGroup="1")
        return PickSet(picks.table, optics=optics)

    same = merge([with_optics("3.54"), with_optics("3.5400")], radius_px=3)
    assert same.optics is not None
    assert same.table["rlnOpticsGroup"].tolist() == ["1"]
    other = merge([with_optics("3.54"), with_optics("1.77")], radius_px=3)
    assert other.optics is None
    assert "rlnOpticsGroup" not in other.table
    assert other.notes[-1] == "The sets have different optics groups, which were not kept."


M = ("m", 1.0, 1.0)


@pytest.mark.parametrize(
    ("sets", "options", "error", "problem"),
    [
        ([pick_set([M])], {}, UsageError, "two or more sets of picks, found 1"),
        ([pick_set([M])] * 2, {"min_agree": 3}, UsageError, "--min-agree 3: there are 2 sets"),
        ([pick_set([M])] * 2, {"min_agree": 0}, UsageError, "--min-agree 0"),
        ([pick_set([M])] * 2, {"radius_px": -1.0}, UsageError, "must be positive, found -1"),
        ([pick_set([M])] * 2, {"radius_A": 3.0}, UsageError, "Give one of"),
        ([pick_set([M])] * 2, {"radius_px": None}, UsageError, "The sets state no diameter"),
        (
            [pick_set([M])] * 2,
            {"radius_px": None, "radius_A": 3.0},
            BadInput,
            "m: a radius in ångström needs the pixel size",
        ),
        (
            [pick_set([M]), volume_set([("m", 1, 1, 1)])],
            {},
            Mismatch,
            "set1 holds picks on micrographs and set2 picks in tomograms",
        ),
        (
            [pick_set([M]), pick_set([("n", 1, 1)])],
            {},
            Mismatch,
            "set1 has no image in common with the other sets: it names m, the others n",
        ),
        (
            [pick_set([M] * 2, score=[1.0, None]), pick_set([M])],
            {},
            BadInput,
            "set1: 1 of 2 picks have no score",
        ),
        (
            [pick_set([M], pixel_size_A=1.0), pick_set([M], pixel_size_A=2.0)],
            {},
            Mismatch,
            "m: two pixel sizes: set1 says 1 Å, set2 says 2 Å",
        ),
        (
            [pick_set([M], pixel_size_A=1.0), pick_set([M])],
            {"pixel_size_A": 2.0},
            Mismatch,
            "--pixel-size says 2 Å, set1 says 1 Å",
        ),
        (
            [pick_set([M], class_name="80S"), pick_set([M])],
            {"by_class": True},
            BadInput,
            "1 of 2 picks have no class .*, the first in set2, on m",
        ),
    ],
)
def test_what_cannot_be_merged_is_refused(
    sets: list[PickSet], options: dict[str, object], error: type[NunatakError], problem: str
) -> None:
    with pytest.raises(error, match=problem):
        merge(sets, **{"radius_px": 3.0, **options})  # type: ignore[arg-type]


@pytest.mark.realdata
def test_two_real_pickers_agree_to_a_smaller_cleaner_and_better_centred_set(
    shared_data: Path,
) -> None:
    folder = shared_data / "empiar10017"
    files = ("repic_topaz_scored.star", "repic_cryolo.star", "cryoppp.star")
    topaz, cryolo, truth = (read_picks(folder / name) for name in files)
    kept = tuple(topaz.images[:3])
    sets = [PickSet(one.table[one.table["image"].isin(kept)]) for one in (topaz, cryolo)]

    def all_picks(picks: PickSet) -> OperatingPoint:
        options = {"radius_A": 45.0, "only_common": True, "threshold": -np.inf}
        return evaluate(picks, truth, n_resamples=0, **options).points[-1]  # type: ignore[arg-type]

    single = [all_picks(one) for one in sets]
    union = all_picks(merge(sets, diameter_A=180))
    both = merge(sets, diameter_A=180, min_agree=2)
    agreed = all_picks(both)
    assert agreed.precision.micro.value > max(one.precision.micro.value for one in single)
    assert union.recall.micro.value > max(one.recall.micro.value for one in single)
    # The mean of both positions against the position of either, of the same particles.
    for one in sets:
        own = both.table.copy()
        for image, rows in both.table.groupby("image"):
            there = one.table.loc[one.table["image"] == image, ["x_px", "y_px"]].to_numpy()
            # Half the distance of the two picks at most: 6.4 px.
            found = match(rows[["x_px", "y_px"]], there, 6.4)
            own.loc[rows.index[found.candidate], ["x_px", "y_px"]] = there[found.truth]
        localised = all_picks(PickSet(own)).localisation[0]
        assert agreed.localisation[0].rms < localised.rms


@pytest.mark.parametrize("suffix", [".star", ".csv", ".parquet"])
def test_what_a_merging_counted_is_read_back_as_numbers(
    three: list[PickSet], suffix: str, tmp_path: Path
) -> None:
    merged = merge(three, radius_px=5, labels=["a", "b.2", "c"])
    path = tmp_path / f"merged{suffix}"
    write_picks(merged, path)
    table = read_picks(path).table
    assert [str(table[name].dtype) for name in ("agreement", "looked")] == ["int64", "int64"]
    assert str(table["score_b.2"].dtype) == "float64"
    pd.testing.assert_frame_equal(table[merged.table.columns], merged.table)


def test_columns_of_such_names_are_left_alone_in_other_tables() -> None:
    foreign = pick_set([("m", 1, 1)], agreement=["strong"], score_card=["007"])
    assert foreign.table[["agreement", "score_card"]].to_numpy().tolist() == [["strong", "007"]]
    with pytest.raises(BadInput, match="Column agreement of the pick table holds text"):
        pick_set([("m", 1, 1)], agreement=["strong"], looked=["2"], seen_by=["a"])


def test_sets_that_hardly_coincide_are_doubted() -> None:
    places = [(40.0 * n, 100.0 * (n % 3)) for n in range(30)]
    one = pick_set([("m", x, y) for x, y in places])
    mirrored = pick_set([("m", x, 215 - y) for x, y in places])
    doubts = [
        any("Hardly any picks" in note for note in merge([one, other], radius_px=5).notes)
        for other in (mirrored, one)
    ]
    assert doubts == [True, False]
