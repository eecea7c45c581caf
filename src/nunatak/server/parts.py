"""The parts of a project's server, opened and closed together.

Nothing of HTTP is loaded here: the first picks wait for a process that the parts start, and which
loads for seconds, so that it is started before the server itself is loaded.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from nunatak.server.events import DatabaseWatcher, EventHub
from nunatak.server.pick_counter import PickCounter
from nunatak.server.pictures import Pictures
from nunatak.server.review.loading import LoadedSets
from nunatak.server.runs import RunManager
from nunatak.workspace.connection import Workspace


@dataclass(frozen=True, kw_only=True)
class Services:
    """What a server is made of.

    Attributes
    ----------
    workspace : Workspace
        The project.
    pick_counter : PickCounter
        How many picks its images show.
    sets : LoadedSets
        Sets of picks, read once.
    pictures : Pictures
        Tiles, slices and thumbnails of its images.
    runs : RunManager
        Starts and watches its picking, training and pruning.
    events : EventHub
        Tells the page what changes.
    user : str
        To whom edits are ascribed.
    """

    workspace: Workspace
    pick_counter: PickCounter
    sets: LoadedSets
    pictures: Pictures
    runs: RunManager
    events: EventHub
    user: str


@contextmanager
def opened_services(folder: Path, user: str) -> Iterator[Services]:
    """Open a project with all parts of its server, and close them again; no run is started.

    Parameters
    ----------
    folder
        Of the project.
    user
        To whom edits are ascribed.
    """
    with ExitStack() as stack:
        workspace = stack.enter_context(Workspace(folder))
        events = stack.enter_context(closing(EventHub()))
        runs = RunManager(workspace, events, user=user)
        pictures = stack.enter_context(
            closing(Pictures(workspace, when_usable=runs.picks_may_be_due))
        )
        stack.enter_context(closing(runs))  # before the pictures
        watcher = stack.enter_context(closing(DatabaseWatcher(workspace, events)))
        watcher.start()
        yield Services(
            workspace=workspace,
            pick_counter=PickCounter(workspace),
            sets=LoadedSets(workspace),
            pictures=pictures,
            runs=runs,
            events=events,
            user=user,
        )
