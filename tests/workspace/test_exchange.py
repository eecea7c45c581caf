from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from workspace_edits import edit, point, put, put_region, remove, saved_edits

from nunatak.errors import BadInput, Mismatch
from nunatak.learning.labels.told_apart import told_apart
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.table import PickSet
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import Review, save_review
from nunatak.workspace.exchange import labels_as_picks, picks_as_table
from nunatak.workspace.images import image_of, set_state
from nunatak.workspace.imports import add_labels
from nunatak.workspace.labels import labels_of, save_edit
from nunatak.workspace.pick_sets import add_pick_set
from nunatak.workspace.picks import save_image_picks, save_judgement
from nunatak.workspace.project import ParticleClass, change_settings, settings_of

SQUARE = [[90.0, 90.0], [210.0, 90.0], [210.0, 210.0], [90.0, 210.0]]


def table(*rows: tuple[object, ...], columns: str = "image x_px y_px") -> PickSet:
    return PickSet(pd.DataFrame(list(rows), columns=columns.split()))


def test_labels_become_a_table_for_training(workspace: Workspace) -> None:
    ice = point("2", 20, 20, kind="not_particle", class_name="ice")
    odd = point("3", 30, 30, kind="not_particle", class_name="a hair")
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10.5), ice, odd)), "maria")
    picks = labels_as_picks(workspace)
    path = image_of(workspace, 1).path
    assert picks.images == (path,)
    assert picks.table[["image", "x_px", "y_px"]].to_numpy().tolist() == [
        [path, 10.0, 10.5],
        [path, 20.0, 20.0],
        [path, 30.0, 30.0],
    ]
    assert picks.table["class_name"].tolist() == ["particle", "junk", "junk"]
    assert picks.table["label"].tolist() == ["particle", "ice", "junk"]
    assert picks.table["pixel_size_A"].tolist() == [2.0] * 3
    np.testing.assert_array_equal(picks.table["diameter_A"], [180.0, np.nan, np.nan])
    is_negative, left_out = told_apart(picks.table)
    assert is_negative.tolist() == [False, True, True]
    assert not left_out.any()
    assert labels_as_picks(workspace, with_negatives=False).table["label"].tolist() == ["particle"]


def test_labels_in_excluded_regions_are_left_out(workspace: Workspace) -> None:
    points = put(point("1", 10, 10), point("2", 100, 100))
    region = put_region("1", SQUARE)
    save_edit(workspace, 1, edit(0, *points, region), "maria")
    save_edit(workspace, 2, edit(0, *points, put_region("1", SQUARE, kind="complete")), "maria")
    assert labels_as_picks(workspace).table["x_px"].tolist() == [10, 10, 100]
    assert len(labels_of(workspace, 1).points) == 2


def test_skipped_images_teach_nothing(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    set_state(workspace, 1, "new", "ada")
    assert len(labels_as_picks(workspace)) == 1
    set_state(workspace, 1, "skipped", "ada")
    set_state(workspace, 2, "reviewed", "ada")
    assert len(labels_as_picks(workspace)) == 0
    assert labels_as_picks(workspace).images == (image_of(workspace, 2).path,)
    assert len(labels_as_picks(workspace, with_skipped=True)) == 1


def test_picks_on_skipped_images_are_left_out(workspace: Workspace) -> None:
    number = add_pick_set(workspace, name="first", threshold=0.5, classes=["particle"])
    found = NewCandidates(x_px=np.array([5.0]), y_px=np.array([5.0]), score=np.array([0.9]))
    for image in (1, 2):
        save_image_picks(workspace, number, image, found)
    set_state(workspace, 1, "skipped", "ada")
    picks = picks_as_table(workspace, number, "all")
    assert picks.images == (image_of(workspace, 2).path,)
    assert len(picks) == 1
    set_state(workspace, 1, "new", "ada")
    assert len(picks_as_table(workspace, number, "kept")) == 2


def test_labels_in_tomograms_have_a_z(tomograms: Workspace) -> None:
    assert labels_as_picks(tomograms).ndim == 3
    points = put(point("1", 100, 100, 5), point("2", 100, 100, 20))
    region = put_region("1", SQUARE, z_low=0, z_high=10)
    save_edit(tomograms, 1, edit(0, *points, region), "maria")
    picks = labels_as_picks(tomograms)
    assert picks.positions_px.tolist() == [[100, 100, 20]]


def test_what_was_labelled_comes_back(workspace: Workspace) -> None:
    ice = point("2", 20, 20, kind="not_particle", class_name="ice")
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10.5), ice)), "maria")
    counts = add_labels(workspace, labels_as_picks(workspace, with_negatives=False), "paul")
    assert (counts.added, counts.already_there, counts.notes) == (0, 1, [])
    assert labels_of(workspace, 1).version == 1


def test_labels_of_a_file_are_added(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    picks = table(
        ("Micrographs/mic_1.mrc", 12.0, 10.0),  # within 9 px, a tenth of the diameter
        ("Micrographs/mic_1.mrc", 50.0, 10.0),
        ("Micrographs/mic_1.mrc", 51.0, 10.0),
        ("Micrographs/mic_1.mrc", 900.0, 10.0),
        ("mic_2", 60.0, 10.0),
        ("elsewhere/other.mrc", 60.0, 10.0),
    )
    counts = add_labels(workspace, picks, "paul")
    assert (counts.added, counts.already_there) == (2, 2)
    assert "1 label on 1 image that this project does not have" in counts.notes[0]
    assert "1 label outside the image" in counts.notes[1]
    assert [(one.x, one.by) for one in labels_of(workspace, 1).points] == [
        (10.0, "maria"),
        (50.0, "paul"),
    ]
    assert image_of(workspace, 2).state == "labelled"
    assert [one.by for one in saved_edits(workspace, 1)] == ["maria", "paul"]
    again = add_labels(workspace, picks, "paul")
    assert (again.added, again.already_there) == (0, 4)


def test_rejected_rows_become_places_that_are_none(workspace: Workspace) -> None:
    picks = table(
        ("mic_1", 10.0, 10.0, "junk", True),
        ("mic_1", 100.0, 10.0, "Particle", True),
        ("mic_1", 200.0, 10.0, "Particle", False),
        columns="image x_px y_px class_name selected",
    )
    assert add_labels(workspace, picks, "paul").added == 3
    points = labels_of(workspace, 1).points
    assert {one.x: (one.kind, one.class_name) for one in points} == {
        10: ("not_particle", "junk"),
        100: ("particle", "particle"),
        200: ("not_particle", "junk"),
    }


def test_what_a_place_is_instead_is_kept(workspace: Workspace, tmp_path: Path) -> None:
    carbon = point("1", 20, 20, kind="not_particle", class_name="carbon")
    save_edit(workspace, 1, edit(0, *put(carbon)), "maria")
    write_picks(labels_as_picks(workspace), tmp_path / "labels.star", "relion-star")
    save_edit(workspace, 1, edit(1, remove("point-0001")), "maria")
    assert add_labels(workspace, read_picks(tmp_path / "labels.star"), "paul").added == 1
    (found,) = labels_of(workspace, 1).points
    assert (found.kind, found.class_name, found.x) == ("not_particle", "carbon", 20)


def test_positions_that_no_image_reaches_are_left_out(workspace: Workspace) -> None:
    with workspace.writing() as connection:
        connection.execute("UPDATE image SET shape = NULL")
    counts = add_labels(workspace, table(("mic_1", 1e9, 1.0), ("mic_1", 1e5, 1.0)), "paul")
    assert counts.added == 1
    assert "1 label outside" in counts.notes[0]


def test_a_blank_class_is_the_only_one(workspace: Workspace) -> None:
    picks = table(("mic_1", 10.0, 10.0, "  "), columns="image x_px y_px class_name")
    assert add_labels(workspace, picks, "paul").added == 1
    assert labels_of(workspace, 1).points[0].class_name == "particle"


def test_candidates_below_a_threshold_say_nothing(workspace: Workspace) -> None:
    picks = table(
        ("mic_1", 10.0, 10.0, 0.9, True),
        ("mic_1", 100.0, 10.0, 0.1, False),
        columns="image x_px y_px score selected",
    )
    counts = add_labels(workspace, picks, "paul")
    assert counts.added == 1
    assert counts.notes == ["Left out: 1 candidate not marked as selected."]


def test_a_new_kind_of_particle_joins_the_project(workspace: Workspace) -> None:
    picks = table(("mic_1", 10.0, 10.0, "ribosome"), columns="image x_px y_px class_name")
    counts = add_labels(workspace, picks, "paul")
    assert counts.added == 1
    assert counts.notes == ["New kinds of particles: ribosome. State their sizes."]
    assert [one.name for one in settings_of(workspace).classes] == ["particle", "ribosome"]
    assert settings_of(workspace).version == 2


def test_rows_without_a_kind_are_of_the_only_one(workspace: Workspace) -> None:
    change_settings(workspace, 1, user="maria", classes=[ParticleClass(name="ferritin")])
    assert add_labels(workspace, table(("mic_1", 10.0, 10.0)), "paul").added == 1
    assert labels_of(workspace, 1).points[0].class_name == "ferritin"
    two = [ParticleClass(name="ferritin"), ParticleClass(name="ribosome")]
    change_settings(workspace, 2, user="maria", classes=two)
    with pytest.raises(BadInput, match="several"):
        add_labels(workspace, table(("mic_1", 10.0, 10.0)), "paul")


def test_labels_of_something_else_are_refused(workspace: Workspace) -> None:
    with pytest.raises(Mismatch, match="None of these labels is on an image"):
        add_labels(workspace, table(("other", 10.0, 10.0)), "paul")
    with pytest.raises(Mismatch, match="positions with z, but the project holds micrographs"):
        add_labels(
            workspace, table(("mic_1", 1.0, 1.0, 1.0), columns="image x_px y_px z_px"), "paul"
        )


def test_an_empty_table_adds_nothing(workspace: Workspace) -> None:
    counts = add_labels(workspace, labels_as_picks(workspace), "paul")
    assert (counts.added, counts.already_there, counts.notes) == (0, 0, [])


def test_more_labels_than_one_request_may_hold_are_added(workspace: Workspace) -> None:
    x, y = np.meshgrid(np.linspace(0, 399, 200), np.linspace(0, 299, 101))
    picks = PickSet(pd.DataFrame({"image": "mic_1", "x_px": x.ravel(), "y_px": y.ravel()}))
    change_settings(
        workspace, 1, user="m", classes=[ParticleClass(name="particle", diameter_A=10.0)]
    )
    assert add_labels(workspace, picks, "paul").added == 20_200
    assert len(labels_of(workspace, 1).points) == 20_200


def test_many_labels_at_one_place_are_one(workspace: Workspace) -> None:
    # Their pairs would be 1 250 million.
    picks = PickSet(pd.DataFrame({"image": "mic_1", "x_px": [9.0] * 50_000, "y_px": 9.0}))
    counts = add_labels(workspace, picks, "paul")
    assert (counts.added, counts.already_there) == (1, 49_999)


@pytest.fixture
def picked(workspace: Workspace) -> Workspace:
    """Pick set 1: four candidates on image 1, the third excluded, the last of a low score."""
    add_pick_set(workspace, name="general", threshold=0.5, classes=["anything"])
    columns = NewCandidates(
        x_px=np.array([10.0, 20.0, 100.0, 30.0]),
        y_px=np.array([10.0, 20.0, 100.0, 30.0]),
        score=np.array([0.9, 0.8, 0.7, 0.4]),
    )
    save_image_picks(workspace, 1, 1, columns)
    save_image_picks(workspace, 1, 2, NewCandidates(*(np.zeros(0) for _ in range(3))))
    save_edit(workspace, 1, edit(0, put_region("1", SQUARE)), "maria")
    return workspace


def decide(
    workspace: Workspace, decisions: dict[int, str], reasons: dict[int, str] | None = None
) -> None:
    said = [
        {"number": number, "decision": word, "reason": (reasons or {}).get(number)}
        for number, word in decisions.items()
    ]
    save_review(workspace, 1, Review.model_validate({"id": "review-1", "decisions": said}), "maria")


def test_selected_picks_pass_the_threshold_and_are_not_excluded(picked: Workspace) -> None:
    picks = picks_as_table(picked, 1)
    assert picks.table["x_px"].tolist() == [10, 20]
    assert picks.table["diameter_A"].tolist() == [180.0] * 2
    assert "class_name" not in picks.table
    assert "decision" not in picks.table
    assert picks.images == (image_of(picked, 1).path, image_of(picked, 2).path)
    everything = picks_as_table(picked, 1, "all").table
    assert everything["selected"].tolist() == [True, True, False, False]


def test_kept_picks_follow_what_people_say(picked: Workspace) -> None:
    decide(picked, {0: "reject", 2: "keep", 3: "keep"})
    assert picks_as_table(picked, 1, "kept").table["x_px"].tolist() == [20, 30]
    assert picks_as_table(picked, 1, "selected").table["x_px"].tolist() == [10, 20]


def test_a_person_goes_before_a_pruning(picked: Workspace) -> None:
    save_judgement(
        picked,
        1,
        1,
        probability=np.array([0.9, 0.1, 0.1, 0.1]),
        judged_class=["particle", "ice", "ice", None],
        decision=["keep", "reject", "reject", "unjudged"],
    )
    assert picks_as_table(picked, 1, "kept").table["x_px"].tolist() == [10]
    decide(picked, {0: "reject", 1: "keep"})
    assert picks_as_table(picked, 1, "kept").table["x_px"].tolist() == [20]
    everything = picks_as_table(picked, 1, "all").table
    assert everything["decision"].tolist() == ["reject", "keep", "reject", "unjudged"]
    assert everything["probability"].tolist() == [0.9, 0.1, 0.1, 0.1]
    assert everything["predicted_class"].tolist()[:3] == ["particle", "ice", "ice"]


def test_what_a_person_says_is_told_from_what_a_pruning_says(picked: Workspace) -> None:
    save_judgement(
        picked,
        1,
        1,
        probability=np.array([0.9, 0.1, 0.1, 0.1]),
        judged_class=["particle", "ice", "ice", "ice"],
        decision=["keep", "reject", "reject", "reject"],
    )
    assert "label" not in picks_as_table(picked, 1, "all").table
    words = {0: "reject", 1: "keep", 3: "reject"}
    decide(picked, words, reasons={0: "Off-centre", 3: "a hair"})
    everything = picks_as_table(picked, 1, "all").table
    assert everything["label"].fillna("").tolist() == ["off_centre", "particle", "", "junk"]
    assert picks_as_table(picked, 1, "kept").table["label"].tolist() == ["particle"]


def test_classes_of_a_set_are_named_where_there_are_several(workspace: Workspace) -> None:
    classes = [ParticleClass(name="a", diameter_A=100.0), ParticleClass(name="b")]
    change_settings(workspace, 1, user="maria", classes=classes)
    add_pick_set(workspace, name="two", threshold=0.5, classes=["a", "b"])
    columns = NewCandidates(
        x_px=np.zeros(2), y_px=np.zeros(2), score=np.ones(2), class_index=np.array([1, 0])
    )
    save_image_picks(workspace, 1, 1, columns)
    found = picks_as_table(workspace, 1).table
    assert found["class_name"].tolist() == ["b", "a"]
    np.testing.assert_array_equal(found["diameter_A"], [np.nan, 100.0])


def test_picks_of_the_one_kind_have_its_name_where_it_has_one(picked: Workspace) -> None:
    ribosome = ParticleClass(name="ribosome", diameter_A=250.0)
    change_settings(picked, 1, user="maria", classes=[ribosome])
    found = picks_as_table(picked, 1).table
    assert found["class_name"].tolist() == ["ribosome"] * 2
    assert found["diameter_A"].tolist() == [250.0] * 2


def test_an_empty_set_becomes_an_empty_table(tomograms: Workspace) -> None:
    add_pick_set(tomograms, name="none", threshold=0.5, classes=["particle"])
    picks = picks_as_table(tomograms, 1)
    assert (len(picks), picks.ndim) == (0, 3)
