"""Dynamo tables: 35 or more numbers a line, one line a particle, many tomograms a file.

The position is ``x y z`` (columns 24 to 26) plus the shift ``dx dy dz`` (4 to 6), in voxels.
Dynamo counts from 1 as MATLAB does, but the programs that write and read tables beside it count
from 0 (copick, ArtiaX, cryohub): the context says which (`TomogramFacts.index_base`). Column 20
numbers the tomogram, whose name stands in a table map beside the table (see `table_map`), and
column 22 the class, which a map of our own names (see `class_map`). Other columns are kept as
text, as ``dynamo_`` and Dynamo's name of the column.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nunatak import rotations
from nunatak.errors import BadInput, FormatError
from nunatak.files import write_text
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image, pixel_size
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.delimited import TextTable, are_numbers, as_table, read_delimited
from nunatak.picks.formats.numbers import written
from nunatak.picks.formats.tomograms import class_map, numbering, table_map
from nunatak.picks.formats.unknown_as_zero import angles_or_zero, or_zero, unless_zero
from nunatak.picks.table import ANGLE_COLUMNS, PickSet, empty_table

ENDING = ".tbl"
PREFIX = "dynamo_"
_NAMES = (
    *("tag", "aligned", "averaged", "dx", "dy", "dz", "tdrot", "tilt", "narot", "cc", "cc2"),
    *("cpu", "ftype", "ymintilt", "ymaxtilt", "xmintilt", "xmaxtilt", "fs1", "fs2", "tomo"),
    *("reg", "class", "annotation", "x", "y", "z", "dshift", "daxis", "dnarot", "dcc", "otag"),
    *("npar", "col_33", "ref", "sref", "apix"),
)
"""Columns 1 to 36, by Dynamo's page "Table convention"; further ones are named ``col_37``, ..."""

_POSITION, _SHIFT, _ANGLES = ("x", "y", "z"), ("dx", "dy", "dz"), ("tdrot", "tilt", "narot")
_SCORE, _TOMOGRAM, _CLASS, _VOXEL = "cc", "tomo", "class", "apix"
_READ_HERE = frozenset({*_POSITION, *_SHIFT, *_ANGLES, _SCORE, _TOMOGRAM, _CLASS, _VOXEL})
_LEAST_COLUMNS = 26
_WRITTEN_COLUMNS = 35
_MOST_COLUMNS = 200


def sniff(head: bytes) -> bool:
    """Whether the first line holds at least 26 values, those of Dynamo's columns numbers."""
    cells = head.lstrip().split(b"\n", 1)[0].split()
    return len(cells) >= _LEAST_COLUMNS and are_numbers((*cells[:9], cells[19], *cells[23:26]))


def read(path: Path, context: FormatContext) -> PickSet:
    """Read a table; columns of nothing but 0 hold no angles, scores or classes.

    Raises
    ------
    FormatError
        If the table or the map beside it is damaged.
    Mismatch
        If the tomogram of a number is unknown.
    """
    picks = read_in_file(path)
    if not len(picks):
        images = () if context.image is None else (context.image,)
        return PickSet(empty_table(3), images=images, source=path)
    table = picks.table
    tomograms = np.asarray(table["image"], dtype=np.int64)
    companion = table_map.map_beside(path)
    image_of = numbering.images_of(tomograms, path, context, companion)
    table["image"] = pd.Series(tomograms).map(image_of)
    table[["x_px", "y_px", "z_px"]] -= context.tomograms.index_base
    return pixel_size.of_stored_images(
        PickSet(frame.to_source(table, context), source=path, notes=picks.notes), context
    )


def read_in_file(path: Path) -> PickSet:
    """Read a table with positions as they stand there; tomograms are called by their numbers.

    Raises
    ------
    FormatError
        If the table is damaged.
    """
    rows = read_delimited(path, None)
    if not rows:
        return PickSet(empty_table(3), source=path)
    columns = _columns(path, rows)
    position = _numbers(columns, _POSITION) + _numbers(columns, _SHIFT)
    table = pd.DataFrame(
        {
            "image": _whole(columns, _TOMOGRAM).astype(str),
            **dict(zip(("x_px", "y_px", "z_px"), position.T, strict=True)),
        }
    )
    angles_deg = unless_zero(_numbers(columns, _ANGLES))
    if angles_deg is not None:
        table[list(ANGLE_COLUMNS)] = rotations.to_relion(rotations.from_dynamo(angles_deg))
    scores = unless_zero(columns.numbers(_SCORE, missing_allowed=True))
    if scores is not None:
        table["score"] = scores
    classes, notes = numbering.class_names(_whole(columns, _CLASS), path)
    if classes is not None:
        table["class_name"] = classes
    if _VOXEL in columns.columns:
        voxels_A = columns.numbers(_VOXEL, missing_allowed=True)
        if (voxels_A > 0).any():
            table["pixel_size_A"] = np.where(voxels_A > 0, voxels_A, np.nan)
    for name, cells in columns.columns.items():
        if name not in _READ_HERE:
            table[PREFIX + name] = pd.Series(cells, dtype=str)
    return PickSet(table, source=path, notes=notes)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write a table, without shifts, its table map, and where classes have names a map of these.

    Raises
    ------
    FormatError
        If a file of a map's name exists and is none: it is left alone.
    Mismatch
        If numbers of tomograms are stated, but not of all.
    """
    map_path = table_map.own_map(path)
    per_image.refuse_existing([path, map_path, class_map.own_map(path)], context)
    if map_path.exists():
        table_map.read_map(map_path)
    numbers = numbering.numbers_of(picks.images, context)
    picks = pixel_size.of_file(picks, context.grid)
    classes = numbering.numbers_of_classes(picks.table, path)
    columns = _kept(picks.table) | _written(picks, context, numbers, classes)
    n_columns = max(_WRITTEN_COLUMNS, *map(_number_of, columns))
    zeros = pa.array(["0"] * len(picks), pa.string())
    cells = [columns.get(_name_of(n), zeros) for n in range(1, n_columns + 1)]
    rows = pc.binary_join_element_wise(*cells, " ").to_pylist()
    class_maps = class_map.write_map(path, classes)
    table_map.write_map(map_path, numbers)
    write_text(path, "".join(f"{row}\n" for row in rows))
    return [path, map_path, *class_maps]


def _columns(path: Path, rows: list[tuple[int, list[str]]]) -> TextTable:
    line, first = rows[0]
    if len(first) < _LEAST_COLUMNS:
        raise FormatError(
            path,
            f"a row of {len(first)} values where a table of Dynamo has 35 or more",
            line=line,
            hint=f"The position stands in columns 24 to {_LEAST_COLUMNS}",
        )
    return as_table(path, rows, [_name_of(n) for n in range(1, len(first) + 1)])


def _numbers(columns: TextTable, names: tuple[str, ...]) -> FloatArray:
    return np.stack([columns.numbers(name) for name in names], axis=1)


def _whole(columns: TextTable, name: str) -> numbering.IntArray:
    values = columns.numbers(name)
    row = numbering.first_not_whole(values)
    if row is not None:
        raise FormatError(
            columns.path,
            f"{columns.columns[name][row]!r} where a whole number was expected",
            line=columns.lines[row],
            field=name,
        )
    return values.astype(np.int64)


def _kept(table: pd.DataFrame) -> dict[str, "pa.Array"]:
    """Return the columns that an earlier table had, as they were."""
    names = [name.removeprefix(PREFIX) for name in table.columns if name.startswith(PREFIX)]
    ours = [name for name in names if _is_kept(name)]
    return {name: _as_text(PREFIX + name, table[PREFIX + name]) for name in ours}


def _as_text(name: str, cells: pd.Series) -> "pa.Array":
    try:
        texts = pa.array(cells.where(cells.notna(), "0").astype(str).to_numpy(object), pa.string())
        texts.cast(pa.float64())
    except (pa.ArrowInvalid, UnicodeEncodeError):
        raise BadInput(
            f"Column {name} of the pick table holds text, but Dynamo's tables hold numbers. "
            "Remove or rename that column."
        ) from None
    return texts


def _written(
    picks: PickSet, context: FormatContext, numbers: dict[str, int], classes: dict[str, int]
) -> dict[str, "pa.Array"]:
    table = picks.table
    position = frame.volume_in_file(table, context).T
    columns = {
        name: written(axis + context.tomograms.index_base)
        for name, axis in zip(_POSITION, position, strict=True)
    }
    if picks.has_angles:
        angles_deg = rotations.to_dynamo(rotations.from_relion(angles_or_zero(table)))
        columns |= {name: written(angles_deg[:, n]) for n, name in enumerate(_ANGLES)}
    if "score" in table.columns:
        columns[_SCORE] = written(or_zero(table["score"]))
    if "pixel_size_A" in table.columns:
        columns[_VOXEL] = written(or_zero(table["pixel_size_A"]))
    tags = np.arange(1, len(table) + 1)
    wholes = {
        _TOMOGRAM: table["image"].map(numbers).to_numpy(np.int64),
        _CLASS: numbering.class_numbers(table, classes),
    }
    if PREFIX + "tag" not in table.columns:
        wholes |= {"tag": tags, "aligned": np.ones_like(tags)}
    return columns | {
        name: pc.cast(pa.array(values), pa.string()) for name, values in wholes.items()
    }


def _name_of(number: int) -> str:
    return _NAMES[number - 1] if number <= len(_NAMES) else f"col_{number}"


def _number_of(name: str) -> int:
    return _NAMES.index(name) + 1 if name in _NAMES else int(name.removeprefix("col_"))


def _is_kept(name: str) -> bool:
    number = name.removeprefix("col_")
    further = number.isascii() and number.isdigit() and len(_NAMES) < int(number) <= _MOST_COLUMNS
    return name not in _READ_HERE and (name in _NAMES or further)


FORMAT = PickFormat(
    name="dynamo",
    title="Dynamo table",
    suffixes=(ENDING,),
    capabilities=Capabilities(
        dimensions=(3,),
        zero_for_unknown=(*ANGLE_COLUMNS, "score"),
        class_name=True,
        pixel_size=True,
        angles=True,
        columns=tuple(PREFIX + name for name in _NAMES if name not in _READ_HERE),
        empty_images=False,
    ),
    sniff=sniff,
    read=read,
    write=write,
    read_in_file=read_in_file,
)
