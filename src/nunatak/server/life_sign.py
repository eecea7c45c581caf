"""The file by which a server on another machine is known to run, and which knows its address."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from nunatak.errors import ResourceError

GONE_AFTER_S = 90.0
"""Without a sign of life; a network disk may show other machines a file's time a minute late."""


class LifeSign:
    """The file of one server in the project's folder.

    Parameters
    ----------
    folder
        Of the project.
    claim
        Of the server: see `nunatak.workspace.holding.Holder`.
    """

    def __init__(self, folder: Path, claim: str) -> None:
        self._folder = folder
        self._path = folder / f"server-{claim}.txt"

    def make(self, address: str) -> None:
        """Write the file; only this user can read the address in it.

        Raises
        ------
        ResourceError
            If the folder cannot be written.
        """
        try:
            # Never into a file that somebody else put there, who could read it.
            handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(f"{address}\n")
        except OSError as error:
            raise ResourceError(
                f"{self._path}: cannot write ({error.strerror or error}). Check the folder's "
                "permissions and the free disk space."
            ) from error

    def renew(self, address: str) -> None:
        """Give a sign of life.

        Raises
        ------
        ResourceError
            If the folder cannot be written.
        """
        try:
            os.utime(self._path)
        except OSError:
            # Somebody removed it, or the disk is another.
            self.remove()
            self.make(address)

    def remove(self) -> None:
        """Remove the file, where it is there and may be removed."""
        with suppress(OSError):
            self._path.unlink()

    def address(self) -> str | None:
        """Return the server's address; None where another user alone can read it."""
        try:
            return self._path.read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def silent_s(self) -> float | None:
        """Return how long the server gave no sign of life, seconds; None where its file is gone.

        The time is compared with that of a file made now, so that the disk's clock alone counts,
        whatever the machines' clocks say.
        """
        try:
            last = self._path.stat().st_mtime
        except OSError:
            return None
        try:
            handle, name = tempfile.mkstemp(prefix=".now-", dir=self._folder)
        except OSError:
            return 0.0  # where nobody can write, nobody takes a project over
        try:
            return os.fstat(handle).st_mtime - last
        finally:
            os.close(handle)
            Path(name).unlink(missing_ok=True)
