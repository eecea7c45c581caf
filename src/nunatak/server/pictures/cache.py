"""The folder of pictures that were made already, which may be deleted at any time."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from nunatak.errors import ResourceError
from nunatak.files import written_whole

MOST_BYTES = 4 << 30
"""How much the pictures of a project may take on disk."""

_LEAVE_SHARE = 0.9
"""Of the bound: how much is left, so that not every new picture removes an old one."""

_UNUSED_S = 60.0
"""A file counts as used again after so long; noting each use would be a write each."""

_TEMPORARY = ".writing-"
_FORGOTTEN_S = 3600.0

_log = logging.getLogger(__name__)


class PictureCache:
    """Files that are removed, those not used for longest first, when there are too many.

    Parameters
    ----------
    folder
        Made when the first file is written.
    most_bytes
        The bound of all files together.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._lock = Lock()

    def path(self, version: str, kind: str) -> Path:
        """Return where a picture is, or would be.

        Parameters
        ----------
        version
            Of the image that it shows (see `nunatak.server.pictures.versions`).
        kind
            Such as ``pyramid``.
        """
        return self.folder / f"{version}.{kind}"

    def note_use(self, path: Path) -> None:
        """Remember that a file is in use."""
        # A cache that is on a disk that cannot be written is of use all the same.
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _UNUSED_S:
                os.utime(path)

    @contextmanager
    def writing(self, path: Path) -> Iterator[Path]:
        """Yield a temporary path that becomes ``path`` if the block succeeds; then make room.

        Raises
        ------
        ResourceError
            If the folder cannot be written.
        """
        with written_whole(path) as temporary:
            yield temporary
        self.make_room()

    def make_room(self) -> None:
        """Remove files until they are within the bound, and what broken-off writers left."""
        with self._lock:
            files = sorted(self._files())
            total = sum(size for _, size, _ in files)
            if total <= self.most_bytes:
                return
            for _, size, path in files:
                if total <= _LEAVE_SHARE * self.most_bytes:
                    return
                with suppress(OSError):
                    path.unlink()
                    total -= size

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    # Another server on this project may remove files, too.
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        path = Path(entry.path)
                        if not entry.name.startswith(_TEMPORARY):
                            yield status.st_mtime, status.st_size, path
                        elif time.time() - status.st_mtime > _FORGOTTEN_S:
                            path.unlink()
        except OSError as error:
            raise ResourceError(f"{self.folder}: cannot be read ({error.strerror}).") from error
