"""Plain CSV with a header: ``image,x_px,y_px`` and any other column of the pick table.

With ``z_px`` among them, these are picks in tomograms.

Positions are nunatak's own: pixels of the stored image, 0 = centre of the first pixel, rows as
stored. With a binning, ``pixel_size_A`` is that of the binned pixels, as in every format.
Numbers are written so that they read back exactly. Text that a spreadsheet would run
as a formula (it begins with ``=``, ``+``, ``-`` or ``@`` and is not a number) gets an
apostrophe in front, which reading takes off again.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import FormatError
from nunatak.files import write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image, pixel_size
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.delimited import TextTable, as_table, delimited_text, read_delimited
from nunatak.picks.formats.numbers import written
from nunatak.picks.table import (
    FLOAT_COLUMNS,
    REQUIRED_COLUMNS,
    Z_COLUMN,
    PickSet,
    coordinate_columns,
)

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COORDINATES = ("x_px", "y_px", Z_COLUMN)
_TRUE, _FALSE = ("true", "1"), ("false", "0")


def sniff(head: bytes) -> bool:
    """Whether the header names nunatak's columns."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    cells = {cell.strip(b' "\r') for cell in first.split(b",")}
    return {name.encode() for name in REQUIRED_COLUMNS} <= cells


def read(path: Path, context: FormatContext) -> PickSet:
    """Read a table; columns that nunatak does not know are kept as text.

    Raises
    ------
    FormatError
        If the table is damaged or lacks a column.
    """
    table = _table(path)
    columns: dict[str, object] = {}
    for name, cells in table.columns.items():
        if name in FLOAT_COLUMNS:
            columns[name] = table.numbers(name, missing_allowed=name not in _COORDINATES)
        elif name == "selected":
            columns[name] = _booleans(table, name)
        else:
            columns[_bare(name)] = pd.Series([_bare(cell) for cell in cells], dtype=str)
    picks = pixel_size.of_stored_images(PickSet(pd.DataFrame(columns), source=path), context)
    return replace(picks, table=frame.to_source(picks.table, context))


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one table with every column.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """
    per_image.refuse_existing([path], context)
    table = frame.in_file(pixel_size.of_file(picks, context.grid).table, context)
    first = ("image", *coordinate_columns(table))
    header = [*first, *(name for name in table.columns if name not in first)]
    columns = [_cells(table[name]) for name in header]
    write_text(path, delimited_text([guarded(str(name)) for name in header], columns, ","))
    return [path]


def _table(path: Path) -> TextTable:
    rows = read_delimited(path, ",", strip=False)
    if rows and len(rows[0][1]) == 1 and any(mark in rows[0][1][0] for mark in ";\t"):
        raise FormatError(
            path,
            f"the header {rows[0][1][0][:60]!r} has no commas",
            line=1,
            hint="Save the table with commas between cells and points in numbers",
        )
    table = as_table(path, rows)
    table.require(*REQUIRED_COLUMNS)
    return table


def _booleans(table: TextTable, name: str) -> np.ndarray:
    cells = [cell.strip().lower() for cell in table.columns[name]]
    for row, cell in enumerate(cells):
        if cell not in _TRUE + _FALSE:
            raise FormatError(
                table.path,
                f"{cell!r} where true or false was expected",
                line=table.lines[row],
                field=name,
            )
    return np.array([cell in _TRUE for cell in cells], dtype=bool)


def _cells(values: pd.Series) -> list[str]:
    if pd.api.types.is_bool_dtype(values.dtype):
        return ["true" if value else "false" for value in values.tolist()]
    if pd.api.types.is_float_dtype(values.dtype):
        return list(written(values.to_numpy(dtype=np.float64, na_value=np.nan)).to_pylist())
    texts = values.astype(object).where(values.notna(), "").astype(str)
    safe = {text: guarded(text) for text in texts.unique()}
    return [safe[text] for text in texts.tolist()]


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded("-1.5"), guarded("a.mrc")
    ("'=1+1", '-1.5', 'a.mrc')
    """
    dangerous = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if dangerous else text


def _bare(text: str) -> str:
    return text[1:] if _GUARDED.match(text) else text


FORMAT = PickFormat(
    name="csv",
    title="CSV",
    suffixes=(".csv",),
    capabilities=Capabilities(
        dimensions=(2, 3),
        score=True,
        class_name=True,
        pixel_size=True,
        angles=True,
        empty_images=False,
        multi_image=True,
        preserves_columns=True,
    ),
    sniff=sniff,
    read=read,
    write=write,
)
