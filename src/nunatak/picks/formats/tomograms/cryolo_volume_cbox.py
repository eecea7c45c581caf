"""crYOLO CBOX files of tomograms: corners in x and y, but centres in z.

``_CoordinateX/Y`` is the fractional corner of least x and y, as on micrographs; ``_CoordinateZ``
is the slice of the box's centre, from which no half depth may be taken. Cells that crYOLO does
not know are ``<NA>``. Estimated sizes, numbers of merged boxes, angles and filaments are kept.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak import geometry
from nunatak.errors import FormatError
from nunatak.files import write_text
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import cryolo_cbox, frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.delimited import are_numbers
from nunatak.picks.formats.eman_box import required_box
from nunatak.picks.formats.star import StarTable, read_star
from nunatak.picks.formats.star_text import star_block
from nunatak.picks.table import PickSet

ENDING = cryolo_cbox.ENDING
_BLOCK, _MISSING = "cryolo", "<NA>"
_X, _Y, _Z, _CONFIDENCE = "CoordinateX", "CoordinateY", "CoordinateZ", "Confidence"
_WIDTH, _HEIGHT, _DEPTH = "Width", "Height", "Depth"
_GLOBAL = "data_global\n\n_cbox_format_version 1.0\n\n"


def sniff(head: bytes) -> bool:
    """Whether the first box of a CBOX file states its slice."""
    before_and_after = re.split(rb"data_cryolo\s*\n", head, maxsplit=1)
    lines = [line.split() for line in before_and_after[-1].split(b"\n")]
    names = [cells[0] for cells in lines if cells and cells[0].startswith(b"_")]
    first = next((cells for cells in lines if cells and cells[0][:1] not in b"_#l"), [])
    column = names.index(b"_" + _Z.encode()) if b"_" + _Z.encode() in names else len(first)
    return len(before_and_after) > 1 and column < len(first) and are_numbers([first[column]])


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the boxes of one tomogram.

    Raises
    ------
    FormatError
        If the file is damaged, or a box states no slice, as on micrographs.
    Mismatch
        If the file's stem fits no tomogram, or several.
    """
    table = _boxes(path)
    table.require(_X, _Y, _Z, _WIDTH, _HEIGHT)
    if _MISSING in table.columns[_Z]:
        row = table.columns[_Z].index(_MISSING)
        raise FormatError(
            path,
            "a box without a slice, as on a micrograph, where picks in a tomogram were expected",
            line=int(table.row_lines[row]),
            field=_Z,
        )
    image = per_image.image_of(path, [ENDING], context)
    columns: dict[str, object] = {
        "image": pd.Series([image] * len(table), dtype=str),
        "x_px": geometry.float_corner_to_centre(table.numbers(_X), table.numbers(_WIDTH)),
        "y_px": geometry.float_corner_to_centre(table.numbers(_Y), table.numbers(_HEIGHT)),
        "z_px": table.numbers(_Z),
    }
    if _CONFIDENCE in table.columns:
        columns["score"] = table.numbers(_CONFIDENCE, missing_allowed=True)
    for name, cells in table.columns.items():
        if name not in (_X, _Y, _Z, _WIDTH, _HEIGHT, _DEPTH, _CONFIDENCE):
            columns[name] = pd.Series(cells, dtype=str)
    return PickSet(frame.to_source(pd.DataFrame(columns), context), images=(image,), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one file an image, of cubic boxes.

    Raises
    ------
    UsageError
        If no box size is given, or one file is named for several images.
    Mismatch
        If two images would share a file.
    """
    box_px = required_box(context, "CBOX files")
    files = per_image.paths_for(picks, path, ENDING, context)
    x, y, z = frame.volume_in_file(picks.table, context).T
    corner_x = geometry.centre_to_float_corner(x, box_px)
    corner_y = geometry.centre_to_float_corner(y, box_px)
    rows_of = dict(frame.by_image(picks.table))
    for image, file in files.items():
        rows = rows_of.get(image, np.empty(0, dtype=np.int64))
        position = (corner_x[rows], corner_y[rows], z[rows])
        boxes = star_block(_BLOCK, _columns(picks.table.iloc[rows], position, box_px))
        slices = pd.Series(np.unique(frame.whole_numbers(z[rows])))
        write_text(file, _GLOBAL + boxes + star_block("cryolo_include", {"slice_index": slices}))
    return list(files.values())


def _boxes(path: Path) -> StarTable:
    tables = read_star(path)
    for table in tables:
        if table.block == _BLOCK:
            return table
    blocks = ", ".join(f"data_{table.block}" for table in tables) or "none"
    raise FormatError(path, f"no block data_{_BLOCK}", hint=f"Blocks found: {blocks}")


def _columns(
    picks: pd.DataFrame, position: tuple[FloatArray, FloatArray, FloatArray], box_px: int
) -> dict[str, pd.Series]:
    size = pd.Series(np.full(len(picks), box_px))
    x, y, z = (pd.Series(axis) for axis in position)
    columns = {_X: x, _Y: y, _Z: z, _WIDTH: size, _HEIGHT: size, _DEPTH: size}
    return columns | cryolo_cbox.further_columns(picks)


FORMAT = PickFormat(
    name="cryolo-3d",
    title="crYOLO CBOX of a tomogram",
    suffixes=(ENDING,),
    capabilities=Capabilities(
        dimensions=(3,), columns=cryolo_cbox.KEPT_COLUMNS, multi_image=False, needs_box=True
    ),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=per_image.refuse_shared_file_names,
)
