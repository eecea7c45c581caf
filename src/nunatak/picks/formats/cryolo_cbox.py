"""crYOLO CBOX files: a STAR file of boxes with a confidence, one file an image.

``_CoordinateX/Y`` is the corner of least x and y, fractional, so that the centre is corner +
size / 2. Cells that crYOLO does not know are ``<NA>``. Other columns (estimated size, number
of merged boxes, angle, filament) are kept. The older CBOX of five blank-separated columns
(corner, size, confidence) is read as well.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak import geometry
from nunatak.errors import FormatError
from nunatak.files import write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.delimited import TextTable, are_numbers, as_table, read_delimited
from nunatak.picks.formats.eman_box import required_box
from nunatak.picks.formats.star import StarTable, read_star
from nunatak.picks.formats.star_text import star_block
from nunatak.picks.table import PickSet

ENDING = ".cbox"
_BLOCK = "cryolo"
_MISSING = "<NA>"
_X, _Y, _Z, _WIDTH, _HEIGHT, _CONFIDENCE = (
    "CoordinateX",
    "CoordinateY",
    "CoordinateZ",
    "Width",
    "Height",
    "Confidence",
)
_OLD_COLUMNS = (_X, _Y, _WIDTH, _HEIGHT, _CONFIDENCE)
_KEPT = ("EstWidth", "EstHeight", "NumBoxes", "Angle")
_FILAMENT = "filamentid"
KEPT_COLUMNS = (*_KEPT, _FILAMENT)
"""What a CBOX file knows of a pick besides its box and its confidence."""

_GLOBAL = "data_global\n\n_cbox_format_version 1.0\n\n"


def sniff(head: bytes) -> bool:
    """Whether the file states a CBOX version, or (the old one) begins with five numbers."""
    first = head.split(b"\n", 1)[0].split()
    old = len(first) == len(_OLD_COLUMNS) and are_numbers(first)
    return old or b"_cbox_format_version" in head or b"data_cryolo" in head


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the boxes of one image.

    Raises
    ------
    FormatError
        If the file is damaged, or holds boxes of a tomogram.
    Mismatch
        If the file's stem fits no image, or several.
    """
    table = _table(path)
    table.require(_X, _Y, _WIDTH, _HEIGHT)
    _refuse_tomogram(path, table)
    image = per_image.image_of(path, [ENDING], context)
    columns: dict[str, object] = {
        "image": pd.Series([image] * len(table), dtype=str),
        "x_px": geometry.float_corner_to_centre(table.numbers(_X), table.numbers(_WIDTH)),
        "y_px": geometry.float_corner_to_centre(table.numbers(_Y), table.numbers(_HEIGHT)),
    }
    if _CONFIDENCE in table.columns:
        columns["score"] = table.numbers(_CONFIDENCE, missing_allowed=True)
    for name, cells in table.columns.items():
        if name not in (_X, _Y, _Z, _WIDTH, _HEIGHT, "Depth", _CONFIDENCE):
            columns[name] = pd.Series(cells, dtype=str)
    return PickSet(frame.to_source(pd.DataFrame(columns), context), images=(image,), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one file an image.

    Raises
    ------
    UsageError
        If no box size is given, or one file is named for several images.
    Mismatch
        If two images would share a file.
    """
    box_px = required_box(context, "CBOX files")
    files = per_image.paths_for(picks, path, ENDING, context)
    x, y = frame.from_source(picks.table, context)
    if context.round_coordinates:
        x, y = frame.whole(x), frame.whole(y)
    corner_x = geometry.centre_to_float_corner(x, box_px)
    corner_y = geometry.centre_to_float_corner(y, box_px)
    rows_of = dict(frame.by_image(picks.table))
    for image, file in files.items():
        rows = rows_of.get(image, np.empty(0, dtype=np.int64))
        boxes = _columns(picks.table.iloc[rows], corner_x[rows], corner_y[rows], box_px)
        include = star_block("cryolo_include", {"slice_index": pd.Series([], dtype=str)})
        write_text(file, _GLOBAL + star_block(_BLOCK, boxes) + include)
    return list(files.values())


def _columns(
    picks: pd.DataFrame, corner_x: np.ndarray, corner_y: np.ndarray, box_px: int
) -> dict[str, pd.Series]:
    n = len(picks)
    missing = pd.Series([_MISSING] * n, dtype=str)
    size = pd.Series(np.full(n, box_px))
    columns = {
        _X: pd.Series(corner_x),
        _Y: pd.Series(corner_y),
        _Z: missing,
        _WIDTH: size,
        _HEIGHT: size,
        "Depth": missing,
    }
    return columns | further_columns(picks)


def further_columns(picks: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what follows the boxes in a CBOX file: estimates, confidence and filaments.

    Parameters
    ----------
    picks
        Pick table of one image.

    Returns
    -------
    dict of str to pandas.Series
        By column name, in crYOLO's order; cells of unknown values are ``<NA>``.
    """
    unknown = pd.Series(np.nan, index=picks.index, dtype=np.float64)
    columns = {name: picks.get(name, unknown) for name in _KEPT[:2]}
    columns[_CONFIDENCE] = picks.get("score", unknown)
    columns |= {name: picks.get(name, unknown) for name in _KEPT[2:]}
    if _FILAMENT in picks.columns:
        columns[_FILAMENT] = picks[_FILAMENT]
    return {name: _or_missing(cells) for name, cells in columns.items()}


def _or_missing(cells: pd.Series) -> pd.Series:
    known = cells.notna()
    return cells if known.all() else cells.astype(object).where(known, _MISSING)


def _table(path: Path) -> StarTable | TextTable:
    rows = read_delimited(path, None)
    if rows and len(rows[0][1]) == len(_OLD_COLUMNS) and are_numbers(rows[0][1]):
        return as_table(path, rows, list(_OLD_COLUMNS))
    tables = read_star(path)
    boxes = [table for table in tables if table.block == _BLOCK]
    if not boxes:
        blocks = ", ".join(f"data_{table.block}" for table in tables) or "none"
        raise FormatError(path, f"no block data_{_BLOCK}", hint=f"Blocks found: {blocks}")
    return boxes[0]


def _refuse_tomogram(path: Path, table: StarTable | TextTable) -> None:
    slices = {cell for cell in table.columns.get(_Z, ()) if cell != _MISSING}
    if len(slices) > 1:
        raise FormatError(
            path,
            "boxes in several slices of a tomogram where picks on a micrograph were expected",
            field=_Z,
        )


FORMAT = PickFormat(
    name="cryolo-cbox",
    title="crYOLO CBOX",
    suffixes=(ENDING,),
    capabilities=Capabilities(score=True, columns=KEPT_COLUMNS, multi_image=False, needs_box=True),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=per_image.refuse_shared_file_names,
)
