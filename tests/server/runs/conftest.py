"""Projects whose runs are real processes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kept_events import Events
from waiting import wait_for

from nunatak.server.runs import RunManager
from nunatak.workspace.connection import Workspace


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make small work quick: threads that wait for each other take longer."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def workspace(project: Path) -> Iterator[Workspace]:
    """A project of three small micrographs, whose particle's diameter is known."""
    with Workspace(project) as opened:
        yield opened


@pytest.fixture
def events() -> Events:
    """What the page would be told."""
    return Events()


@pytest.fixture
def make_manager(workspace: Workspace, events: Events) -> Iterator[Callable[[], RunManager]]:
    """Make managers that are closed at the end, with all that they began."""
    made: list[RunManager] = []

    def make() -> RunManager:
        made.append(RunManager(workspace, events, user="ada"))
        return made[-1]

    yield make
    for manager in made:
        for run in manager.runs():
            manager.stop(run.id)
        wait_for(lambda manager=manager: not manager.is_busy)
        manager.close()
