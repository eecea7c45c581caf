"""The door to a project's database: transactions, and errors that say what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from nunatak.errors import FormatError
from nunatak.workspace.errors import NoProject
from nunatak.workspace.schema import check_version, upgrade
from nunatak.workspace.troubles import translated

DATABASE = "project.sqlite"
CACHE = "cache"
RUNS = "runs"

WAIT_S = 20.0
"""For another writer to finish; a transaction takes milliseconds."""


_FileId = tuple[int, int]


class Workspace:
    """An existing project, open. Any thread may use it, also several at once.

    Parameters
    ----------
    folder
        That holds ``project.sqlite``; see `nunatak.workspace.project.create_project`.
    wait_s
        How long to wait for other programs that write.

    Attributes
    ----------
    folder : Path
        Absolute.
    database : Path
    cache : Path
        What lies here may be deleted at any time.

    Raises
    ------
    NoProject
        If the folder holds none.
    FormatError
        If the database is damaged or is no project.
    NewerProject
        If a newer nunatak made it.
    """

    def __init__(self, folder: str | Path, *, wait_s: float = WAIT_S) -> None:
        self.folder = Path(folder).absolute()
        self.database = self.folder / DATABASE
        self.cache = self.folder / CACHE
        self._wait_s = wait_s
        self._idle: list[sqlite3.Connection] = []
        self._file: _FileId | None = None
        self._lock = Lock()
        self._is_closed = False
        _require_database(self.database)
        try:
            with self.reading() as connection:
                is_new = check_version(connection, self.database)
            if not is_new:
                with self.writing() as connection:
                    upgrade(connection)
        except BaseException:
            self.close()
            raise

    def run_folder(self, run: int) -> Path:
        """Return the folder of a run's files; it may not exist yet."""
        return self.folder / RUNS / f"{run:04d}"

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that sees one state of the project throughout.

        Keep it short, and never write inside: writers wait for readers.
        """
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose changes are on disk when the block ends, or not at all.

        Raises
        ------
        ResourceError
            If others write for too long, or the disk is full or cannot be written.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close all connections; the workspace cannot be used any more."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with translated(self.database):
            file = _file_id(self.database)
            connection = self._taken(file)
            try:
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error:
                # Closing undoes the transaction, and a disk that comes back is opened anew.
                connection.close()
                raise
            except BaseException:
                connection.rollback()
                self._given_back(connection, file)
                raise
            self._given_back(connection, file)

    def _taken(self, file: _FileId | None) -> sqlite3.Connection:
        outdated: list[sqlite3.Connection] = []
        with self._lock:
            if file != self._file:
                # A backup was put in place: connections would go on with what was there before.
                self._file = file
                outdated, self._idle = self._idle, []
            if self._idle:
                return self._idle.pop()
        for connection in outdated:
            connection.close()
        return connected(self.database, wait_s=self._wait_s)

    def _given_back(self, connection: sqlite3.Connection, file: _FileId | None) -> None:
        with self._lock:
            if not self._is_closed and file == self._file:
                self._idle.append(connection)
                return
        connection.close()


def connected(database: Path, *, wait_s: float = WAIT_S) -> sqlite3.Connection:
    """Open an existing database in the manner that suits network disks.

    The write-ahead log of SQLite needs memory that all machines share, and is not used. EXTRA
    also syncs the folder after each transaction, without which the last one may come undone
    where the power fails.
    """
    connection = sqlite3.connect(
        f"{database.as_uri()}?mode=rw",
        uri=True,
        timeout=wait_s,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = EXTRA")
    except BaseException:
        connection.close()
        raise
    return connection


def _file_id(path: Path) -> _FileId | None:
    """Return what tells a file from another that gets its name; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _require_database(database: Path) -> None:
    if not database.is_file():
        raise NoProject(
            f"{database.parent}: holds no nunatak project ({DATABASE} is missing). Give the images "
            "to make one: nunatak label micrographs/*.mrc"
        )
    if not database.stat().st_size:
        raise FormatError(
            database,
            "0 bytes: not a nunatak project, or one that was lost",
            hint="Restore it from a backup, or give another folder with --project",
        )
