import time
from collections.abc import Callable
from pathlib import Path

import pytest
from workspace_edits import edit, point, put, remove

from nunatak.errors import BadInput
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import NotFound
from nunatak.workspace.history import last_changes
from nunatak.workspace.images import (
    add_images,
    image_of,
    images_of,
    listed,
    set_doubt,
    set_image_facts,
    set_problem,
    set_state,
    state_counts,
    want_image,
    wanted_image,
)
from nunatak.workspace.labels import save_edit
from nunatak.workspace.pick_sets import add_pick_set, change_pick_set


def test_images_come_in_the_order_of_their_names(workspace: Workspace) -> None:
    assert [image.name for image in images_of(workspace)] == [
        "mic_1.mrc",
        "mic_2.mrc",
        "mic_10.mrc",
    ]


def test_an_image_is_added_once(workspace: Workspace, tmp_path: Path) -> None:
    again = [
        ListedMicrograph(tmp_path / name, name, 1.5)
        for name in ("mic_2.mrc", "./mic_2.mrc", "other/mic_2.mrc")
    ]
    added = add_images(workspace, again)
    assert [image_of(workspace, one).path for one in added] == [str(tmp_path / "other/mic_2.mrc")]
    assert len(images_of(workspace)) == 4
    assert image_of(workspace, added[0]).stated_pixel_size_A == 1.5
    assert {one.folder for one in images_of(workspace)} == {str(tmp_path), str(tmp_path / "other")}


@pytest.mark.parametrize(
    "name",
    [
        "Ünïcode 中文.mrc",
        "two\nlines.mrc",
        "'; DROP TABLE image; --.mrc",
        "<b>bold</b>.mrc",
        "%s\0",
    ],
)
def test_hostile_names_are_kept_as_they_are(
    make_project: Callable[..., Workspace], tmp_path: Path, name: str
) -> None:
    workspace = make_project([name])
    assert image_of(workspace, 1).path == str(tmp_path / name)
    with Workspace(workspace.folder) as again:
        assert [one.path for one in images_of(again)] == [str(tmp_path / name)]


def test_a_name_that_is_no_text_is_refused(workspace: Workspace) -> None:
    with pytest.raises(BadInput, match=r"no text. Rename"):
        add_images(workspace, [ListedMicrograph(Path("mic_\udcff.mrc"), "mic")])
    assert len(images_of(workspace)) == 3


def test_facts_of_a_header_end_a_problem(workspace: Workspace) -> None:
    set_problem(workspace, 1, "mic_1.mrc: cut short. Copy it again.")
    assert image_of(workspace, 1).problem == "mic_1.mrc: cut short. Copy it again."
    set_image_facts(workspace, 1, shape=(512, 256), pixel_size_A=None)
    image = image_of(workspace, 1)
    assert (image.shape, image.pixel_size_A, image.problem) == ((512, 256), None, None)
    set_problem(workspace, 1, "gone")
    set_problem(workspace, 1, None)
    assert image_of(workspace, 1).problem is None


def test_states_are_counted(workspace: Workspace) -> None:
    assert set_state(workspace, 2, "skipped", "ada").state == "skipped"
    set_state(workspace, 3, "reviewed", "ada")
    assert image_of(workspace, 2).state == "skipped"
    assert state_counts(workspace) == {"new": 1, "labelled": 0, "reviewed": 1, "skipped": 1}


def test_the_image_looked_at_last_is_wanted(workspace: Workspace) -> None:
    assert wanted_image(workspace) is None
    want_image(workspace, 2)
    want_image(workspace, 3)
    assert wanted_image(workspace) == 3


def test_doubt_is_remembered(workspace: Workspace) -> None:
    assert image_of(workspace, 1).doubt is None
    set_doubt(workspace, 1, 0.25)
    assert image_of(workspace, 1).doubt == 0.25


@pytest.mark.parametrize(
    "change",
    [
        lambda ws: image_of(ws, 99),
        lambda ws: set_state(ws, 99, "reviewed", "ada"),
        lambda ws: set_image_facts(ws, 99, shape=(1, 1), pixel_size_A=1.0),
        lambda ws: set_problem(ws, 99, "gone"),
        lambda ws: set_doubt(ws, 99, 0.5),
        lambda ws: want_image(ws, 99),
    ],
)
def test_an_unknown_image_is_reported(
    workspace: Workspace, change: Callable[[Workspace], object]
) -> None:
    with pytest.raises(NotFound, match="no image 99"):
        change(workspace)


def test_images_are_listed_for_picking_by_their_paths(workspace: Workspace) -> None:
    found = listed(images_of(workspace))
    assert [one.name for one in found] == [image.path for image in images_of(workspace)]
    assert all(str(one.path) == one.name for one in found)


def test_who_finished_an_image_or_chose_a_threshold_is_kept(workspace: Workspace) -> None:
    set_state(workspace, 2, "reviewed", "ada")
    set_state(workspace, 2, "reviewed", "bob")  # changes nothing
    number = add_pick_set(workspace, name="general", threshold=0.5, classes=["particle"])
    change_pick_set(workspace, number, is_complete=True)  # a run
    change_pick_set(workspace, number, threshold=0.25, user="bob")
    with workspace.reading() as connection:
        entries = connection.execute(
            "SELECT about, item, what, made_by FROM journal ORDER BY number"
        ).fetchall()
    assert entries == [
        ("image", 2, "reviewed", "ada"),
        ("pick_set", number, "threshold 0.25", "bob"),
    ]


def test_who_worked_on_an_image_last_is_told(workspace: Workspace) -> None:
    assert last_changes(workspace) == {}
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    save_edit(workspace, 1, edit(1, remove("point-0001")), "paul")
    set_state(workspace, 2, "skipped", "ada")
    set_state(workspace, 2, "new", "bob")
    assert {image: one.by for image, one in last_changes(workspace).items()} == {
        1: "paul",
        2: "bob",
    }
    assert last_changes(workspace, 3) == {}
    time.sleep(0.002)
    set_state(workspace, 1, "reviewed", "ada")
    assert [one.by for one in last_changes(workspace, 1).values()] == ["ada"]
    time.sleep(0.002)
    save_edit(workspace, 1, edit(2, *put(point("2", 10, 10))), "maria")
    last = last_changes(workspace, 1)[1]
    assert last.by == "maria"
    assert last.at > last_changes(workspace, 2)[2].at
