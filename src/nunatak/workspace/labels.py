"""Labels of an image: read them, and save edits whole."""

import json
import sqlite3

from pydantic import TypeAdapter
from pydantic.main import IncEx

from nunatak.errors import BadInput
from nunatak.workspace.base import now
from nunatak.workspace.changes import note
from nunatak.workspace.checks import check_operations
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import StaleEdit
from nunatak.workspace.images import ImageRecord, read_image, write_state
from nunatak.workspace.marks import Edit, Labels, Operation, Point, PutPoint, PutRegion, Region
from nunatak.workspace.project import read_settings

_OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])
_SIGNATURES: IncEx = {"__all__": {"point": {"by", "at"}, "region": {"by", "at"}}}

_PUT_POINT = """
INSERT INTO point (image, id, kind, x, y, z, class_name, made_by, made_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (image, id) DO UPDATE SET
    kind = excluded.kind, x = excluded.x, y = excluded.y, z = excluded.z,
    class_name = excluded.class_name, made_by = excluded.made_by, made_at = excluded.made_at
"""
_PUT_REGION = """
INSERT INTO region (image, id, kind, outline, z_low, z_high, made_by, made_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (image, id) DO UPDATE SET
    kind = excluded.kind, outline = excluded.outline, z_low = excluded.z_low,
    z_high = excluded.z_high, made_by = excluded.made_by, made_at = excluded.made_at
"""


def labels_of(workspace: Workspace, image: int) -> Labels:
    """Return what is saved of an image.

    Raises
    ------
    NotFound
        If there is no such image.
    """
    with workspace.reading() as connection:
        return read_labels(connection, read_image(connection, image))


def save_edit(workspace: Workspace, image: int, edit: Edit, user: str) -> int:
    """Save an edit whole; when this returns, it is on disk.

    Parameters
    ----------
    workspace
        The project.
    image
        The image's number.
    edit
        What to change. One that was saved before changes nothing.
    user
        To whom it is ascribed.

    Returns
    -------
    int
        The version that the labels got by this edit. Where an edit is sent again after others,
        that is not the latest, so that the sender finds out about these with the next edit.

    Raises
    ------
    NotFound
        If there is no such image.
    StaleEdit
        If the labels have another version than the edit was made to.
    BadInput
        If a position lies outside the image, lacks its z, a class is unknown, or the edit's id
        was used for another edit.
    """
    with workspace.writing() as connection:
        record = read_image(connection, image)
        saved = _saved_before(connection, image, edit)
        if saved is not None:
            return saved
        if edit.base_version != record.version:
            raise StaleEdit(read_labels(connection, record))
        check_operations(edit.operations, record, read_settings(connection))
        return write_edit(connection, record, edit, user)


def write_edit(connection: sqlite3.Connection, record: ImageRecord, edit: Edit, user: str) -> int:
    """Apply and journal a checked edit of the present version, within a transaction."""
    at, version = now(), record.version + 1
    for operation in edit.operations:
        _apply(connection, record.id, operation, user, at)
    connection.execute(
        "INSERT INTO edit (id, image, version, made_by, made_at, operations) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (edit.id, record.id, version, user, at, _journalled(edit)),
    )
    connection.execute("UPDATE image SET version = ? WHERE id = ?", (version, record.id))
    note(connection, "labels", record.id, version=version)
    _update_state(connection, record)
    return version


def read_labels(connection: sqlite3.Connection, record: ImageRecord) -> Labels:
    """Return what is saved of an image, within a transaction."""
    points = connection.execute(
        "SELECT id, kind, x, y, z, class_name, made_by, made_at FROM point "
        "WHERE image = ? ORDER BY rowid",
        (record.id,),
    )
    regions = connection.execute(
        "SELECT id, kind, outline, z_low, z_high, made_by, made_at FROM region "
        "WHERE image = ? ORDER BY rowid",
        (record.id,),
    )
    return Labels(
        image=record.id,
        version=record.version,
        points=[_point(row) for row in points],
        regions=[_region(row) for row in regions],
    )


def label_counts(workspace: Workspace, image: int | None = None) -> dict[int, tuple[int, int, int]]:
    """Return how many particles, other places and regions are labelled, by image.

    Parameters
    ----------
    workspace
        The project.
    image
        None for all.

    Returns
    -------
    dict of int to tuple of int
        Images without any are left out.
    """
    where = "" if image is None else "WHERE image = ?1"
    query = f"""
        SELECT image, sum(kind = 'particle'), sum(kind = 'not_particle'), 0
        FROM point {where} GROUP BY image
        UNION ALL SELECT image, 0, 0, count(*) FROM region {where} GROUP BY image
    """  # noqa: S608
    counts: dict[int, tuple[int, int, int]] = {}
    with workspace.reading() as connection:
        for one, *more in connection.execute(query, () if image is None else (image,)):
            labels, negatives, regions = counts.get(one, (0, 0, 0))
            counts[one] = (labels + more[0], negatives + more[1], regions + more[2])
    return counts


def _saved_before(connection: sqlite3.Connection, image: int, edit: Edit) -> int | None:
    row = connection.execute(
        "SELECT image, version, operations FROM edit WHERE id = ?", (edit.id,)
    ).fetchone()
    if row is None:
        return None
    if (row[0], row[2]) != (image, _journalled(edit)):
        raise BadInput(
            f"The edit {edit.id} was saved before with another content; nothing was changed. Send "
            "this one under an id of its own."
        )
    return int(row[1])


def _journalled(edit: Edit) -> str:
    """Return what an edit does as text; who made it is written beside it, not taken from it."""
    text = _OPERATIONS.dump_json(edit.operations, exclude_none=True, exclude=_SIGNATURES)
    return text.decode()


def _apply(
    connection: sqlite3.Connection, image: int, operation: Operation, user: str, at: str
) -> None:
    if isinstance(operation, PutPoint):
        point = operation.point
        place = (point.x, point.y, point.z, point.class_name)
        connection.execute(_PUT_POINT, (image, point.id, point.kind, *place, user, at))
    elif isinstance(operation, PutRegion):
        region = operation.region
        extent = (json.dumps(region.outline), region.z_low, region.z_high)
        connection.execute(_PUT_REGION, (image, region.id, region.kind, *extent, user, at))
    else:
        for table in ("point", "region"):
            connection.executemany(
                f"DELETE FROM {table} WHERE image = ? AND id = ?",  # noqa: S608
                [(image, one) for one in operation.ids],
            )


def _update_state(connection: sqlite3.Connection, record: ImageRecord) -> None:
    """Call an image labelled from its first label on, and new when the last one is undone."""
    (has_any,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM point WHERE image = ?1) "
        "OR EXISTS (SELECT 1 FROM region WHERE image = ?1)",
        (record.id,),
    ).fetchone()
    if has_any and record.state == "new":
        write_state(connection, record.id, "labelled")
    elif not has_any and record.state == "labelled":
        write_state(connection, record.id, "new")


def _point(row: tuple[object, ...]) -> Point:
    keys = ("id", "kind", "x", "y", "z", "class_name", "by", "at")
    return Point.model_validate(dict(zip(keys, row, strict=True)))


def _region(row: tuple[object, ...]) -> Region:
    keys = ("id", "kind", "outline", "z_low", "z_high", "by", "at")
    values = dict(zip(keys, row, strict=True))
    values["outline"] = json.loads(str(values["outline"]))
    return Region.model_validate(values)
