"""EMAN1 box files: ``x  y  width  height`` of each box, one file an image, no header.

``x  y`` is the box's corner of least x and y, whole pixels; the centre is corner + size // 2
(RELION's integer division). EMAN shows y upwards but stores it along the rows, except for TIFF
and DM3, which EMAN2 mirrors: those need ``flip-y``. Files of helical boxers, which share the
ending, are read too: they list centres after lines that begin with ``#``.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak import geometry
from nunatak.errors import FormatError, UsageError
from nunatak.files import write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.counted import counted
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.delimited import are_numbers, as_table, read_delimited
from nunatak.picks.table import PickSet

ENDING = ".box"
_BOX_COLUMNS = ["x", "y", "width", "height"]
_HELIX_MARK = "#micrograph:"
_MAX_HEAD_CELLS = 5


def sniff(head: bytes) -> bool:
    """Whether the first line is four numbers, or the file is one of a helical boxer."""
    if head.startswith(_HELIX_MARK.encode()):
        return True
    cells = head.split(b"\n", 1)[0].split()
    return len(_BOX_COLUMNS) <= len(cells) <= _MAX_HEAD_CELLS and are_numbers(cells)


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the boxes of one image; an empty file means no picks.

    Raises
    ------
    FormatError
        If a row is not a box.
    Mismatch
        If the file's stem fits no image, or several.
    """
    rows = read_delimited(path, None)
    image = per_image.image_of(path, [ENDING], context)
    notes = []
    if any(cells[0].startswith("#") for _, cells in rows):
        x, y = _helix_centres(path, rows)
    else:
        x, y, boxless = _box_centres(path, rows)
        if boxless:
            notes.append(
                f"{path}: {counted(boxless, 'box', 'boxes')} {'has' if boxless == 1 else 'have'} "
                f"no size; {'its corner was' if boxless == 1 else 'their corners were'} taken for "
                f"{'its centre' if boxless == 1 else 'centres'}."
            )
    table = pd.DataFrame({"image": pd.Series([image] * len(x), dtype=str), "x_px": x, "y_px": y})
    return PickSet(frame.to_source(table, context), images=(image,), source=path, notes=notes)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one file an image, with whole pixels.

    Raises
    ------
    UsageError
        If no box size is given, or one file is named for several images.
    Mismatch
        If two images would share a file.
    """
    box_px = required_box(context, "EMAN box files")
    files = per_image.paths_for(picks, path, ENDING, context)
    x, y = frame.from_source(picks.table, context)
    corners = [frame.whole_numbers(geometry.centre_to_corner(axis, box_px)) for axis in (x, y)]
    rows_of = dict(frame.by_image(picks.table))
    for image, file in files.items():
        rows = rows_of.get(image, np.empty(0, dtype=np.int64))
        pairs = zip(corners[0][rows].tolist(), corners[1][rows].tolist(), strict=True)
        write_text(file, "".join(f"{x}\t{y}\t{box_px}\t{box_px}\n" for x, y in pairs))
    return list(files.values())


def required_box(context: FormatContext, what: str) -> int:
    """Return the context's box size.

    Raises
    ------
    UsageError
        If there is none.
    """
    if context.box_px is None:
        raise UsageError(f"{what} hold boxes: give the side of the box in pixels (--box).")
    return context.box_px


def _box_centres(
    path: Path, rows: list[tuple[int, list[str]]]
) -> tuple[np.ndarray, np.ndarray, int]:
    for number, cells in rows:
        if len(cells) != len(_BOX_COLUMNS):
            hint = "Helical boxes with a fifth column are not read" if len(cells) > 4 else None
            raise FormatError(
                path,
                f"a row of {len(cells)} values where x, y, width and height were expected",
                line=number,
                hint=hint,
            )
    table = as_table(path, rows, _BOX_COLUMNS)
    width, height = table.numbers("width"), table.numbers("height")
    negative = np.flatnonzero((width < 0) | (height < 0))
    if len(negative):
        raise FormatError(path, "a box of negative size", line=table.lines[int(negative[0])])
    x = geometry.corner_to_centre(table.numbers("x"), width)
    y = geometry.corner_to_centre(table.numbers("y"), height)
    return x, y, int(((width == 0) & (height == 0)).sum())


def _helix_centres(path: Path, rows: list[tuple[int, list[str]]]) -> tuple[np.ndarray, np.ndarray]:
    centres = [(number, cells) for number, cells in rows if not cells[0].startswith("#")]
    table = as_table(path, centres, ["x", "y"])
    return table.numbers("x"), table.numbers("y")


FORMAT = PickFormat(
    name="eman-box",
    title="EMAN box file",
    suffixes=(ENDING,),
    capabilities=Capabilities(score=False, multi_image=False, integer=True, needs_box=True),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=per_image.refuse_shared_file_names,
)
