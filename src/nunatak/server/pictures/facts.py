"""What the attempt to show an image tells the project about it."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nunatak.errors import BadInput, Mismatch, ResourceError
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord, set_image_facts, set_problem

_log = logging.getLogger(__name__)


class Facts:
    """Records problems of images, and what their headers say.

    Parameters
    ----------
    workspace
        The project.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._noted: set[int] = set()

    @contextmanager
    def noting_problems(self, record: ImageRecord) -> Iterator[None]:
        """Record an error of the block as the image's problem, and raise it all the same.

        A problem that was recorded here, such as that a file was being written, is over when
        the block succeeds.
        """
        try:
            yield
        except BadInput as error:
            self._noted.add(record.id)
            with _without_failing():
                set_problem(self._workspace, record.id, str(error))
            if isinstance(error, Mismatch):
                # It is no conflict of the request with what others did.
                raise BadInput(str(error)) from error
            raise

    def note_read(
        self, record: ImageRecord, shape: Sequence[int], pixel_size_A: float | None
    ) -> None:
        """Record what the header says, where the project did not know it or thought it bad."""
        if record.shape == tuple(shape) and record.id not in self._noted:
            return
        self._noted.discard(record.id)
        with _without_failing():
            known_A = pixel_size_A if pixel_size_A is not None else record.pixel_size_A
            set_image_facts(self._workspace, record.id, shape=shape, pixel_size_A=known_A)


@contextmanager
def _without_failing() -> Iterator[None]:
    # A picture is shown although another program holds the database.
    try:
        yield
    except ResourceError as error:
        _log.warning("%s", error)


def file_of(record: ImageRecord) -> Path:
    """Return where an image lies."""
    return Path(record.path)
