"""Plain coordinates: ``x  y  z`` or ``class  x  y  z`` of each pick, one file a tomogram.

Voxels from the centre of the first one, parted by blanks, no header. Four columns are
DeepETPicker's, whose classes are whole numbers.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import BadInput, FormatError
from nunatak.files import write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.delimited import are_numbers, as_table, read_delimited
from nunatak.picks.formats.numbers import written
from nunatak.picks.table import PickSet, empty_table

ENDING = ".coords"
_AXES = ["x", "y", "z"]
_WITH_CLASS = ["class", *_AXES]


def sniff(head: bytes) -> bool:
    """Whether the first line is four numbers; three are as likely a table of other programs."""
    cells = head.split(b"\n", 1)[0].split()
    return len(cells) == len(_WITH_CLASS) and are_numbers(cells)


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the picks of one tomogram; an empty file means no picks.

    Raises
    ------
    FormatError
        If a row has other than three or four cells, or a coordinate is no number.
    Mismatch
        If the file's stem fits no tomogram, or several.
    """
    rows = read_delimited(path, None)
    image = per_image.image_of(path, [ENDING], context)
    if not rows:
        return PickSet(empty_table(3), images=(image,), source=path)
    line, first = rows[0]
    if len(first) not in (len(_AXES), len(_WITH_CLASS)):
        raise FormatError(
            path,
            f"a row of {len(first)} cells where x, y, z or class, x, y, z were expected",
            line=line,
            hint="Two columns are picks on a micrograph" if len(first) == 2 else None,
        )
    table = as_table(path, rows, _AXES if len(first) == len(_AXES) else _WITH_CLASS)
    columns: dict[str, object] = {
        "image": pd.Series([image] * len(table), dtype=str),
        **{f"{axis}_px": table.numbers(axis) for axis in _AXES},
    }
    if "class" in table.columns:
        columns["class_name"] = pd.Series(table.columns["class"], dtype=str)
    return PickSet(frame.to_source(pd.DataFrame(columns), context), images=(image,), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one file a tomogram, with classes where the picks have them.

    Raises
    ------
    BadInput
        If some picks have a class and others have none, or a class holds blanks.
    UsageError
        If one file is named for several tomograms, or may not be replaced.
    Mismatch
        If two tomograms would share a file.
    """
    classes = _classes(picks.table)
    files = per_image.paths_for(picks, path, ENDING, context)
    positions = frame.volume_in_file(picks.table, context)
    columns = [*([] if classes is None else [classes]), *map(_cells, positions.T)]
    lines = ["\t".join(cells) + "\n" for cells in zip(*columns, strict=True)]
    rows_of = dict(frame.by_image(picks.table))
    for image, file in files.items():
        rows = rows_of.get(image, np.empty(0, dtype=np.int64)).tolist()
        write_text(file, "".join(lines[row] for row in rows))
    return list(files.values())


def _cells(values: np.ndarray) -> list[str]:
    return list(written(values).to_pylist())


def _classes(table: pd.DataFrame) -> list[str] | None:
    """Return the class of each pick, or None if there are none."""
    if "class_name" not in table.columns:
        return None
    known = (table["class_name"].notna() & (table["class_name"] != "")).to_numpy(dtype=bool)
    if not known.any():
        return None
    if not known.all():
        raise BadInput(
            f"{int((~known).sum())} of {len(known)} picks have no class, but .coords files hold "
            "one for all picks or for none. Write them separately."
        )
    classes = table["class_name"].astype(str).tolist()
    blank = next((name for name in classes if len(name.split()) != 1), None)
    if blank is not None:
        raise BadInput(
            f"Class {blank!r} holds blanks, which part the columns of .coords files. Rename it."
        )
    return classes


FORMAT = PickFormat(
    name="coords",
    title="coords file",
    suffixes=(ENDING,),
    capabilities=Capabilities(dimensions=(3,), score=False, class_name=True, multi_image=False),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=per_image.refuse_shared_file_names,
)
