"""Labels find their picks, and what does not fit is said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, Mismatch
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.table import PickSet
from nunatak.pruning.labels import MatchedLabels, joined, labels_by_position, labels_of_column

RADIUS = np.full(4, 5.0)


def picks(**columns: list[object]) -> PickSet:
    table = {
        "image": ["m/a.mrc", "m/a.mrc", "m/a.mrc", "m/b.mrc"],
        "x_px": [10.0, 40.0, 80.0, 10.0],
        "y_px": [10.0, 10.0, 10.0, 10.0],
    }
    return PickSet(pd.DataFrame({**table, **columns}), source=Path("picks.star"))


def places(*rows: tuple[str, float, str]) -> PickSet:
    image, x, label = zip(*rows, strict=True)
    table = pd.DataFrame({"image": image, "x_px": x, "y_px": 10.0, "label": label})
    return PickSet(table, source=Path("labels.star"))


def as_dict(labels: MatchedLabels) -> dict[int, str]:
    return dict(zip(labels.row.tolist(), labels.class_name.tolist(), strict=True))


def test_a_column_holds_words_of_people_and_blanks() -> None:
    labels = labels_of_column(picks(verdict=["Good", "None", "crystalline ice", "bad"]), "verdict")
    assert as_dict(labels) == {0: "particle", 2: "ice", 3: "junk"}
    assert labels.is_particle.tolist() == [True, False, False]
    assert labels.counts == {"particle": 1, "ice": 1, "junk": 1}


def test_a_column_of_numbers_may_have_gaps() -> None:
    labels = labels_of_column(picks(mine=[1.0, 0.0, np.nan, np.nan]), "mine")
    assert as_dict(labels) == {0: "particle", 1: "junk"}


def test_an_earlier_decision_serves_as_a_column_by_its_name_in_the_file() -> None:
    decided = picks(decision=["keep", "reject", "review", "unjudged"])
    assert as_dict(labels_of_column(decided, "_nunatakDecision")) == {0: "particle", 1: "junk"}


def test_a_duplicate_that_an_earlier_pruning_rejected_is_no_junk() -> None:
    decided = picks(
        decision=["keep", "reject", "reject", "junk"],
        predicted_class=["duplicate", "Duplicate", "particle", "duplicate"],
    )
    labels = labels_of_column(decided, "nunatakDecision")
    assert as_dict(labels) == {0: "particle", 1: "duplicate", 2: "junk", 3: "junk"}
    assert labels.is_junk.tolist() == [False, False, True, True]
    by_place = labels_by_position(picks(), decided, RADIUS, column="decision")
    assert as_dict(by_place) == as_dict(labels)
    # What a person says in another column is meant as it stands.
    said = replace(decided, table=decided.table.rename(columns={"decision": "verdict"}))
    assert as_dict(labels_of_column(said, "verdict")) == as_dict(labels) | {1: "junk"}


def test_labels_at_a_place_of_several_picks_mean_one_after_the_other() -> None:
    twice = pd.concat([picks().table] * 2, ignore_index=True)
    words = ["good", "", "ice", "bad", "bad", "good", "", ""]
    by_row = {0: "particle", 2: "ice", 3: "junk", 4: "junk", 5: "particle"}
    labelled = PickSet(twice.assign(label=words), source=Path("labels.csv"))
    radius = np.full(8, 5.0)
    known = PickSet(twice, source=Path("picks.csv"))
    assert as_dict(labels_by_position(known, labelled, radius)) == by_row
    named = [f"{row % 4 + 1}@s.mrcs" for row in range(8)]
    stacks = [
        replace(one, table=one.table.assign(image="s.mrcs", rlnImageName=named))
        for one in (known, labelled)
    ]
    assert as_dict(labels_by_position(*stacks, radius)) == by_row
    # A click beside them is of neither alone, and two that contradict each other stay an error.
    with pytest.raises(Mismatch, match="both particle and junk"):
        labels_by_position(known, places(("a", 10.5, "good"), ("a", 10.4, "bad")), radius)


def test_an_unknown_word_is_named_with_its_place() -> None:
    with pytest.raises(BadInput, match=r"picks.star, column verdict, row 2: .*'maybe' is not kn"):
        labels_of_column(picks(verdict=["good", "maybe", "maybe", "so so"]), "verdict")
    with pytest.raises(BadInput, match=r"Of 4 rows, 3 cannot be understood. .*'so so'"):
        labels_of_column(picks(verdict=["good", "maybe", "maybe", "so so"]), "verdict")


def test_a_column_that_is_missing_or_blank_is_refused() -> None:
    with pytest.raises(BadInput, match=r"no column quality. There are image, x_px"):
        labels_of_column(picks(), "quality")
    with pytest.raises(BadInput, match="all 4 rows are blank"):
        labels_of_column(picks(verdict=["", "-", "?", "None"]), "verdict")


def test_positions_mean_the_nearest_pick_of_the_same_micrograph() -> None:
    # The micrograph is named by its stem, and the second label lies between two picks.
    labels = labels_by_position(picks(), places(("a", 13.0, "good"), ("b", 14.9, "ice")), RADIUS)
    assert as_dict(labels) == {0: "particle", 3: "ice"}
    assert labels.unmatched == ()


def test_what_fits_no_pick_is_counted_with_an_example() -> None:
    labels = labels_by_position(
        picks(), places(("a", 10.0, "good"), ("a", 15.1, "bad"), ("c.mrc", 1.0, "bad")), RADIUS
    )
    assert as_dict(labels) == {0: "particle"}
    assert labels.unmatched == (
        "labels.star: 1 label on 1 micrograph without picks, such as c.mrc.",
        "labels.star: 1 label with no pick within 0.2 diameters, such as x 15.1, y 10.0 on a.",
    )


def test_labels_that_fit_no_pick_at_all_are_refused() -> None:
    with pytest.raises(Mismatch, match=r"None of 1 label fits a pick\. Check .* the diameter"):
        labels_by_position(picks(), places(("a", 25.0, "good")), RADIUS)
    with pytest.raises(
        Mismatch, match=r"no label is on a micrograph of the picks: z.mrc fits none"
    ):
        labels_by_position(picks(), places(("z.mrc", 10.0, "good")), RADIUS)
    with pytest.raises(BadInput, match="no column of labels"):
        labels_by_position(picks(), picks(), RADIUS)


def test_contradictions_are_errors_and_a_named_kind_of_junk_is_none() -> None:
    with pytest.raises(Mismatch, match=r"x 10.0, y 10.0 on m/a.mrc \(row 1\) .* particle and junk"):
        labels_by_position(picks(), places(("a", 10.0, "good"), ("a", 11.0, "bad")), RADIUS)
    with pytest.raises(Mismatch, match="labelled both ice and gold"):
        labels_by_position(picks(), places(("a", 10.0, "ice"), ("a", 11.0, "gold")), RADIUS)
    labels = labels_by_position(picks(), places(("a", 10.0, "bad"), ("a", 11.0, "ice")), RADIUS)
    assert as_dict(labels) == {0: "ice"}


def test_good_and_bad_sets_join_and_may_not_overlap() -> None:
    good = labels_by_position(picks(), places(("a", 10.0, "")), RADIUS, class_name="particle")
    bad = labels_by_position(picks(), places(("b", 10.0, "")), RADIUS, class_name="junk")
    assert as_dict(joined([bad, good], picks())) == {0: "particle", 3: "junk"}
    also_bad = MatchedLabels(good.row, np.array(["junk"], dtype=object))
    with pytest.raises(Mismatch, match="particle and junk"):
        joined([good, also_bad], picks())


def test_what_pruning_says_survives_a_star_file(tmp_path: Path) -> None:
    pruned = picks(
        probability=[0.9, 0.125, np.nan, 1 / 3],
        predicted_class=["particle", "ice", "unjudged", "off_centre"],
        decision=["keep", "reject", "unjudged", "review"],
    )
    for name in ("pruned.star", "pruned.csv", "pruned.parquet"):
        write_picks(pruned, tmp_path / name)
        again = read_picks(tmp_path / name).table
        for column in ("probability", "predicted_class", "decision"):
            pd.testing.assert_series_equal(again[column], pruned.table[column], check_dtype=False)
    text = (tmp_path / "pruned.star").read_text()
    labels = ("_nunatakProbability", "_nunatakPredictedClass", "_nunatakDecision")
    assert all(label in text for label in labels)
