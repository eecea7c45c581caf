"""What a training is given, on micrographs and in tomograms alike."""

from dataclasses import dataclass

from nunatak.server.runs.progress_file import ProgressFile
from nunatak.server.runs.teaching import Teaching
from nunatak.training.progress import Progress
from nunatak.workspace.images import ImageRecord
from nunatak.workspace.project import Settings


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a training learns from.

    Attributes
    ----------
    settings : Settings
        Of the project.
    images : list of ImageRecord
        That may take part.
    taught : Teaching
        What people said about them.
    start : str
        Path or shipped name of the model to start from.
    steps : int or None
        None for as many as usual.
    """

    settings: Settings
    images: list[ImageRecord]
    taught: Teaching
    start: str
    steps: int | None

    @property
    def labelled(self) -> list[ImageRecord]:
        """Images about which people said something."""
        named = set(self.taught.images)
        return [one for one in self.images if one.path in named]

    @property
    def unlabelled(self) -> list[ImageRecord]:
        """The others, as far as they can be used."""
        named = set(self.taught.images)
        return [one for one in self.images if one.path not in named and not one.problem]


def tell(file: ProgressFile, progress: Progress) -> None:
    """Say how far a training has come."""
    if progress.step <= 1:
        file.begin("training", progress.steps)
    file.advance(progress.step, progress.seconds_left)
