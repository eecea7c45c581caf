"""The tables of a project, and whether a file holds them.

The SQL is kept to what SQLite 3.26 knows, which login nodes of clusters still have.
"""

import sqlite3
from pathlib import Path

from nunatak.errors import FormatError
from nunatak.workspace.errors import NewerProject

VERSION = 2
APPLICATION_ID = 0x6E756E61
"""``nuna`` in ASCII: tells a project from any other SQLite file."""

_PROJECT = """
CREATE TABLE project (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    ndim INTEGER NOT NULL CHECK (ndim IN (2, 3)),
    classes TEXT NOT NULL,
    contrast TEXT NOT NULL,
    expected_particles REAL,
    version INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL
);
CREATE TABLE setting_change (
    version INTEGER PRIMARY KEY,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    settings TEXT NOT NULL
);
CREATE TABLE journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    about TEXT NOT NULL,
    item INTEGER NOT NULL,
    what TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL
);
CREATE TABLE change (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    about TEXT NOT NULL,
    id INTEGER,
    image INTEGER,
    version INTEGER
);
"""

_IMAGES = """
CREATE TABLE image (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    stated_pixel_size_A REAL,
    shape TEXT,
    pixel_size_A REAL,
    problem TEXT,
    doubt REAL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    added_at TEXT NOT NULL
);
CREATE TABLE wanted (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    image INTEGER NOT NULL REFERENCES image (id)
);
CREATE TABLE point (
    image INTEGER NOT NULL REFERENCES image (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    z REAL,
    class_name TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    PRIMARY KEY (image, id)
);
CREATE TABLE region (
    image INTEGER NOT NULL REFERENCES image (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    outline TEXT NOT NULL,
    z_low REAL,
    z_high REAL,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    PRIMARY KEY (image, id)
);
CREATE TABLE edit (
    id TEXT PRIMARY KEY,
    image INTEGER NOT NULL REFERENCES image (id),
    version INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    operations TEXT NOT NULL,
    UNIQUE (image, version)
);
"""

_PICKS = """
CREATE TABLE pick_set (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    run INTEGER REFERENCES run (id),
    made_at TEXT NOT NULL,
    is_complete INTEGER NOT NULL DEFAULT 0,
    threshold REAL NOT NULL,
    classes TEXT NOT NULL,
    judged_classes TEXT NOT NULL DEFAULT '[]',
    candidates INTEGER NOT NULL DEFAULT 0,
    provenance TEXT NOT NULL,
    stamp INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE candidates (
    pick_set INTEGER NOT NULL REFERENCES pick_set (id),
    image INTEGER NOT NULL REFERENCES image (id),
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    x BLOB NOT NULL,
    y BLOB NOT NULL,
    z BLOB,
    score BLOB NOT NULL,
    class_index BLOB NOT NULL,
    PRIMARY KEY (pick_set, image)
);
CREATE TABLE judgement (
    pick_set INTEGER NOT NULL,
    image INTEGER NOT NULL,
    probability BLOB NOT NULL,
    judged_index BLOB NOT NULL,
    judged BLOB NOT NULL,
    PRIMARY KEY (pick_set, image),
    FOREIGN KEY (pick_set, image) REFERENCES candidates (pick_set, image)
);
CREATE TABLE decision (
    pick_set INTEGER NOT NULL REFERENCES pick_set (id),
    number INTEGER NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    PRIMARY KEY (pick_set, number)
);
CREATE TABLE review (
    id TEXT PRIMARY KEY,
    pick_set INTEGER NOT NULL REFERENCES pick_set (id),
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    decisions TEXT NOT NULL
);
"""

_RUNS = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    name TEXT NOT NULL,
    asked TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    pid INTEGER,
    process_started TEXT,
    message TEXT,
    pick_set INTEGER,
    labels INTEGER NOT NULL DEFAULT 0,
    negatives INTEGER NOT NULL DEFAULT 0
);
"""


_SERVER = """
CREATE TABLE server (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    claim TEXT NOT NULL,
    user TEXT NOT NULL,
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started TEXT NOT NULL,
    since TEXT NOT NULL
);
"""

_ADDED = {2: _SERVER}
"""What each version has that the one before it lacks."""


def make_tables(connection: sqlite3.Connection) -> None:
    """Make all tables in an empty database, within the transaction that is open."""
    for text in (_PROJECT, _IMAGES, _RUNS, _PICKS, *_ADDED.values()):
        _execute(connection, text)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def upgrade(connection: sqlite3.Connection) -> None:
    """Give the tables of an older version what they lack, within the transaction that is open."""
    # Another program may have done so since the version was read.
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number in range(version + 1, VERSION + 1):
        _execute(connection, _ADDED[number])
        connection.execute(f"PRAGMA user_version = {number}")


def _execute(connection: sqlite3.Connection, text: str) -> None:
    # Not executescript, which would end the transaction.
    for statement in text.split(";"):
        connection.execute(statement)


def check_version(connection: sqlite3.Connection, path: Path) -> bool:
    """Refuse a database that is no project, or one of a newer version of nunatak.

    Returns
    -------
    bool
        Whether its tables are of this version; older ones can be upgraded.

    Raises
    ------
    FormatError
        If it is no project.
    NewerProject
        If it was made by a newer nunatak.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID or version < 1:
        raise FormatError(
            path,
            "a database of another program, not a nunatak project",
            hint="Give another folder with --project",
        )
    if version > VERSION:
        raise NewerProject(
            f"{path}: made by a newer nunatak (its tables are of version {version}, this one knows "
            f"version {VERSION}). Install a newer nunatak, or give another folder with --project."
        )
    return bool(version == VERSION)
