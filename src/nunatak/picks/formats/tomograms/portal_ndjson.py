"""Points of the CZ cryoET data portal: one JSON object a line, one file a run and object.

``{"type": "orientedPoint", "location": {"x", "y", "z"}, "xyz_rotation_matrix": 3 x 3}``, or
``point`` without a matrix, or ``instancePoint`` with an ``instance_id``. Positions are voxels of
the spacing whose folder the file lies in, from the centre of the first one. The portal makes the
matrix from RELION's angles as the inverse of the intrinsic z-y'-z'' rotation, to be applied to
the object: it turns the object into its place, as here. ArtiaX transposes it on opening.

A file names neither run nor object; the portal's folders and file names do:
``<run>/Reconstructions/VoxelSpacing<A>/Annotations/<number>/<object>-<version>_point.ndjson``.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from nunatak.errors import FormatError
from nunatak.files import write_text
from nunatak.geometry import FloatArray
from nunatak.images.pixel_size import same
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.text import read_text
from nunatak.picks.formats.tomograms import (
    angstrom,
    json_points,
    objects,
    portal_names,
    runs,
)
from nunatak.picks.formats.tomograms.portal_names import INSTANCE, ORIENTED, POINT
from nunatak.picks.table import ANGLE_COLUMNS, PickSet, coordinate_columns

ENDING = ".ndjson"
_TYPES = (POINT, ORIENTED, INSTANCE)
_MATRIX = "xyz_rotation_matrix"


def sniff(head: bytes) -> bool:
    """Whether the first line is an object with a location and a type of point."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    is_typed = any(f'"{name}"'.encode() in first for name in _TYPES)
    return first.startswith(b"{") and b'"location"' in first and is_typed


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the points of one run; an empty file means no picks.

    Raises
    ------
    FormatError
        If a line is damaged, or nothing says which run the file belongs to.
    Mismatch
        If the run fits no tomogram, or several.
    """
    image = _image(path, context)
    lines = [(n, text) for n, text in enumerate(read_text(path).split("\n"), 1) if text.strip()]
    points = [_point(path, number, text) for number, text in lines]
    positions = np.array([point.location for point in points]).reshape(-1, 3)
    table = pd.DataFrame(
        {
            "image": pd.Series([image] * len(points), dtype=str),
            **dict(zip(("x_px", "y_px", "z_px"), positions.T, strict=True)),
        }
    )
    name = portal_names.object_of(path)
    if name is not None:
        table["class_name"] = pd.Series([name] * len(points), dtype=str)
    matrices = np.array([point.matrix for point in points]).reshape(-1, 3, 3)
    if np.isfinite(matrices).any():
        table[list(ANGLE_COLUMNS)] = json_points.angles_deg_of(matrices)
    if any(point.instance_id for point in points):
        table[objects.INSTANCE_COLUMN] = [point.instance_id for point in points]
    placed, notes = _on_the_stored_grid(frame.to_source(table, context), image, path, context)
    return PickSet(placed, images=(image,), source=path, notes=notes)


def _on_the_stored_grid(
    table: pd.DataFrame, image: str, path: Path, context: FormatContext
) -> tuple[pd.DataFrame, list[str]]:
    """Convert from the voxels that the file's folders state to those of the tomogram."""
    spacing_A = portal_names.spacing_above(path)
    if spacing_A is None or not context.grid.is_stored:
        return table, []
    known_A = context.images.pixel_size_A(image)
    if known_A is None:
        return table.assign(pixel_size_A=spacing_A), []
    if same(known_A, spacing_A):
        return table.assign(pixel_size_A=known_A), []
    ratio = spacing_A / known_A
    note = (
        f"{path}: counts voxels of {spacing_A:.5g} Å by its folder, and became voxels of "
        f"{known_A:.5g} Å, those of {image}."
    )
    scaled = {name: table[name] * ratio for name in coordinate_columns(table)}
    return table.assign(**scaled, pixel_size_A=known_A), [note]


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one file a run, object and type of point, in folders that name run and spacing.

    A tomogram whose voxel size is not known has no folder of its spacing. Picks without a class
    are called `objects.UNNAMED`. Every object has a file in every run: an empty one says that it
    was looked for.

    Parameters
    ----------
    picks
        What to write.
    path
        A folder.
    context
        Says the grid, and may know the voxel sizes.

    Raises
    ------
    BadInput
        If an object's name cannot be part of a file name.
    Mismatch
        If two tomograms belong to one run, or the table gives one of them two voxel sizes.
    UsageError
        If a single file is named, or a file may not be replaced.
    """
    portal_names.refuse_file(path, ENDING)
    runs.refuse_shared_runs(picks.images)
    positions = frame.volume_in_file(picks.table, context)
    points = _points_to_write(picks.table, positions)
    rows_of = objects.rows_of_objects(picks, objects.object_names(picks.table))
    spacings_A = _spacings_A(picks, context)
    numbers = {name: n for n, name in enumerate(dict.fromkeys(name for _, name in rows_of))}
    contents: dict[Path, str] = {}
    for (image, name), rows in rows_of.items():
        of_type: dict[str, list[str]] = {} if len(rows) else {POINT: []}
        for row in rows.tolist():
            of_type.setdefault(str(points[row]["type"]), []).append(json.dumps(points[row]))
        for kind, lines in of_type.items():
            file = portal_names.path_of(
                runs.run_of(image), numbers[name], name, kind, spacing_A=spacings_A.get(image)
            )
            contents[path / file] = "".join(f"{line}\n" for line in lines)
    per_image.refuse_existing(contents, context)
    for file, text in contents.items():
        write_text(file, text)
    return list(contents)


def _spacings_A(picks: PickSet, context: FormatContext) -> dict[str, float]:
    """Return the side of the voxels that a file counts, of each tomogram where it is known."""
    # Along one axis, for the spacing of the portal is that of cubic voxels.
    ratio = context.grid.ratio_x
    sizes_A = angstrom.known_sizes_A(picks, context)
    return {image: size_A * ratio for image, size_A in sizes_A.items()}


@dataclass(frozen=True)
class _Point:
    location: tuple[float, float, float]
    matrix: FloatArray
    instance_id: int


def _point(path: Path, line: int, text: str) -> _Point:
    cells = _parsed(path, line, text)
    location = json_points.location(path, cells, field="", line=line)
    kind = cells.get("type")
    if kind not in _TYPES:
        raise FormatError(
            path, f"{kind!r:.60} where {', '.join(_TYPES)} were expected", line=line, field="type"
        )
    for needed, of_kind in ((_MATRIX, ORIENTED), (objects.INSTANCE_COLUMN, INSTANCE)):
        if kind == of_kind and cells.get(needed) is None:
            raise FormatError(path, f"an {kind} without its {needed}", line=line, field=needed)
    matrix = np.full((3, 3), np.nan)
    if cells.get(_MATRIX) is not None:
        matrix = json_points.matrix(path, cells[_MATRIX], 3, field=_MATRIX, line=line)
        json_points.refuse_unless_rotation(path, matrix, field=_MATRIX, line=line)
    instance_id = cells.get(objects.INSTANCE_COLUMN)
    if instance_id is None:
        return _Point(location, matrix, 0)
    field = objects.INSTANCE_COLUMN
    return _Point(location, matrix, json_points.integer(path, instance_id, field=field, line=line))


def _parsed(path: Path, line: int, text: str) -> dict[str, object]:
    def refuse(constant: str) -> NoReturn:
        raise FormatError(path, f"{constant}, which is not JSON", line=line)

    try:
        content = json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise FormatError(path, f"not JSON ({error.msg})", line=line) from error
    except (RecursionError, ValueError):  # such as a whole number of thousands of digits
        raise FormatError(path, "not readable as JSON", line=line) from None
    if not isinstance(content, dict):
        raise FormatError(path, f"{text:.60} where an object was expected", line=line)
    return content


def _image(path: Path, context: FormatContext) -> str:
    if context.image is not None:
        return context.image
    run = portal_names.run_above(path)
    if run is None:
        raise FormatError(
            path,
            "no folder <run>/.../Annotations around it says which run it belongs to",
            hint="Name the tomogram in 'nunatak convert' (--image)",
        )
    return runs.images_of_runs([run], path, context)[run]


def _points_to_write(table: pd.DataFrame, positions: FloatArray) -> list[dict[str, object]]:
    matrices = json_points.matrices_of(objects.angles_deg(table))
    ids = objects.instance_ids(table).tolist()
    points = []
    for position, matrix, instance_id in zip(positions.tolist(), matrices, ids, strict=True):
        is_oriented = bool(np.isfinite(matrix).all())
        kind = ORIENTED if is_oriented else INSTANCE if instance_id else POINT
        point: dict[str, object] = {
            "type": kind,
            "location": dict(zip("xyz", position, strict=True)),
        }
        if is_oriented:
            point[_MATRIX] = matrix.tolist()
        if instance_id:
            point[objects.INSTANCE_COLUMN] = instance_id
        points.append(point)
    return points


FORMAT = PickFormat(
    name="cz-ndjson",
    title="CZ portal ndjson",
    suffixes=(ENDING,),
    capabilities=Capabilities(
        dimensions=(3,),
        score=False,
        class_name=True,
        pixel_size=True,
        angles=True,
        columns=(objects.INSTANCE_COLUMN,),
        multi_image=False,
    ),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=runs.refuse_shared_runs,
    nested=(f"*/Annotations/*/*{ENDING}", f"*/Reconstructions/*/Annotations/*/*{ENDING}"),
)
