"""What the attempt to show an image tells the project about it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nunatak.errors import BadInput, Mismatch, ResourceError
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord, image_of, set_image_facts, set_problem

_log = logging.getLogger(__name__)


class Facts:
    """Records problems of images, and what their headers say.

    Parameters
    ----------
    workspace
        The project.
    when_usable
        Called when an image that had a problem can be picked.
    """

    def __init__(
        self, workspace: Workspace, when_usable: Callable[[], object] = lambda: None
    ) -> None:
        self._workspace = workspace
        self._when_usable = when_usable
        self._noted: dict[int, str] = {}
        """By image, the problem that was recorded here."""
        self._looked_at: set[int] = set()

    @contextmanager
    def noting_problems(self, record: ImageRecord) -> Iterator[None]:
        """Record an error of the block as the image's problem, and raise it all the same.

        A problem that was recorded here, such as that a file was being written, is over when
        the block succeeds; so is one of the file that an earlier server recorded.
        """
        try:
            yield
        except BadInput as error:
            self._noted[record.id] = str(error)
            with _without_failing():
                set_problem(self._workspace, record.id, str(error))
            if isinstance(error, Mismatch):
                # It is no conflict of the request with what others did.
                raise BadInput(str(error)) from error
            raise
        if record.problem is not None and self._is_over(record, record.problem):
            with _without_failing():
                set_problem(self._workspace, record.id, None)
                self._tell_if_usable(record.id)
        self._noted.pop(record.id, None)
        self._looked_at.add(record.id)

    def note_read(
        self, record: ImageRecord, shape: Sequence[int], pixel_size_A: float | None
    ) -> None:
        """Record what the header says, where the project did not know it."""
        if record.shape == tuple(shape):
            return
        with _without_failing():
            known_A = pixel_size_A if pixel_size_A is not None else record.pixel_size_A
            set_image_facts(self._workspace, record.id, shape=shape, pixel_size_A=known_A)

    def _tell_if_usable(self, image: int) -> None:
        now = image_of(self._workspace, image)
        # Without a pixel size it can be looked at, and not be picked.
        if now.pixel_size_A is not None or now.stated_pixel_size_A is not None:
            self._when_usable()

    def _is_over(self, record: ImageRecord, problem: str) -> bool:
        is_of_the_file = problem.startswith(record.path)
        return problem == self._noted.get(record.id) or (
            is_of_the_file and record.id not in self._looked_at
        )


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
