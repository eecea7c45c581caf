"""Topaz coordinate tables: ``image_name  x_coord  y_coord  [score]``, parted by tabs.

Positions are whole pixels of the image that Topaz was given, which is usually a downscaled
one: the file does not say by how much, so that the binning must be stated. An image is known
by its stem.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from nunatak.errors import FormatError
from nunatak.files import write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.delimited import (
    TextTable,
    are_numbers,
    as_table,
    delimited_text,
    read_delimited,
)
from nunatak.picks.formats.numbers import written
from nunatak.picks.names import stem_of
from nunatak.picks.table import PickSet

_HEADER = ["image_name", "x_coord", "y_coord", "score"]
_SCORE = "score"


def sniff(head: bytes) -> bool:
    """Whether the header names Topaz's columns."""
    first = head.split(b"\n", 1)[0].split()
    return {b"x_coord", b"y_coord"} <= set(first)


def read(path: Path, context: FormatContext) -> PickSet:
    """Read a table with or without its header.

    Raises
    ------
    FormatError
        If the table is damaged or three-dimensional.
    Mismatch
        If a stem fits no image, or several.
    """
    table = _table(path)
    names = pd.Series(table.columns["image_name"], dtype=str)
    columns: dict[str, object] = {
        "image": names.map(per_image.images_named(names.unique(), path, context)).astype(str),
        "x_px": table.numbers("x_coord"),
        "y_px": table.numbers("y_coord"),
    }
    if _SCORE in table.columns:
        columns["score"] = table.numbers(_SCORE, missing_allowed=True)
    for name, cells in table.columns.items():
        if name not in _HEADER:
            columns[name] = pd.Series(cells, dtype=str)
    return PickSet(frame.to_source(pd.DataFrame(columns), context), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one table with whole pixels of the context's grid.

    Raises
    ------
    Mismatch
        If two images have the same stem.
    """
    per_image.refuse_existing([path], context)
    _refuse_shared_names(picks.images)
    x, y = frame.from_source(picks.table, context)
    stems = {image: stem_of(image) for image in picks.images}
    columns = [
        picks.table["image"].map(stems).tolist(),
        *(frame.whole_numbers(axis).astype(str).tolist() for axis in (x, y)),
    ]
    header = _HEADER[:3]
    if "score" in picks.table.columns:
        header = _HEADER
        columns.append(written(picks.table["score"].to_numpy()).to_pylist())
    write_text(path, delimited_text(header, columns, "\t"))
    return [path]


def _table(path: Path) -> TextTable:
    rows = read_delimited(path, "\t")
    if rows and len(rows[0][1]) == 1:
        rows = read_delimited(path, None)
    first = rows[0][1] if rows else []
    if rows and "x_coord" not in first and len(first) in (3, 4) and are_numbers(first[1:]):
        return as_table(path, rows, _HEADER[: len(first)])
    table = as_table(path, rows)
    table.require(*_HEADER[:3])
    if "z_coord" in table.columns:
        raise FormatError(
            path,
            "picks in three dimensions where picks on micrographs were expected",
            line=1,
            field="z_coord",
        )
    return table


def _refuse_shared_names(images: Sequence[str]) -> None:
    per_image.refuse_shared_stems(images, "the name")


FORMAT = PickFormat(
    name="topaz",
    title="Topaz table",
    suffixes=(".tsv", ".txt"),
    capabilities=Capabilities(
        score=True, empty_images=False, multi_image=True, integer=True, unit_known=False
    ),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=_refuse_shared_names,
)
