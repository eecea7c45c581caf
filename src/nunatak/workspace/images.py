"""The images of a project: which they are, what their headers say, and how far people are."""

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from nunatak.errors import BadInput
from nunatak.images.folders import natural
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.workspace.base import Model, now
from nunatak.workspace.changes import note
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import NotFound
from nunatak.workspace.journal import write_entry

ImageState = Literal["new", "labelled", "reviewed", "skipped"]

_KEYS = (
    *("id", "path", "stated_pixel_size_A", "shape", "pixel_size_A", "problem", "doubt", "state"),
    "version",
)
_SELECT = (
    "SELECT id, path, stated_pixel_size_A, shape, pixel_size_A, problem, doubt, state, version "
    "FROM image"
)


class ImageRecord(Model):
    """An image.

    Attributes
    ----------
    id : int
        Never changes, and is never given to another image.
    path : str
        Absolute: the image's identity.
    stated_pixel_size_A : float or None
        That the user or a list states.
    shape : tuple of int or None
        ``(ny, nx)`` or ``(nz, ny, nx)``; None until the header was read.
    pixel_size_A : float or None
        None until it is known.
    problem : str or None
        Why it cannot be used.
    doubt : float or None
        How much a correction here would teach, 0 to 1: see `nunatak.workspace.doubt`.
    state : str
    version : int
        Of its labels; 0 before the first edit.
    """

    id: int
    path: str
    stated_pixel_size_A: float | None
    shape: tuple[int, ...] | None
    pixel_size_A: float | None
    problem: str | None
    doubt: float | None
    state: ImageState
    version: int

    @property
    def name(self) -> str:
        """File name, for people; may occur twice."""
        return Path(self.path).name

    @property
    def folder(self) -> str:
        """Where it lies."""
        return str(Path(self.path).parent)


def add_images(workspace: Workspace, images: Iterable[ListedMicrograph]) -> list[int]:
    """Add images that are not there yet.

    Parameters
    ----------
    workspace
        The project.
    images
        From `nunatak.images.inputs.list_micrographs` or
        `nunatak.images.tomogram_inputs.list_tomograms`.

    Returns
    -------
    list of int
        The new images, in the order given.

    Raises
    ------
    BadInput
        If a name is no text.
    """
    # Path.resolve would follow links: people know an image by the path that they gave.
    wanted = [(os.path.abspath(one.path), one.pixel_size_A) for one in images]  # noqa: PTH100
    for path, _ in wanted:
        _require_text(path)
    added, at = [], now()
    with workspace.writing() as connection:
        for path, size_A in wanted:
            cursor = connection.execute(
                "INSERT INTO image (path, stated_pixel_size_A, state, version, added_at) "
                "VALUES (?, ?, 'new', 0, ?) ON CONFLICT (path) DO NOTHING",
                (path, size_A, at),
            )
            if cursor.rowcount == 1 and cursor.lastrowid is not None:
                added.append(cursor.lastrowid)
        if added:
            note(connection, "queue")
    return added


def images_of(workspace: Workspace) -> list[ImageRecord]:
    """Return all images, in the natural order of their names, then of their folders."""
    with workspace.reading() as connection:
        rows = connection.execute(_SELECT).fetchall()
    records = {record.path: record for record in map(_record, rows)}
    place = {
        name: index for index, name in enumerate(natural([*{r.name for r in records.values()}]))
    }
    in_order = sorted(natural(list(records)), key=lambda path: place[records[path].name])
    return [records[path] for path in in_order]


def image_of(workspace: Workspace, image: int) -> ImageRecord:
    """Return one image.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.reading() as connection:
        return read_image(connection, image)


def read_image(connection: sqlite3.Connection, image: int) -> ImageRecord:
    """Return one image within a transaction; raises as `image_of` does."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (image,)).fetchone()
    if row is None:
        raise NotFound("image", image)
    return _record(row)


def listed(images: Iterable[ImageRecord]) -> MicrographList:
    """Return images as the list that picking and training take; names are the paths."""
    return MicrographList(
        tuple(ListedMicrograph(Path(one.path), one.path, one.stated_pixel_size_A) for one in images)
    )


def set_state(workspace: Workspace, image: int, state: ImageState, user: str) -> ImageRecord:
    """Call an image new, labelled, reviewed or skipped.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.writing() as connection:
        before = read_image(connection, image)
        if before.state != state:
            write_state(connection, image, state)
            write_entry(connection, "image", image, state, user)
    return before.model_copy(update={"state": state})


def skipped_images(workspace: Workspace) -> frozenset[int]:
    """Return the images that a person skips: they teach nothing, and their picks do not count."""
    with workspace.reading() as connection:
        rows = connection.execute("SELECT id FROM image WHERE state = 'skipped'").fetchall()
    return frozenset(image for (image,) in rows)


def write_state(connection: sqlite3.Connection, image: int, state: ImageState) -> None:
    """Change an image's state within a transaction."""
    connection.execute("UPDATE image SET state = ? WHERE id = ?", (state, image))
    note(connection, "queue", image)


def set_image_facts(
    workspace: Workspace, image: int, *, shape: Sequence[int], pixel_size_A: float | None
) -> None:
    """Record what an image's header says; a problem that it had is over.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.writing() as connection:
        before = read_image(connection, image)
        if (before.shape, before.pixel_size_A, before.problem) == (
            tuple(shape),
            pixel_size_A,
            None,
        ):
            return
        connection.execute(
            "UPDATE image SET shape = ?, pixel_size_A = ?, problem = NULL WHERE id = ?",
            (json.dumps([int(size) for size in shape]), pixel_size_A, image),
        )
        note(connection, "queue", image)


def set_problem(workspace: Workspace, image: int, problem: str | None) -> None:
    """Record why an image cannot be used, or that it can.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.writing() as connection:
        if read_image(connection, image).problem == problem:
            return
        connection.execute("UPDATE image SET problem = ? WHERE id = ?", (problem, image))
        note(connection, "queue", image)


def set_doubt(workspace: Workspace, image: int, doubt: float | None) -> None:
    """Record how much a correction on an image would teach.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.writing() as connection:
        read_image(connection, image)
        connection.execute("UPDATE image SET doubt = ? WHERE id = ?", (doubt, image))
        note(connection, "queue", image)


def want_image(workspace: Workspace, image: int) -> None:
    """Say that somebody looks at this image: it is worked on next.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    with workspace.writing() as connection:
        read_image(connection, image)
        connection.execute("INSERT OR REPLACE INTO wanted (row, image) VALUES (1, ?)", (image,))


def wanted_image(workspace: Workspace) -> int | None:
    """Return the image that somebody looked at last, None before the first."""
    with workspace.reading() as connection:
        row = connection.execute("SELECT image FROM wanted").fetchone()
    return None if row is None else int(row[0])


def state_counts(workspace: Workspace) -> dict[ImageState, int]:
    """Return the number of images in each state; states of none are there with 0."""
    with workspace.reading() as connection:
        rows = connection.execute("SELECT state, count(*) FROM image GROUP BY state").fetchall()
    counts: dict[ImageState, int] = {"new": 0, "labelled": 0, "reviewed": 0, "skipped": 0}
    return {**counts, **dict(rows)}


def _record(row: tuple[object, ...]) -> ImageRecord:
    values = dict(zip(_KEYS, row, strict=True))
    shape = values["shape"]
    values["shape"] = None if shape is None else tuple(json.loads(str(shape)))
    return ImageRecord.model_validate(values)


def _require_text(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        raise BadInput(
            f"{path!a}: its name holds bytes that are no text. Rename the file."
        ) from None
