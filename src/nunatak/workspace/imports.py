"""Take labels from a pick table into a project; every row is used or accounted for."""

import secrets
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import product
from math import dist, floor

from nunatak.errors import Mismatch
from nunatak.picks.counted import counted
from nunatak.picks.table import PickSet
from nunatak.workspace.checks import is_inside
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord, read_image
from nunatak.workspace.import_counts import ImportCounts
from nunatak.workspace.label_rows import Place, places_by_image
from nunatak.workspace.labels import read_labels, write_edit
from nunatak.workspace.marks import Edit, Kind, Labels, Operation, Point, PutPoint
from nunatak.workspace.project import (
    ParticleClass,
    Settings,
    read_settings,
    settings_of,
    write_settings,
)

SAME_DIAMETERS = 0.1
"""Share of the diameter within which two labels of one kind are one."""

SAME_PX = 1.0
"""The same where the diameter or the pixel size is not known."""


@dataclass
class _Account:
    added: int = 0
    already_there: int = 0
    outside: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def add_labels(workspace: Workspace, picks: PickSet, user: str) -> ImportCounts:
    """Add the rows of a pick table to the labels; nothing that is there is changed.

    Parameters
    ----------
    workspace
        The project.
    picks
        In the frame of the stored images. Rows of classes such as junk, and rows that a person
        marked as not selected, become places that are no particle (see
        `nunatak.learning.labels.told_apart.told_apart`). Classes that the project does not have
        are added to it; a table without classes is of the project's only one.
    user
        To whom the labels are ascribed.

    Returns
    -------
    ImportCounts
        Adding the same table again adds nothing.

    Raises
    ------
    Mismatch
        If picks on micrographs are given to a project of tomograms or the other way round, or
        none of the picks' images is in the project.
    BadInput
        If the table names no class and the project has several.
    """
    settings = settings_of(workspace)
    if picks.ndim != settings.ndim:
        raise Mismatch(
            f"These are positions {'with' if picks.ndim == 3 else 'without'} z, but the project "
            f"holds {'micrographs' if settings.ndim == 2 else 'tomograms'}. Import labels of these."
        )
    account = _Account()
    places, account.notes = places_by_image(workspace, picks, settings)
    with workspace.writing() as connection:
        settings = read_settings(connection)
        new = _new_classes(places, settings)
        if new:
            write_settings(connection, _with_classes(settings, new), user)
            account.notes.append(f"New kinds of particles: {', '.join(new)}. State their sizes.")
        for image, wanted in places.items():
            record = read_image(connection, image)
            fresh = _fresh(wanted, record, read_labels(connection, record), settings, account)
            if fresh:
                operations: list[Operation] = [
                    PutPoint(operation="put_point", point=point) for point in fresh
                ]
                # A file may hold more points than one request may.
                edit = Edit.model_construct(
                    id=_new_id(), base_version=record.version, operations=operations
                )
                write_edit(connection, record, edit, user)
                account.added += len(fresh)
    if account.outside:
        name, _ = account.outside.most_common(1)[0]
        account.notes.append(
            f"Left out: {counted(account.outside.total(), 'label')} outside the image, most on "
            f"{name}. Check that they are in pixels of these images."
        )
    return ImportCounts(
        added=account.added, already_there=account.already_there, notes=account.notes
    )


def _new_classes(places: dict[int, list[Place]], settings: Settings) -> list[str]:
    known = {one.name for one in settings.classes}
    named = {
        place.class_name: None
        for wanted in places.values()
        for place in wanted
        if place.kind == "particle" and place.class_name not in known
    }
    return list(named)


def _with_classes(settings: Settings, names: list[str]) -> Settings:
    classes = [*settings.classes, *(ParticleClass(name=name) for name in names)]
    return settings.model_copy(update={"classes": classes, "version": settings.version + 1})


def _fresh(
    wanted: list[Place],
    image: ImageRecord,
    labels: Labels,
    settings: Settings,
    account: _Account,
) -> list[Point]:
    """Return the points to add: those inside the image that no label says already."""
    inside = [place for place in wanted if is_inside(image, place.position)]
    account.outside[image.name] += len(wanted) - len(inside)
    if not account.outside[image.name]:
        del account.outside[image.name]
    groups: dict[tuple[Kind, str], list[Place]] = defaultdict(list)
    for place in inside:
        groups[place.kind, place.class_name].append(place)
    points = []
    for (kind, name), places in groups.items():
        before: list[tuple[float, ...]] = [
            _position(point)
            for point in labels.points
            if (point.kind, point.class_name) == (kind, name)
        ]
        kept = _apart(
            before, [place.position for place in places], _reach_px(name, image, settings)
        )
        account.already_there += len(places) - len(kept)
        points += [_point(kind, name, position) for position in kept]
    return points


def _apart(
    before: list[tuple[float, ...]], new: list[tuple[float, ...]], reach_px: float
) -> list[tuple[float, ...]]:
    """Return the new positions that are not within reach of an earlier one, in their order.

    Near pairs are never listed: thousands of rows at one place would fill the memory.
    """
    taken: dict[tuple[int, ...], set[tuple[float, ...]]] = defaultdict(set)

    def cell(position: tuple[float, ...]) -> tuple[int, ...]:
        return tuple(floor(value / reach_px) for value in position)

    def is_near_one(position: tuple[float, ...]) -> bool:
        around = product(*((index - 1, index, index + 1) for index in cell(position)))
        return any(
            dist(position, other) <= reach_px for one in around for other in taken.get(one, ())
        )

    for position in before:
        taken[cell(position)].add(position)
    kept = []
    for position in new:
        if not is_near_one(position):
            taken[cell(position)].add(position)
            kept.append(position)
    return kept


def _reach_px(name: str, image: ImageRecord, settings: Settings) -> float:
    sizes_A = [one.diameter_A for one in settings.classes if one.diameter_A is not None]
    diameter_A = settings.diameter_A(name) or max(sizes_A, default=None)
    size_A = image.pixel_size_A or image.stated_pixel_size_A
    if diameter_A is None or size_A is None:
        return SAME_PX
    return SAME_DIAMETERS * diameter_A / size_A


def _position(point: Point) -> tuple[float, ...]:
    return (point.x, point.y) if point.z is None else (point.x, point.y, point.z)


def _point(kind: Kind, name: str, position: tuple[float, ...]) -> Point:
    x, y, *z = position
    return Point(id=_new_id(), kind=kind, x=x, y=y, z=z[0] if z else None, class_name=name)


def _new_id() -> str:
    return secrets.token_hex(16)
