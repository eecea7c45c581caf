"""Edits that the tests of this folder make."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from pydantic import TypeAdapter

from nunatak.workspace.connection import Workspace
from nunatak.workspace.marks import Edit, Operation, Point, PutPoint, PutRegion, Region, Remove

_numbers = count()
_OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])


@dataclass(frozen=True)
class SavedEdit:
    """An edit as the database holds it, with who made it and when."""

    id: str
    version: int
    by: str
    at: str
    operations: list[Operation]


def saved_edits(workspace: Workspace, image: int) -> list[SavedEdit]:
    with workspace.reading() as connection:
        rows = connection.execute(
            "SELECT id, version, made_by, made_at, operations FROM edit "
            "WHERE image = ? ORDER BY version",
            (image,),
        ).fetchall()
    return [SavedEdit(*row, _OPERATIONS.validate_json(said)) for *row, said in rows]


def point(name: str, x: float, y: float, z: float | None = None, **more: Any) -> Point:
    values = {"kind": "particle", "class_name": "particle", **more}
    return Point(id=f"point-{name:0>4}", x=x, y=y, z=z, **values)


def put(*points: Point) -> list[PutPoint]:
    return [PutPoint(operation="put_point", point=one) for one in points]


def put_region(name: str, outline: list[list[float]], **more: Any) -> PutRegion:
    values = {"kind": "exclude", **more}
    region = Region(id=f"region-{name:0>4}", outline=outline, **values)
    return PutRegion(operation="put_region", region=region)


def remove(*names: str) -> Remove:
    return Remove(operation="remove", ids=list(names))


def edit(base_version: int, *operations: Any, name: str | None = None) -> Edit:
    return Edit(
        id=name or f"edit-{next(_numbers):08d}",
        base_version=base_version,
        operations=list(operations),
    )
