"""What may be asked for, and which picks begin by themselves."""

from pathlib import Path

import mrcfile
import numpy as np
import pytest

from nunatak.errors import Mismatch
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.server.bodies.runs import PickAsked, PruneAsked, TrainAsked
from nunatak.server.review.summaries import summaries, summary
from nunatak.server.runs.orders import MODEL
from nunatak.server.runs.requests import asked_run, first_picks
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import PickDecision, Review, save_review
from nunatak.workspace.images import add_images, images_of, set_image_facts, set_state
from nunatak.workspace.labels import save_edit
from nunatak.workspace.marks import Edit, Point, PutPoint
from nunatak.workspace.pick_sets import add_pick_set, change_pick_set
from nunatak.workspace.picks import save_image_picks
from nunatak.workspace.project import (
    ParticleClass,
    change_settings,
    create_project,
    settings_of,
)
from nunatak.workspace.runs import RunRecord, add_run, change_run, run_of


def picked(
    workspace: Workspace,
    *,
    asked: dict[str, object],
    kind: str = "pick",
    provenance: dict[str, object] | None = None,
) -> RunRecord:
    """A run that is done, with a complete set of all images."""
    run = add_run(workspace, kind=kind, name="earlier", asked=asked, user="ada")
    number = add_pick_set(
        workspace,
        name="earlier",
        threshold=0.5,
        classes=["particle"],
        run=run.id,
        provenance=provenance,
    )
    nothing = NewCandidates(x_px=np.array([5.0]), y_px=np.array([5.0]), score=np.array([0.9]))
    for image in images_of(workspace):
        save_image_picks(workspace, number, image.id, nothing)
    change_pick_set(workspace, number, is_complete=True)
    change_run(workspace, run.id, state="done")
    return run_of(workspace, run.id)


def add_image(workspace: Workspace, folder: Path) -> None:
    """A new image comes into the project."""
    path = folder / "new.mrc"
    with mrcfile.new(path, np.zeros((8, 8), np.float32)) as file:
        file.voxel_size = 4.0
    add_images(workspace, [ListedMicrograph(path, str(path))])


def test_nothing_begins_before_a_diameter_is_known(tmp_path: Path) -> None:
    classes = [ParticleClass(name="particle")]
    with create_project(tmp_path / "p", ndim=2, classes=classes, user="ada") as workspace:
        add_image(workspace, tmp_path)
        assert first_picks(workspace) is None
        with pytest.raises(Mismatch, match="diameter of particle is not known"):
            asked_run(workspace, PickAsked(kind="pick"))
        with pytest.raises(Mismatch, match="diameter"):
            asked_run(workspace, TrainAsked(kind="train"))
        known = [ParticleClass(name="particle", diameter_A=100.0)]
        change_settings(workspace, 1, user="ada", classes=known)
        assert first_picks(workspace) is not None


def test_a_project_without_images_is_told_so(tmp_path: Path) -> None:
    classes = [ParticleClass(name="particle", diameter_A=100.0)]
    with create_project(tmp_path / "p", ndim=2, classes=classes, user="ada") as workspace:
        assert first_picks(workspace) is None
        with pytest.raises(Mismatch, match="no images"):
            asked_run(workspace, PickAsked(kind="pick"))


def test_picking_that_somebody_stopped_does_not_begin_again(workspace: Workspace) -> None:
    run = add_run(workspace, kind="pick", name="first", asked={"kind": "pick"}, user="ada")
    change_run(workspace, run.id, state="stopped")
    assert first_picks(workspace) is None


@pytest.mark.parametrize(
    ("kind", "asked", "model"),
    [
        ("pick", {"kind": "pick", "model": "general"}, "general"),
        ("train", {"kind": "train"}, "run-1"),
    ],
)
def test_new_images_are_picked_by_the_same_model(
    workspace: Workspace, tmp_path: Path, kind: str, asked: dict[str, object], model: str
) -> None:
    earlier = picked(workspace, kind=kind, asked=asked)
    assert first_picks(workspace) is None
    add_image(workspace, tmp_path)
    order = first_picks(workspace)
    assert order is not None
    assert (order.asked["model"], order.asked["pick_set"]) == (model, earlier.pick_set)


def correct_diameter(workspace: Workspace, diameter_A: float) -> None:
    """The user finds that the diameter was wrong."""
    known = [ParticleClass(name="particle", diameter_A=diameter_A)]
    change_settings(workspace, settings_of(workspace).version, user="ada", classes=known)


FOR_160 = {"diameter_A": 160.0, "contrast": "auto"}


def test_a_corrected_diameter_has_picks_of_its_own(workspace: Workspace) -> None:
    picked(workspace, asked={"kind": "pick"}, provenance=FOR_160)
    assert first_picks(workspace) is None
    correct_diameter(workspace, 180.0)
    order = first_picks(workspace)
    assert order is not None
    assert (order.asked["model"], order.asked["pick_set"]) == ("general", None)
    correct_diameter(workspace, 160.0)
    change_settings(workspace, settings_of(workspace).version, user="ada", contrast="light")
    assert first_picks(workspace) is not None


def test_picks_that_somebody_worked_on_stay_and_say_what_they_are_for(
    workspace: Workspace, tmp_path: Path
) -> None:
    earlier = picked(workspace, asked={"kind": "pick"}, provenance=FOR_160)
    said = [PickDecision(number=0, decision="reject")]
    save_review(workspace, earlier.pick_set or 0, Review(id="review-1", decisions=said), "ada")
    assert summary(workspace, earlier.pick_set or 0).made_for is None
    correct_diameter(workspace, 180.0)
    # Not with two diameters in one set, either.
    add_image(workspace, tmp_path)
    assert first_picks(workspace) is None
    assert summary(workspace, earlier.pick_set or 0).made_for == "a particle of 160 Å"
    change_settings(workspace, settings_of(workspace).version, user="ada", contrast="light")
    (found,) = summaries(workspace)
    assert found.made_for == "a particle of 160 Å and the contrast “auto”"


def test_picks_of_a_trained_model_are_not_made_anew_by_themselves(workspace: Workspace) -> None:
    picked(workspace, kind="train", asked={"kind": "train"}, provenance=FOR_160)
    correct_diameter(workspace, 180.0)
    assert first_picks(workspace) is None


def test_candidates_that_people_kept_count_as_labels(workspace: Workspace) -> None:
    earlier = picked(workspace, asked={"kind": "pick"})
    with pytest.raises(Mismatch, match="No particle is labelled"):
        asked_run(workspace, TrainAsked(kind="train"))
    said = [PickDecision(number=0, decision="keep")]
    save_review(workspace, earlier.pick_set or 0, Review(id="review-1", decisions=said), "ada")
    assert asked_run(workspace, TrainAsked(kind="train")).name == "Model 1"
    for image in images_of(workspace):
        set_state(workspace, image.id, "skipped", "ada")
    with pytest.raises(Mismatch, match="No particle is labelled"):
        asked_run(workspace, TrainAsked(kind="train"))


def test_labels_on_skipped_images_are_not_enough(workspace: Workspace) -> None:
    image = images_of(workspace)[0].id
    points = [
        PutPoint(
            operation="put_point",
            point=Point(id=f"point-{x:06d}", kind="particle", x=x, y=5, class_name="particle"),
        )
        for x in range(5)
    ]
    set_image_facts(workspace, image, shape=(8, 8), pixel_size_A=4.0)
    save_edit(workspace, image, Edit(id="edit-000001", base_version=0, operations=points), "ada")
    assert asked_run(workspace, TrainAsked(kind="train")).kind == "train"
    set_state(workspace, image, "skipped", "ada")
    with pytest.raises(Mismatch, match="No particle is labelled"):
        asked_run(workspace, TrainAsked(kind="train"))


def test_a_trained_model_picks_under_its_own_name(workspace: Workspace) -> None:
    run = add_run(workspace, kind="train", name="mine", asked={"kind": "train"}, user="ada")
    folder = workspace.run_folder(run.id)
    folder.mkdir(parents=True)
    (folder / MODEL).touch()
    order = asked_run(workspace, PickAsked(kind="pick", model=f"run-{run.id}"))
    assert order.name == "mine"


def test_an_empty_set_is_not_pruned(workspace: Workspace) -> None:
    number = add_pick_set(workspace, name="empty", threshold=0.5, classes=["particle"])
    with pytest.raises(Mismatch, match="empty are empty"):
        asked_run(workspace, PruneAsked(kind="prune", pick_set=number))
