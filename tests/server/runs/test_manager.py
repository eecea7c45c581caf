"""Runs are begun one at a time, watched, stopped, and found again; their processes only wait."""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import wait_for

from nunatak.errors import Mismatch, ResourceError
from nunatak.server.bodies.runs import PickAsked, TrainAsked
from nunatak.server.runs import RunManager, process
from nunatak.server.runs import manager as manager_module
from nunatak.server.runs.orders import LESSON
from nunatak.server.runs.progress_file import NAME
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import image_of, images_of, set_problem
from nunatak.workspace.labels import save_edit
from nunatak.workspace.marks import Edit, Point, PutPoint
from nunatak.workspace.pick_sets import add_pick_set, change_pick_set
from nunatak.workspace.picks import save_image_picks
from nunatak.workspace.processes import process_start
from nunatak.workspace.runs import RunKind, add_run, change_run, run_of

MakeManager = Callable[[], RunManager]

WAITS = "import time; print('waiting', flush=True); time.sleep(1000)"
IGNORES = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"


@pytest.fixture(autouse=True)
def _only_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes of runs do nothing for long."""
    _let_runs(monkeypatch, WAITS)


def _let_runs(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    def command(_project: Path, _run: int) -> list[str]:
        return [sys.executable, "-c", program]

    monkeypatch.setattr(process, "worker_command", command)


def label(workspace: Workspace, count: int) -> None:
    """Label particles on the first image."""
    points = [
        Point(id=f"point-{i:06d}", kind="particle", x=20.0 * i, y=9.0, class_name="particle")
        for i in range(count)
    ]
    operations = [PutPoint(operation="put_point", point=point) for point in points]
    edit = Edit(id="edit-000001", base_version=0, operations=operations)
    save_edit(workspace, images_of(workspace)[0].id, edit, "ada")


def under_way(manager: RunManager, run: int) -> Callable[[], bool]:
    """Whether a run's process is there."""
    return lambda: manager.run(run).state == "running" and "waiting" in manager.log(run)


def test_the_general_model_picks_at_once(make_manager: MakeManager) -> None:
    manager = make_manager()
    manager.start()
    (run,) = manager.runs()
    assert (run.kind, run.name) == ("pick", "General model")
    wait_for(under_way(manager, run.id))
    manager.project_changed()  # a second time changes nothing
    assert len(manager.runs()) == 1


def picked_but_one(workspace: Workspace) -> int:
    """A complete set of all images but one, which had a problem, and its number."""
    run = add_run(workspace, kind="pick", name="General model", asked={"kind": "pick"}, user="ada")
    number = add_pick_set(
        workspace, name="General model", threshold=0.5, classes=["particle"], run=run.id
    )
    *others, last = images_of(workspace)
    nothing = NewCandidates(np.zeros(0), np.zeros(0), np.zeros(0))
    for image in others:
        save_image_picks(workspace, number, image.id, nothing)
    set_problem(workspace, last.id, "cut short")
    change_pick_set(workspace, number, is_complete=True)
    change_run(workspace, run.id, state="done")
    return last.id


def test_an_image_that_becomes_usable_is_picked(
    workspace: Workspace, make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager_module, "SETTLING_S", 0.0)
    last = picked_but_one(workspace)
    manager = make_manager()
    manager.start()
    assert len(manager.runs()) == 1
    set_problem(workspace, last, None)
    manager.picks_may_be_due()
    wait_for(lambda: len(manager.runs()) == 2)
    run = manager.runs()[0]
    assert run_of(workspace, run.id).asked["pick_set"] == 1
    # Of what becomes usable meanwhile, this run knows nothing.
    wait_for(under_way(manager, run.id))
    manager.picks_may_be_due()
    wait_for(under_way(manager, run.id))
    assert len(manager.runs()) == 2
    manager.stop(run.id)
    wait_for(lambda: len(manager.runs()) == 3)


def test_a_corrected_diameter_stops_what_is_picked_for_the_old_one(
    workspace: Workspace, make_manager: MakeManager
) -> None:
    image = images_of(workspace)[0].id
    set_problem(workspace, image, "a particle of 2 Å spans 0.5 pixels")
    manager = make_manager()
    manager.start()
    wait_for(under_way(manager, 1))
    add_pick_set(
        workspace,
        name="General model",
        threshold=0.5,
        classes=["particle"],
        run=1,
        provenance={"diameter_A": 2.0, "contrast": "auto"},
    )
    manager.project_changed()
    wait_for(under_way(manager, 2))
    assert manager.run(1).state == "stopped"
    assert run_of(workspace, 2).asked["pick_set"] is None
    assert image_of(workspace, image).problem is None
    # Nothing is different from what the second picks for.
    manager.project_changed()
    assert len(manager.runs()) == 2


def test_a_training_goes_before_picking(workspace: Workspace, make_manager: MakeManager) -> None:
    label(workspace, 5)
    manager = make_manager()
    manager.start()
    wait_for(under_way(manager, 1))
    training = manager.add(TrainAsked(kind="train"))
    wait_for(under_way(manager, training.id))
    assert manager.run(1).state == "waiting"
    assert manager.run(1).message is None
    with pytest.raises(Mismatch, match="training is under way"):
        manager.add(TrainAsked(kind="train"))
    manager.stop(training.id)
    wait_for(lambda: manager.run(1).state == "running")
    assert manager.run(training.id).state == "stopped"


def test_a_run_that_cannot_begin_has_failed(
    workspace: Workspace, make_manager: MakeManager
) -> None:
    workspace.run_folder(1).parent.write_text("a file where the folder belongs")
    manager = make_manager()
    manager.start()
    wait_for(lambda: manager.run(1).state == "failed")
    assert "cannot begin here" in (manager.run(1).message or "")


def test_a_process_on_another_machine_lives_as_long_as_it_says_so(
    workspace: Workspace, make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The clock of this machine is wrong by a day.
    monkeypatch.setattr(time, "time", lambda: time.time_ns() / 1e9 + 86_400)
    label(workspace, 5)
    run = add_run(workspace, kind="train", name="far away", asked={"kind": "train"}, user="ada")
    change_run(workspace, run.id, state="running", pid=1, process_started="another-boot 1")
    sign = workspace.run_folder(run.id) / NAME
    sign.parent.mkdir(parents=True)
    sign.touch()
    manager = make_manager()
    manager.start()
    assert manager.is_busy
    assert manager.run(run.id).state == "running"
    os.utime(sign, (0, 0))
    wait_for(lambda: manager.run(run.id).state == "failed")


def test_a_process_that_the_machine_hides_lives_as_long_as_it_says_so(
    workspace: Workspace, make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    # What the system says of another user's process where /proc is mounted with hidepid.
    monkeypatch.setattr("nunatak.workspace.processes.os.kill", refuse)
    label(workspace, 5)
    run = add_run(workspace, kind="train", name="theirs", asked={"kind": "train"}, user="anna")
    boot = str(process_start(os.getpid())).partition(" ")[0]
    change_run(workspace, run.id, state="running", pid=2**22 + 1, process_started=f"{boot} 1")
    sign = workspace.run_folder(run.id) / NAME
    sign.parent.mkdir(parents=True)
    sign.touch()
    manager = make_manager()
    manager.start()
    assert manager.is_busy
    os.utime(sign, (0, 0))
    wait_for(lambda: manager.run(run.id).state == "failed")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (signal.SIGKILL, "SIGKILL, often for lack of memory"),
        (signal.SIGBUS, "SIGBUS: an image was cut short while it was read"),
        (signal.SIGSEGV, "SIGSEGV"),
    ],
)
def test_a_killed_run_has_failed(
    workspace: Workspace, make_manager: MakeManager, number: signal.Signals, why: str
) -> None:
    manager = make_manager()
    manager.start()
    wait_for(under_way(manager, 1))
    os.kill(run_of(workspace, 1).pid or 0, number)
    wait_for(lambda: manager.run(1).state == "failed")
    assert why in (manager.run(1).message or "")


@pytest.mark.parametrize(
    "trouble", [ResourceError("disk full"), sqlite3.OperationalError("no such table: run")]
)
def test_the_end_of_a_run_is_recorded_as_soon_as_the_disk_takes_it(
    workspace: Workspace,
    make_manager: MakeManager,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
) -> None:
    troubles = [trouble] * 2

    def change(*arguments: Any, **more: Any) -> bool:
        if more.get("state") == "failed" and troubles:
            raise troubles.pop()
        return change_run(*arguments, **more)

    monkeypatch.setattr("nunatak.server.runs.supervisor.change_run", change)
    manager = make_manager()
    manager.start()
    wait_for(under_way(manager, 1))
    os.kill(run_of(workspace, 1).pid or 0, signal.SIGKILL)
    wait_for(lambda: manager.run(1).state == "failed")
    assert not troubles
    assert not manager.is_busy


def test_a_run_that_ignores_requests_is_killed(
    make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    _let_runs(monkeypatch, IGNORES)
    monkeypatch.setattr("nunatak.server.runs.supervisor.PATIENCE_S", 0.2)
    manager = make_manager()
    manager.start()
    wait_for(under_way(manager, 1))
    assert manager.stop(1).state == "stopping"
    wait_for(lambda: manager.run(1).state == "stopped")


def test_a_run_that_waits_is_stopped_at_once(make_manager: MakeManager) -> None:
    manager = make_manager()
    manager.start()
    wait_for(under_way(manager, 1))
    second = manager.add(PickAsked(kind="pick"))
    wait_for(under_way(manager, second.id))  # the newer picks go first
    assert manager.stop(1).state == "stopped"
    assert manager.stop(1).state == "stopped"


def test_picking_goes_on_at_the_next_start(make_manager: MakeManager) -> None:
    first = make_manager()
    first.start()
    wait_for(under_way(first, 1))
    first.close()
    assert first.run(1).state == "waiting"
    second = make_manager()
    second.start()
    wait_for(lambda: second.run(1).state == "running")
    assert len(second.runs()) == 1


def test_a_training_survives_the_server(workspace: Workspace, make_manager: MakeManager) -> None:
    label(workspace, 5)
    first = make_manager()
    first.start()
    training = first.add(TrainAsked(kind="train"))
    wait_for(under_way(first, training.id))
    first.close()
    pid = run_of(workspace, training.id).pid
    assert process_start(pid or 0) is not None
    second = make_manager()
    second.start()
    assert second.is_busy
    assert second.run(training.id).state == "running"
    second.stop(training.id)
    wait_for(lambda: second.run(training.id).state == "stopped")


def test_another_process_of_the_same_number_is_no_run(
    workspace: Workspace, make_manager: MakeManager
) -> None:
    label(workspace, 5)
    run = add_run(workspace, kind="train", name="old", asked={"kind": "train"}, user="ada")
    mine = process_start(os.getpid()) or ""
    earlier = f"{mine.split(' ')[0]} 1"
    change_run(workspace, run.id, state="running", pid=os.getpid(), process_started=earlier)
    manager = make_manager()
    manager.start()
    wait_for(under_way(manager, run.id))
    assert run_of(workspace, run.id).process_started != earlier


@pytest.mark.parametrize("kind", ["pick", "train"])
def test_a_run_whose_process_is_gone_goes_on(
    workspace: Workspace, make_manager: MakeManager, kind: RunKind
) -> None:
    run = add_run(workspace, kind=kind, name="old", asked={"kind": kind}, user="ada")
    change_run(workspace, run.id, state="running", pid=2**22 + 1, process_started="other 1")
    manager = make_manager()
    manager.start()
    wait_for(under_way(manager, run.id))


@pytest.mark.parametrize("was_given", [False, True])
def test_a_stopped_training_goes_on_if_it_had_begun(
    workspace: Workspace, make_manager: MakeManager, was_given: bool
) -> None:
    label(workspace, 5)
    manager = make_manager()
    manager.start()
    training = manager.add(TrainAsked(kind="train"))
    wait_for(under_way(manager, training.id))
    if was_given:
        (workspace.run_folder(training.id) / LESSON).touch()
    manager.stop(training.id)
    wait_for(lambda: manager.run(training.id).state == "stopped")
    stopped = manager.run(training.id)
    assert stopped.can_continue is was_given
    assert ("Press Continue" in (stopped.message or "")) is was_given
    if not was_given:
        with pytest.raises(Mismatch, match="nothing to go on with"):
            manager.go_on(training.id)
        return
    going = manager.go_on(training.id)
    assert (going.state, going.message, going.ended_at) == ("waiting", None, None)
    with pytest.raises(Mismatch, match="training is under way"):
        manager.go_on(training.id)
    wait_for(under_way(manager, training.id))


def test_a_training_that_is_stopped_from_outside_says_so(
    workspace: Workspace, make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    _let_runs(monkeypatch, f"import sys; sys.exit({process.INTERRUPTED})")
    label(workspace, 5)
    manager = make_manager()
    training = manager.add(TrainAsked(kind="train"))
    manager.start()
    wait_for(lambda: manager.run(training.id).state == "stopped")
    assert manager.run(training.id).message == "Stopped from outside nunatak."


@pytest.mark.parametrize(("count", "words"), [(0, "No particle is labelled"), (3, "1 more")])
def test_too_few_labels_are_said_before_training(
    workspace: Workspace, make_manager: MakeManager, count: int, words: str
) -> None:
    if count:
        label(workspace, count)
    with pytest.raises(Mismatch, match=words):
        make_manager().add(TrainAsked(kind="train"))


def test_a_model_that_no_run_left_is_refused(make_manager: MakeManager) -> None:
    with pytest.raises(Mismatch, match="Run 7 left no model"):
        make_manager().add(PickAsked(kind="pick", model="run-7"))
