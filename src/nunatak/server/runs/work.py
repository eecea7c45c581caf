"""What every kind of work in a worker process is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.server.runs.pickers import PickPlan
from nunatak.server.runs.progress_file import ProgressFile
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord, images_of, listed
from nunatak.workspace.project import Settings, settings_of
from nunatak.workspace.runs import RunRecord


@dataclass(frozen=True)
class Work:
    """One run, in its own process.

    Attributes
    ----------
    workspace : Workspace
    run : RunRecord
    progress : ProgressFile
    may_go_on : callable
        False once the run ends with the server that began it, and that server is gone.
    """

    workspace: Workspace
    run: RunRecord
    progress: ProgressFile
    may_go_on: Callable[[], bool]

    @property
    def folder(self) -> Path:
        """Of the run's files."""
        return self.workspace.run_folder(self.run.id)

    def settings(self) -> Settings:
        """Return the project's settings as they are now."""
        return settings_of(self.workspace)

    def images(self) -> list[ImageRecord]:
        """Return the images that are to be worked on, in the user's order."""
        return [one for one in images_of(self.workspace) if one.state != "skipped"]


def entries_of(images: list[ImageRecord]) -> dict[str, ListedMicrograph]:
    """Return images by their names, which are their paths."""
    return {one.name: one for one in listed(images)}


def plan_of(model: str, images: list[ImageRecord], settings: Settings) -> PickPlan:
    """Return what is to be picked."""
    return PickPlan(
        model=model,
        entries=entries_of(images),
        diameters_A=diameters_of(settings),
        contrast=settings.contrast,
    )


def diameters_of(settings: Settings) -> dict[str, float]:
    """Return the diameters that are known, Å, by class."""
    return {kind.name: kind.diameter_A for kind in settings.classes if kind.diameter_A is not None}
