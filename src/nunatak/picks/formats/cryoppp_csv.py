"""CryoPPP tables: ``X-Coordinate,Y-Coordinate,Diameter``, one file an image.

The authors measured on the mirrored image, so that ``y_row = ny - 1 - y``: the image's size is
needed. Some copies of the data set are mirrored already; `nunatak orientation` tells, and
``identity`` reads them.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import UsageError
from nunatak.files import write_text
from nunatak.geometry import FloatArray, Orientation
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.delimited import as_table, delimited_text, read_delimited
from nunatak.picks.formats.numbers import written
from nunatak.picks.table import PickSet

ENDING = ".csv"
OWN_ORIENTATION = Orientation.FLIP_Y
DIAMETER_COLUMN = "cryoppp_diameter_px"
_X, _Y, _DIAMETER = "X-Coordinate", "Y-Coordinate", "Diameter"


def sniff(head: bytes) -> bool:
    """Whether the header names CryoPPP's columns."""
    first = head.split(b"\n", 1)[0]
    return _X.encode() in first and _Y.encode() in first


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the picks of one image.

    Raises
    ------
    FormatError
        If the table is damaged.
    Mismatch
        If the file's stem fits no image or several, or the image's size is unknown.
    """
    table = as_table(path, read_delimited(path, ","))
    table.require(_X, _Y)
    image = per_image.image_of(path, [ENDING], context)
    columns: dict[str, object] = {
        "image": pd.Series([image] * len(table), dtype=str),
        "x_px": table.numbers(_X),
        "y_px": table.numbers(_Y),
    }
    if _DIAMETER in table.columns:
        diameter_px = table.numbers(_DIAMETER, missing_allowed=True) * context.grid.ratio_x
        columns[DIAMETER_COLUMN] = diameter_px
        pixel_size_A = context.images.pixel_size_A(image)
        if pixel_size_A is not None:
            columns["diameter_A"] = diameter_px * pixel_size_A
            columns["pixel_size_A"] = np.full(len(table), pixel_size_A)
    picks = frame.to_source(pd.DataFrame(columns), context, OWN_ORIENTATION)
    return PickSet(picks, images=(image,), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one file an image.

    Raises
    ------
    Mismatch
        If the size of an image is unknown, or two images would share a file.
    UsageError
        If no diameter is known, or one file is named for several images.
    """
    diameters_px = _diameters_px(picks.table, context)
    files = per_image.paths_for(picks, path, ENDING, context)
    x, y = frame.from_source(picks.table, context, OWN_ORIENTATION)
    if context.round_coordinates:
        x, y = frame.whole(x), frame.whole(y)
    cells = [written(values).to_pylist() for values in (x, y, diameters_px)]
    rows_of = dict(frame.by_image(picks.table))
    for image, file in files.items():
        rows = rows_of.get(image, np.empty(0, dtype=np.int64)).tolist()
        columns = [[column[row] for row in rows] for column in cells]
        write_text(file, delimited_text([_X, _Y, _DIAMETER], columns, ","))
    return list(files.values())


def _diameters_px(table: pd.DataFrame, context: FormatContext) -> FloatArray:
    """Return each pick's diameter in the file's pixels, from what is known of it."""
    if context.box_px is not None:
        return np.full(len(table), float(context.box_px))
    if {"diameter_A", "pixel_size_A"} <= set(table.columns):
        diameters_px = table["diameter_A"] / table["pixel_size_A"] / context.grid.ratio_x
    elif DIAMETER_COLUMN in table.columns:
        diameters_px = table[DIAMETER_COLUMN].astype(np.float64) / context.grid.ratio_x
    else:
        diameters_px = pd.Series(np.full(len(table), np.nan))
    if not np.isfinite(diameters_px).all():
        raise UsageError(
            "CryoPPP tables hold the particle's diameter in pixels, which is not known. "
            "Give it as --box."
        )
    return diameters_px.to_numpy(dtype=np.float64)


FORMAT = PickFormat(
    name="cryoppp",
    title="CryoPPP CSV",
    suffixes=(ENDING,),
    capabilities=Capabilities(
        score=False,
        columns=("diameter_A", DIAMETER_COLUMN),
        columns_under_box=("diameter_A", DIAMETER_COLUMN),
        multi_image=False,
        needs_shape=True,
        needs_box=True,
        orientation=OWN_ORIENTATION,
    ),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=per_image.refuse_shared_file_names,
)
