import pytest
from workspace_edits import edit, point, put, put_region, remove, saved_edits

from nunatak.errors import BadInput
from nunatak.workspace.changes import changes_since, last_number
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import NotFound, StaleEdit
from nunatak.workspace.images import image_of, set_image_facts, set_state
from nunatak.workspace.labels import label_counts, labels_of, save_edit
from nunatak.workspace.project import ParticleClass, change_settings

SQUARE = [[0.0, 0.0], [50.0, 0.0], [50.0, 50.0], [0.0, 50.0]]


def test_labels_are_found_again(workspace: Workspace) -> None:
    junk = point("2", 30.25, 40.0, kind="not_particle", class_name="ice")
    version = save_edit(
        workspace, 1, edit(0, *put(point("1", 10.5, 20), junk), put_region("1", SQUARE)), "maria"
    )
    assert version == 1
    with Workspace(workspace.folder) as again:
        labels = labels_of(again, 1)
    assert (labels.image, labels.version) == (1, 1)
    assert [(one.x, one.y, one.kind, one.class_name) for one in labels.points] == [
        (10.5, 20.0, "particle", "particle"),
        (30.25, 40.0, "not_particle", "ice"),
    ]
    assert labels.regions[0].outline == SQUARE
    assert {one.by for one in (*labels.points, *labels.regions)} == {"maria"}
    assert all(one.at is not None for one in (*labels.points, *labels.regions))
    assert label_counts(workspace) == {1: (1, 1, 1)}


def test_points_are_moved_and_removed(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10), point("2", 20, 20))), "maria")
    save_edit(workspace, 1, edit(1, *put(point("1", 11, 12))), "paul")
    labels = labels_of(workspace, 1)
    assert [(one.id, one.x, one.y, one.by) for one in labels.points] == [
        ("point-0001", 11.0, 12.0, "paul"),
        ("point-0002", 20.0, 20.0, "maria"),
    ]
    save_edit(workspace, 1, edit(2, remove("point-0001", "never-was-there")), "maria")
    assert [one.id for one in labels_of(workspace, 1).points] == ["point-0002"]


def test_regions_are_replaced_and_removed(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, put_region("1", SQUARE)), "maria")
    save_edit(workspace, 1, edit(1, put_region("1", SQUARE[:3], kind="complete")), "maria")
    (region,) = labels_of(workspace, 1).regions
    assert (region.kind, region.outline) == ("complete", SQUARE[:3])
    save_edit(workspace, 1, edit(2, remove("region-0001")), "maria")
    assert labels_of(workspace, 1).regions == []


def test_an_edit_that_is_sent_again_changes_nothing(workspace: Workspace) -> None:
    first = edit(0, *put(point("1", 10, 10)))
    assert save_edit(workspace, 1, first, "maria") == 1
    assert save_edit(workspace, 1, edit(1, remove("point-0001")), "maria") == 2
    # The version of then tells the sender that others came after.
    assert save_edit(workspace, 1, first, "maria") == 1
    assert labels_of(workspace, 1).version == 2
    assert labels_of(workspace, 1).points == []
    assert len(saved_edits(workspace, 1)) == 2


@pytest.mark.parametrize("image", [1, 2])
def test_the_id_of_another_edit_is_refused(workspace: Workspace, image: int) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10)), name="edit-twice"), "maria")
    other = edit(0, *put(point("1", 10, 10 + image % 2)), name="edit-twice")
    with pytest.raises(BadInput, match="another content"):
        save_edit(workspace, image, other, "maria")
    assert labels_of(workspace, 1).version == 1
    assert labels_of(workspace, 2).version == 0


def test_a_stale_edit_shows_what_is_there_and_changes_nothing(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    with pytest.raises(StaleEdit) as caught:
        save_edit(workspace, 1, edit(0, *put(point("2", 20, 20))), "paul")
    assert caught.value.labels == labels_of(workspace, 1)
    assert [one.id for one in labels_of(workspace, 1).points] == ["point-0001"]


def test_an_edit_is_saved_whole_or_not_at_all(workspace: Workspace) -> None:
    with pytest.raises(BadInput):
        save_edit(workspace, 1, edit(0, *put(point("1", 10, 10), point("2", 1e4, 0))), "maria")
    assert labels_of(workspace, 1).points == []
    assert labels_of(workspace, 1).version == 0


@pytest.mark.parametrize(
    ("x", "y", "is_in"),
    [
        (-0.5, -0.5, True),
        (399.5, 299.5, True),
        (399.6, 10, False),
        (10, 299.6, False),
        (-0.6, 10, False),
    ],
)
def test_points_lie_on_their_image(workspace: Workspace, x: float, y: float, is_in: bool) -> None:
    change = edit(0, *put(point("1", x, y)))
    if is_in:
        assert save_edit(workspace, 1, change, "maria") == 1
        return
    with pytest.raises(BadInput, match=r"outside mic_1.mrc of 400 × 300 pixels"):
        save_edit(workspace, 1, change, "maria")


def test_depth_is_checked_too(tomograms: Workspace) -> None:
    save_edit(tomograms, 1, edit(0, *put(point("1", 10, 10, 39.5))), "maria")
    with pytest.raises(BadInput, match="outside"):
        save_edit(tomograms, 1, edit(1, *put(point("2", 10, 10, 39.6))), "maria")


def test_z_belongs_to_tomograms_alone(workspace: Workspace) -> None:
    for wrong in (*put(point("1", 10, 10, 5)), put_region("1", SQUARE, z_low=0, z_high=5)):
        with pytest.raises(BadInput, match="Leave z out"):
            save_edit(workspace, 1, edit(0, wrong), "maria")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (put(point("1", 10, 10))[0], "no z"),
        (put_region("1", SQUARE), "no z"),
        (put_region("1", SQUARE, z_low=3), "no z"),
        (put_region("1", SQUARE, z_low=5, z_high=3), "lower one first"),
    ],
)
def test_tomograms_need_a_z(tomograms: Workspace, wrong: object, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        save_edit(tomograms, 1, edit(0, wrong), "maria")


def test_a_class_must_be_known(workspace: Workspace) -> None:
    change = edit(0, *put(point("1", 10, 10, class_name="ribosome")))
    with pytest.raises(BadInput, match="kind ribosome"):
        save_edit(workspace, 1, change, "maria")
    classes = [ParticleClass(name="particle"), ParticleClass(name="ribosome")]
    change_settings(workspace, 1, user="maria", classes=classes)
    assert save_edit(workspace, 1, change, "maria") == 1


def test_an_image_is_labelled_while_it_has_labels(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    assert image_of(workspace, 1).state == "labelled"
    save_edit(workspace, 1, edit(1, remove("point-0001")), "maria")
    assert image_of(workspace, 1).state == "new"


def test_what_a_person_says_of_an_image_stays(workspace: Workspace) -> None:
    set_state(workspace, 1, "reviewed", "ada")
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    save_edit(workspace, 1, edit(1, remove("point-0001")), "maria")
    assert image_of(workspace, 1).state == "reviewed"


def test_an_unread_image_takes_labels(workspace: Workspace) -> None:
    with workspace.writing() as connection:
        connection.execute("UPDATE image SET shape = NULL WHERE id = 1")
    save_edit(workspace, 1, edit(0, *put(point("1", 5000, 10))), "maria")
    with pytest.raises(BadInput, match="outside"):
        save_edit(workspace, 1, edit(1, *put(point("2", -3, 10))), "maria")


def test_labels_of_a_changed_image_stay(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 390, 10))), "maria")
    set_image_facts(workspace, 1, shape=(100, 100), pixel_size_A=2.0)
    assert len(labels_of(workspace, 1).points) == 1


def test_the_history_says_who_did_what(workspace: Workspace) -> None:
    forged = point("1", 10, 10, by="somebody else", at="yesterday")
    save_edit(workspace, 1, edit(0, *put(forged), name="first-edit"), "maria")
    save_edit(workspace, 1, edit(1, remove("point-0001")), "paul")
    first, second = saved_edits(workspace, 1)
    assert (first.id, first.version, first.by, second.by) == ("first-edit", 1, "maria", "paul")
    assert first.operations == put(point("1", 10, 10))
    assert second.operations == [remove("point-0001")]
    assert first.at <= second.at
    assert labels_of(workspace, 1).points == []


def test_changes_are_told_in_order(workspace: Workspace) -> None:
    before = last_number(workspace)
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    change_settings(workspace, 1, user="maria", contrast="dark")
    told = changes_since(workspace, before)
    assert [(one.about, one.id, one.version) for one in told] == [
        ("labels", 1, 1),
        ("queue", 1, None),
        ("project", None, 2),
    ]
    assert [one.number for one in told] == [before + 1, before + 2, before + 3]
    assert last_number(workspace) == before + 3
    assert changes_since(workspace, before, limit=1) == told[:1]


def test_a_refused_edit_tells_of_no_change(workspace: Workspace) -> None:
    before = last_number(workspace)
    with pytest.raises(BadInput):
        save_edit(workspace, 1, edit(0, *put(point("1", -5, 10))), "maria")
    assert last_number(workspace) == before


def test_old_changes_are_forgotten(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nunatak.workspace.changes.KEPT", 3)
    for number in range(6):
        save_edit(workspace, 1, edit(number, *put(point("1", 10, 10))), "maria")
    told = changes_since(workspace, 0)
    assert [one.number for one in told] == [last_number(workspace) - 2 + at for at in range(3)]


def test_an_unknown_image_is_reported(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        labels_of(workspace, 99)
    with pytest.raises(NotFound):
        save_edit(workspace, 99, edit(0, *put(point("1", 10, 10))), "maria")


@pytest.mark.parametrize("text", ["Ünï ⚛", "'; DROP TABLE point; --", "a\nb", "<script>"])
def test_hostile_text_is_kept_as_it_is(workspace: Workspace, text: str) -> None:
    odd = point("1", 10, 10, kind="not_particle", class_name=text)
    save_edit(workspace, 1, edit(0, *put(odd)), text)
    (found,) = labels_of(workspace, 1).points
    assert (found.class_name, found.by) == (text, text)
