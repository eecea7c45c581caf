"""What runs do: pick, train and prune small micrographs."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from kept_events import Events
from waiting import wait_for

from nunatak.detection.contrast import Side
from nunatak.detection.model import load_model
from nunatak.errors import BadInput
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.pruning.tuning import Seeing
from nunatak.server.bodies.runs import PruneAsked, TrainAsked
from nunatak.server.prepare import prepare
from nunatak.server.review.loading import LoadedSets
from nunatak.server.runs import RunManager, pickers, picking, training, worker
from nunatak.server.runs.orders import PickOrder
from nunatak.server.runs.pickers import Picker, PickPlan
from nunatak.server.runs.progress_file import ProgressFile
from nunatak.server.runs.requests import NewRun, asked_run, first_picks
from nunatak.server.runs.run_body import run_body
from nunatak.server.runs.training import LABELS
from nunatak.training.progress import Progress
from nunatak.workspace.columns import JUDGED
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import PickDecision, Review, save_review
from nunatak.workspace.images import add_images, images_of, want_image
from nunatak.workspace.labels import labels_of, save_edit
from nunatak.workspace.marks import Edit, Point, PutPoint, PutRegion, Region
from nunatak.workspace.pick_sets import pick_sets_of
from nunatak.workspace.picks import all_picks, picked_images
from nunatak.workspace.project import ParticleClass, change_settings, settings_of
from nunatak.workspace.runs import (
    RunRecord,
    add_run,
    change_run,
    reopen_run,
    run_of,
    runs_of,
)

SIDE, STEP, DISK_PX = 320, 64, 20
PLACES = [(x, y) for y in range(32, SIDE, STEP) for x in range(32, SIDE, STEP)]


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three small micrographs with a dark disk at every place."""
    folder = tmp_path_factory.mktemp("disks")
    rng = np.random.default_rng(6)
    rows, columns = np.indices((SIDE, SIDE))
    disks = sum(np.hypot(rows - y, columns - x) < DISK_PX for x, y in PLACES)
    for number in range(3):
        pixels = rng.normal(10.0, 1.0, (SIDE, SIDE)) - 1.0 * disks
        with mrcfile.new(folder / f"mic_{number}.mrc", pixels.astype(np.float32)) as file:
            file.voxel_size = 4.0
    return folder


@pytest.fixture
def project(tmp_path: Path, disks: Path) -> Path:
    """The folder of a project of these micrographs."""
    folder = tmp_path / "project"
    prepare(folder, [str(disks)], user="ada", diameters_A={None: 160.0})
    return folder


def carry_out(workspace: Workspace, order: NewRun) -> RunRecord:
    """Do in this process what a run's own process does."""
    run = add_run(workspace, kind=order.kind, name=order.name, asked=order.asked, user="ada")
    return go_on(workspace, run.id)


def go_on(workspace: Workspace, run: int) -> RunRecord:
    """Do in this process what the process of a run that waits does."""
    change_run(workspace, run, state="running")
    worker.main([str(workspace.folder), str(run), str(os.getppid())])
    return run_of(workspace, run)


def label(workspace: Workspace, image: int, count: int, kind: str = "particle") -> None:
    """Label the first places of an image."""
    version = labels_of(workspace, image).version
    operations = [
        PutPoint(
            operation="put_point",
            point=Point(id=f"point-{kind}-{i:04d}", kind=kind, x=x, y=y, class_name="particle"),
        )
        for i, (x, y) in enumerate(PLACES[:count])
    ]
    edit = Edit(id=f"edit-{image:04d}-{version:04d}", base_version=version, operations=operations)
    save_edit(workspace, image, edit, "ada")


def first_picks_of(workspace: Workspace) -> RunRecord:
    """Pick with the general model."""
    order = first_picks(workspace)
    assert order is not None
    return carry_out(workspace, order)


def set_diameter(workspace: Workspace, diameter_A: float) -> None:
    """Say in the page how large the particle is."""
    known = [ParticleClass(name="particle", diameter_A=diameter_A)]
    change_settings(workspace, settings_of(workspace).version, user="ada", classes=known)


def test_a_process_picks_first_what_is_looked_at(
    workspace: Workspace, make_manager: Callable[[], RunManager], events: Events, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mrc"
    broken.write_bytes(b"no micrograph")
    add_images(workspace, [ListedMicrograph(broken, str(broken))])
    good = [one.id for one in images_of(workspace) if one.path != str(broken)]
    want_image(workspace, good[-1])
    manager = make_manager()
    manager.start()
    wait_for(lambda: manager.run(1).ended_at)
    run = manager.run(1)
    assert run.state == "done", manager.log(1)
    assert "3 images picked; 1 image could not be used. The first: " in (run.message or "")
    (made,) = pick_sets_of(workspace)
    assert next(iter(all_picks(workspace, made.id))) == good[-1]
    assert picked_images(workspace, made.id) == set(good)
    assert (made.is_complete, run.pick_set) == (True, made.id)
    facts = {one.id: one for one in images_of(workspace)}
    assert [one.path for one in facts.values() if one.problem] == [str(broken)]
    assert (facts[good[0]].pixel_size_A, facts[good[0]].doubt is None) == (4.0, False)
    # The run's process records its own end; the manager tells of it when it looks next.
    wait_for(lambda: events.told)
    assert {event.about for event in events.told} == {"run"}


def test_ten_clicks_make_a_model_and_its_picks(workspace: Workspace) -> None:
    first_picks_of(workspace)
    images = [one.id for one in images_of(workspace)]
    for image in images[:2]:
        label(workspace, image, 5)
    before = [labels_of(workspace, image) for image in images]
    want_image(workspace, images[1])
    asked = TrainAsked(kind="train", steps=2, name="mine")
    taught = carry_out(workspace, asked_run(workspace, asked))
    assert taught.state == "done", taught.message
    assert (taught.labels, taught.negatives) == (10, 0)
    body = run_body(taught, workspace.run_folder(taught.id))
    assert [point.step for point in body.curve] == [1, 2]
    assert len((workspace.run_folder(taught.id) / LABELS).read_text().splitlines()) == 11
    made = pick_sets_of(workspace)[0]
    assert (made.name, made.id, made.run) == ("mine", taught.pick_set, taught.id)
    # What the user looks at is picked by the training; another run goes on from there.
    assert picked_images(workspace, made.id) == {images[1]}
    following = runs_of(workspace)[0]
    assert (following.kind, following.state) == ("pick", "waiting")
    go_on(workspace, following.id)
    assert picked_images(workspace, made.id) == set(images)
    assert [labels_of(workspace, image) for image in images] == before


def test_pruning_learns_from_decisions_and_leaves_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = first_picks_of(workspace).pick_set or 0
    _, columns = LoadedSets(workspace).get(number)
    said = [
        PickDecision(number=int(one), decision="keep" if score > 0.5 else "reject", reason=reason)
        for one, score, reason in zip(
            columns.number[:24], columns.score[:24], ["ice", "a word"] * 12, strict=True
        )
    ]
    save_review(workspace, number, Review(id="review-1", decisions=said), "ada")
    asked = PruneAsked(kind="prune", pick_set=number, keep_fdr=0.1)
    pruning = carry_out(workspace, asked_run(workspace, asked))
    assert pruning.state == "done", pruning.message
    assert "Learned from 24 candidates that you judged." in (pruning.message or "")
    assert "% are junk (95 % interval" in (pruning.message or "")
    record, pruned = LoadedSets(workspace).get(number)
    assert record.is_pruned
    assert np.isfinite(pruned.probability[pruned.score >= record.threshold]).all()
    assert (pruned.decided != 0).sum() == len(said)
    review, left_out = JUDGED.index("review"), JUDGED.index("left out")
    assert review not in pruned.pruned, "a share of junk was asked for"

    # What was seen is kept, and nothing is looked at again; not even one label is lost.
    monkeypatch.setattr(Seeing, "gather", None)
    nothing = [PickDecision(number=one.number, decision=None) for one in said[1:]]
    save_review(workspace, number, Review(id="review-2", decisions=nothing), "ada")
    asked = PruneAsked(kind="prune", pick_set=number)
    again = carry_out(workspace, asked_run(workspace, asked))
    assert again.state == "done", again.message
    assert "Learned from 1 candidate that you judged, which is little" in (again.message or "")
    _, pruned = LoadedSets(workspace).get(number)
    assert left_out not in pruned.pruned


def test_a_training_without_enough_labels_says_what_to_click(workspace: Workspace) -> None:
    label(workspace, images_of(workspace)[0].id, 3)
    order = NewRun("train", "early", TrainAsked(kind="train").model_dump(mode="json"))
    early = carry_out(workspace, order)
    assert (early.state, early.pick_set) == ("failed", None)
    assert "Click at least 1 more" in (early.message or "")


def test_picking_that_is_stopped_keeps_what_it_has(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = picking.keep_outcome

    def stop_after_the_first(*arguments: object) -> None:
        whole(*arguments)
        change_run(workspace, 1, state="stopping")
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(picking, "keep_outcome", stop_after_the_first)
    run = first_picks_of(workspace)
    assert (run.state, run.message) == ("stopped", "Stopped by a user. What was picked is kept.")
    (made,) = pick_sets_of(workspace)
    assert (made.images, made.is_complete) == (1, False)


def test_picking_that_is_put_back_goes_on_where_it_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        whole = picking.keep_outcome

        def end_after_the_first(*arguments: object) -> None:
            whole(*arguments)
            os.kill(os.getpid(), signal.SIGTERM)

        patched.setattr(picking, "keep_outcome", end_after_the_first)
        assert first_picks_of(workspace).state == "waiting"
    go_on(workspace, 1)
    (made,) = pick_sets_of(workspace)
    assert (made.images, made.is_complete) == (3, True)


def test_a_set_is_of_one_diameter_whatever_the_settings_say_later(workspace: Workspace) -> None:
    first_picks_of(workspace)
    (made,) = pick_sets_of(workspace)
    assert (made.provenance["diameter_A"], made.provenance["contrast"]) == (160.0, "auto")
    first = images_of(workspace)[0].id
    before = all_picks(workspace, made.id)[first]
    # As if it had come later.
    with workspace.writing() as connection:
        connection.execute("DELETE FROM candidates WHERE image = ?", (first,))
    set_diameter(workspace, 80.0)
    order = PickOrder(kind="pick", pick_set=made.id)
    carry_out(workspace, NewRun("pick", "more", order.model_dump(mode="json")))
    after = all_picks(workspace, made.id)[first]
    assert after.score.tolist() == before.score.tolist()
    # What is begun from now on is for the settings of now.
    first_picks_of(workspace)
    assert pick_sets_of(workspace)[0].provenance["diameter_A"] == 80.0


def test_a_diameter_that_is_corrected_at_the_last_moment_is_the_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[float | None] = []

    def open_picker(plan: PickPlan, ndim: int, *, contrast: Side | None) -> Picker:
        if not opened:
            set_diameter(workspace, 200.0)
        picker = pickers.open_picker(plan, ndim, contrast=contrast)
        opened.append(picker.facts.diameter_A)
        return picker

    monkeypatch.setattr(picking, "open_picker", open_picker)
    first_picks_of(workspace)
    assert opened == [160.0, 200.0]
    (made,) = pick_sets_of(workspace)
    assert made.provenance["diameter_A"] == 200.0


def test_a_diameter_that_no_image_can_show_is_corrected(workspace: Workspace) -> None:
    set_diameter(workspace, 2.0)
    first_picks_of(workspace)
    assert all("spans 0.5 pixels" in (one.problem or "") for one in images_of(workspace))
    set_diameter(workspace, 160.0)
    first_picks_of(workspace)
    assert not any(one.problem for one in images_of(workspace))
    newest = pick_sets_of(workspace)[0]
    assert picked_images(workspace, newest.id) == {one.id for one in images_of(workspace)}


def test_an_error_of_nunatak_itself_is_said_as_such(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise ValueError("upside down")

    monkeypatch.setattr(picking, "keep_outcome", fail)
    run = first_picks_of(workspace)
    assert run.state == "failed"
    assert "An error in nunatak itself (ValueError: upside down)" in (run.message or "")


def test_a_training_that_is_stopped_goes_on_with_what_it_was_given(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [one.id for one in images_of(workspace)]
    for image in images[:2]:
        label(workspace, image, 5)

    def stop(file: ProgressFile, progress: Progress) -> None:
        if progress.step == 2:
            change_run(workspace, 1, state="stopping")
            os.kill(os.getpid(), signal.SIGTERM)

    asked = TrainAsked(kind="train", steps=4)
    with monkeypatch.context() as patched:
        patched.setattr(training, "tell", stop)
        stopped = carry_out(workspace, asked_run(workspace, asked))
    assert (stopped.state, stopped.message) == (
        "stopped",
        "Stopped by a user. Press Continue to go on from where it was.",
    )
    assert run_body(stopped, workspace.run_folder(1)).can_continue
    label(workspace, images[2], 5)  # too late for this training
    assert reopen_run(workspace, 1)
    assert run_of(workspace, 1).started_at is None, "the time between is no time of work"
    steps: list[int] = []
    monkeypatch.setattr(training, "tell", lambda _file, progress: steps.append(progress.step))
    finished = go_on(workspace, 1)
    assert finished.state == "done", finished.message
    assert steps == [3, 4]
    assert finished.labels == 10
    assert not run_body(finished, workspace.run_folder(1)).can_continue


def test_a_run_that_another_process_has_is_left_alone(workspace: Workspace) -> None:
    order = first_picks(workspace)
    assert order is not None
    run = add_run(workspace, kind=order.kind, name=order.name, asked=order.asked, user="ada")
    change_run(workspace, run.id, state="running", pid=1, process_started="elsewhere 1")
    assert worker.main([str(workspace.folder), str(run.id), str(os.getppid())]) == 0
    assert run_of(workspace, run.id).state == "running"
    assert not pick_sets_of(workspace)


def test_a_run_whose_server_is_gone_is_left_to_the_next(workspace: Workspace) -> None:
    order = first_picks(workspace)
    assert order is not None
    run = add_run(workspace, kind=order.kind, name=order.name, asked=order.asked, user="ada")
    change_run(workspace, run.id, state="running")
    assert worker.main([str(workspace.folder), str(run.id), str(os.getppid() + 1)]) == 0
    assert run_of(workspace, run.id).pid is None


def test_regions_of_the_page_reach_the_training(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = images_of(workspace)[0]
    label(workspace, image.id, 6)
    outline = [[0, 0], [90, 0], [90, 90], [0, 90]]
    region = Region(id="region-1", kind="exclude", outline=outline)
    edit = Edit(
        id="edit-regions",
        base_version=labels_of(workspace, image.id).version,
        operations=[PutRegion(operation="put_region", region=region)],
    )
    save_edit(workspace, image.id, edit, "ada")
    given: dict[str, Any] = {}

    def remember(*_arguments: object, **options: Any) -> None:
        given.update(options)
        raise BadInput("enough")

    monkeypatch.setattr(training, "train_on_micrographs", remember)
    failed = carry_out(workspace, asked_run(workspace, TrainAsked(kind="train")))
    assert (failed.state, failed.message) == ("failed", "enough")
    # With the same settings and labels it would fail again.
    assert not run_body(failed, workspace.run_folder(failed.id)).can_continue
    (regions,) = given["regions"].values()
    assert regions.excluded[0].tolist() == outline
    assert given["shown_from"] == load_model("general-2d").header.default_threshold
