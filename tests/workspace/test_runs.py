import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from nunatak.workspace.changes import changes_since, last_number
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import NotFound
from nunatak.workspace.pick_sets import add_pick_set, pick_set_of
from nunatak.workspace.processes import is_alive, process_start
from nunatak.workspace.runs import (
    RunRecord,
    RunState,
    add_run,
    change_run,
    reopen_run,
    run_of,
    runs_of,
    take_run,
)


def asked(workspace: Workspace, name: str = "training 1") -> RunRecord:
    return add_run(
        workspace, kind="train", name=name, asked={"kind": "train", "steps": 100}, user="maria"
    )


def test_a_run_waits_runs_and_ends(workspace: Workspace) -> None:
    run = asked(workspace)
    assert (run.id, run.state, run.asked["steps"], run.asked_by) == (1, "waiting", 100, "maria")
    assert run.started_at is run.ended_at is run.pid is None
    assert not run.has_process
    started = process_start(os.getpid())
    assert change_run(
        workspace, 1, state="running", pid=os.getpid(), process_started=started, labels=12
    )
    run = run_of(workspace, 1)
    assert run.has_process
    assert run.started_at is not None
    assert run.ended_at is None
    assert change_run(workspace, 1, state="done", message="A better model.")
    run = run_of(Workspace(workspace.folder), 1)
    assert (run.state, run.message, run.labels, run.has_ended) == (
        "done",
        "A better model.",
        12,
        True,
    )
    assert run.ended_at is not None


def test_an_ended_run_stays_as_it_is(workspace: Workspace) -> None:
    asked(workspace)
    assert change_run(workspace, 1, state="stopped")
    assert not change_run(workspace, 1, state="failed", message="gone")
    assert (run_of(workspace, 1).state, run_of(workspace, 1).message) == ("stopped", None)


def test_one_of_many_takes_a_run_that_waits(workspace: Workspace) -> None:
    asked(workspace)

    def take(_: int) -> bool:
        return change_run(workspace, 1, only_if={"waiting"}, state="running")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_one_process_takes_a_run_that_began(workspace: Workspace) -> None:
    asked(workspace)
    assert not take_run(workspace, 1, pid=7, process_started="a")
    change_run(workspace, 1, state="running")
    assert take_run(workspace, 1, pid=7, process_started="a")
    assert take_run(workspace, 1, pid=7, process_started="a")
    assert not take_run(workspace, 1, pid=8, process_started="b")
    assert not take_run(workspace, 1, pid=7, process_started="another of that number")
    assert (run_of(workspace, 1).pid, run_of(workspace, 1).process_started) == (7, "a")
    # Put back and begun again, it is for the process that is begun then.
    change_run(workspace, 1, state="waiting")
    change_run(workspace, 1, only_if={"waiting"}, state="running")
    assert run_of(workspace, 1).pid is None
    assert take_run(workspace, 1, pid=8, process_started="b")


@pytest.mark.parametrize("state", ["stopping", "stopped", "failed", "done"])
def test_no_process_takes_a_run_that_was_taken_back(workspace: Workspace, state: RunState) -> None:
    asked(workspace)
    change_run(workspace, 1, state="running")
    change_run(workspace, 1, state=state)
    assert not take_run(workspace, 1, pid=7, process_started="a")
    assert run_of(workspace, 1).pid is None


def test_runs_come_with_the_newest_first_and_are_told_of(workspace: Workspace) -> None:
    before = last_number(workspace)
    asked(workspace, "one")
    asked(workspace, "two")
    change_run(workspace, 1, state="running")
    assert [run.name for run in runs_of(workspace)] == ["two", "one"]
    assert [(one.about, one.id) for one in changes_since(workspace, before)] == [
        ("run", 1),
        ("run", 2),
        ("run", 1),
    ]


def test_a_set_and_its_run_know_each_other(workspace: Workspace) -> None:
    asked(workspace)
    number = add_pick_set(workspace, name="new", threshold=0.5, classes=["particle"], run=1)
    assert run_of(workspace, 1).pick_set == number
    assert pick_set_of(workspace, number).run == 1


def test_an_unknown_run_is_reported(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="no run 7"):
        run_of(workspace, 7)
    with pytest.raises(NotFound, match="no run 7"):
        change_run(workspace, 7, state="done")


@pytest.mark.parametrize("state", ["failed", "stopped", "done"])
def test_what_failed_or_was_stopped_may_wait_again(workspace: Workspace, state: RunState) -> None:
    run = add_run(workspace, kind="train", name="mine", asked={"kind": "train"}, user="ada").id
    change_run(workspace, run, state=state, message="why")
    assert reopen_run(workspace, run) is (state != "done")
    found = run_of(workspace, run)
    if state == "done":
        assert (found.state, found.message) == ("done", "why")
    else:
        assert (found.state, found.message, found.ended_at) == ("waiting", None, None)
    assert not reopen_run(workspace, run)


def test_a_process_is_told_from_a_later_one_of_its_number() -> None:
    started = process_start(os.getpid())
    assert started is not None
    assert is_alive(os.getpid(), started)
    assert not is_alive(os.getpid(), f"{started}0")


def test_a_process_that_has_ended_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = process_start(child.pid)
    assert started is not None
    assert is_alive(child.pid, started)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process_start(child.pid) is None  # nobody has collected it yet
    child.communicate()
    assert process_start(child.pid) is None


def test_without_proc_the_system_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nunatak.workspace.processes._SELF", "/nonexistent/self/stat")
    started = process_start(os.getpid())
    if started is None:
        pytest.skip("there is no ps on this machine")
    assert is_alive(os.getpid(), started)
    assert process_start(2**22 + 1) is None
