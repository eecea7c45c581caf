"""Tables of the CZII challenge: ``id,experiment,particle_type,x,y,z``, positions in ångström.

The challenge calls its voxels 10 Å wide, and they are 10.012 Å: the difference is 8 Å at the far
end of a tomogram. The table itself states no voxel size.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import BadInput
from nunatak.files import encodable, write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.delimited import as_table, delimited_text, read_delimited
from nunatak.picks.formats.numbers import written
from nunatak.picks.formats.tomograms import angstrom, runs
from nunatak.picks.table import PickSet

_ID, _RUN, _TYPE = "id", "experiment", "particle_type"
_AXES = ("x", "y", "z")
_NEEDED = (_RUN, _TYPE, *_AXES)


def sniff(head: bytes) -> bool:
    """Whether the header names the challenge's columns."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    cells = {cell.strip(b' "\r').decode(errors="replace") for cell in first.split(b",")}
    return set(_NEEDED) <= cells


def read(path: Path, context: FormatContext) -> PickSet:
    """Read a table of any number of runs; columns of other names are kept as text.

    Raises
    ------
    FormatError
        If the table is damaged or lacks a column.
    Mismatch
        If a run fits no tomogram or several, or a voxel size is not known.
    """
    table = read_in_file(path).table
    names = table["image"]
    images = names.map(runs.images_of_runs(names.unique(), path, context)).astype(str)
    sizes_A = {image: angstrom.voxel_size_A(image, path, context) for image in images.unique()}
    voxel_size_A = images.map(sizes_A).to_numpy(dtype=np.float64)
    table = angstrom.to_voxels(table.assign(image=images), voxel_size_A, context)
    return PickSet(table, source=path)


def read_in_file(path: Path) -> PickSet:
    """Read picks with positions in ångström, in tomograms that are called as the runs are.

    Raises
    ------
    FormatError
        If the table is damaged or lacks a column.
    """
    table = as_table(path, read_delimited(path, ","))
    table.require(*_NEEDED)
    columns: dict[str, object] = {
        "image": pd.Series(table.columns[_RUN], dtype=str),
        **{f"{axis}_px": table.numbers(axis) for axis in _AXES},
        "class_name": pd.Series(table.columns[_TYPE], dtype=str),
    }
    for name, cells in table.columns.items():
        if name not in (_ID, *_NEEDED):
            columns[name] = pd.Series(cells, dtype=str)
    return PickSet(pd.DataFrame(columns), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one table, its rows numbered from 0.

    Raises
    ------
    BadInput
        If a pick has no class.
    Mismatch
        If a voxel size is not known, or two tomograms belong to one run.
    UsageError
        If the file may not be replaced.
    """
    per_image.refuse_existing([path], context)
    runs.refuse_shared_runs(picks.images)
    sizes_A = angstrom.voxel_sizes_A(picks, context)
    positions_A = angstrom.from_voxels(picks.table, sizes_A, context)
    columns = [
        [str(row) for row in range(len(picks))],
        picks.table["image"].map(runs.run_of).tolist(),
        _types(picks.table),
        *(written(axis_A).to_pylist() for axis_A in positions_A.T),
    ]
    write_text(path, encodable(delimited_text([_ID, *_NEEDED], columns, ",")))
    return [path]


def _types(table: pd.DataFrame) -> list[str]:
    if "class_name" not in table.columns:
        missing = len(table)
    else:
        missing = int((table["class_name"].isna() | (table["class_name"] == "")).sum())
    if missing:
        raise BadInput(
            f"{missing} of {len(table)} picks have no class, and a CZII table names the type of "
            "every particle. Give the pick table a column class_name."
        )
    return table["class_name"].astype(str).tolist() if len(table) else []


FORMAT = PickFormat(
    name="czii-csv",
    title="CZII CSV",
    suffixes=(".csv",),
    capabilities=Capabilities(
        dimensions=(3,),
        unit="ångström from the centre of the first voxel",
        score=False,
        class_name=True,
        pixel_size=True,
        empty_images=False,
    ),
    sniff=sniff,
    read=read,
    write=write,
    read_in_file=read_in_file,
    refuse_images=runs.refuse_shared_runs,
)
