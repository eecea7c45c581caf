"""Boxes of tomograms in EMAN2's information files: ``"boxes_3d": [[x, y, z, by, score, class]]``.

A file with ``apix_unbin`` counts in pixels of the unbinned tilt series from the middle voxel
n // 2 of whatever tomogram is looked at, so that size and voxel size of the tomogram must be
known; a file without counts in voxels from the first (EMAN2's ``e2spt_boxer.py``). What else is
in a file is kept.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import FormatError, Mismatch, UsageError
from nunatak.files import encodable, write_text
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import eman2_json, frame
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.json_text import read_json_object
from nunatak.picks.formats.tomograms import eman2_classes, eman2_names
from nunatak.picks.formats.unknown_as_zero import or_zero, unless_zero
from nunatak.picks.table import PickSet

ENDING = eman2_json.ENDING
PICKER_COLUMN = eman2_json.PICKER_COLUMN
_DEFAULT_PICKER = "nunatak"
_BOXES, _UNBINNED = "boxes_3d", "apix_unbin"
_KEY, _PLANAR_KEY = re.compile(rb'"boxes_3d"\s*:'), re.compile(rb'"boxes"\s*:')


@dataclass(frozen=True)
class _Box:
    position: tuple[float, float, float]
    picker: str = ""
    score: float = 0.0
    class_number: int = 0


def sniff(head: bytes) -> bool:
    """Whether this is a JSON object with boxes of a tomogram, and none of a micrograph."""
    has_volume_boxes = _KEY.search(head) is not None and _PLANAR_KEY.search(head) is None
    return eman2_json.sniff(head) and has_volume_boxes


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the boxes of one tomogram; an object without boxes means no picks.

    Raises
    ------
    FormatError
        If the file is damaged, or holds boxes of a micrograph.
    Mismatch
        If the file's stem fits no tomogram or several, or its size or voxel size is needed and
        unknown.
    UsageError
        If a binning is stated for a file that states its own.
    """
    content = read_json_object(path)
    if _BOXES not in content and "boxes" in content:
        raise FormatError(
            path, "boxes of a micrograph where picks in a tomogram were expected", field="boxes"
        )
    listed = content.get(_BOXES, [])
    if not isinstance(listed, list):
        raise FormatError(path, "not a list of boxes", field=_BOXES)
    boxes = [_box(path, number, cells) for number, cells in enumerate(listed)]
    image = eman2_names.image_of(path, context)
    position = np.array([box.position for box in boxes], dtype=np.float64).reshape(-1, 3)
    if boxes and _UNBINNED in content:
        scale, middle = _unbinned_frame(path, content, image, context)
        position = position * scale + middle
    table = pd.DataFrame(
        {
            "image": pd.Series([image] * len(boxes), dtype=str),
            **dict(zip(("x_px", "y_px", "z_px"), position.T, strict=True)),
            PICKER_COLUMN: pd.Series([box.picker for box in boxes], dtype=str),
        }
    )
    scores = unless_zero(np.array([box.score for box in boxes]))
    if scores is not None:
        table["score"] = scores
    classes = eman2_classes.read_class_list(path, content)
    names = eman2_classes.names_of([box.class_number for box in boxes], classes)
    if names is not None:
        table["class_name"] = names
    return PickSet(frame.to_source(table, context), images=(image,), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one file an image, in the frame that a file which exists states; its other keys stay.

    Raises
    ------
    FormatError
        If a file that exists is not one of EMAN2's: it is left alone.
    UsageError
        If a file holds boxes already and may not be replaced, or one file is named for several
        images.
    Mismatch
        If two images would share a file, or a size is needed and unknown.
    """
    files = eman2_names.files_for(picks, path)
    contents = {
        image: read_json_object(file) if file.exists() else {} for image, file in files.items()
    }
    taken = [files[image] for image, content in contents.items() if content.get(_BOXES)]
    if taken and not context.overwrite:
        raise UsageError(f"{taken[0]} holds boxes already. Give --overwrite to replace them.")
    position = frame.volume_in_file(picks.table, context)
    rows_of = dict(frame.by_image(picks.table))
    for image, file in files.items():
        rows = rows_of.get(image, np.empty(0, dtype=np.int64))
        xyz, content = position[rows], contents[image]
        if len(rows) and _UNBINNED in content:
            scale, middle = _unbinned_frame(file, content, image, context)
            xyz = (xyz - middle) / scale
        changed = content | _boxes(file, content, picks.table.iloc[rows], xyz, context.box_px)
        write_text(file, encodable(json.dumps(changed, indent=1, allow_nan=False)) + "\n")
    return list(files.values())


def _holds_boxes(path: Path) -> bool:
    """Whether there is a file with boxes, which writing would replace."""
    return path.exists() and bool(read_json_object(path).get(_BOXES))


def _boxes(
    path: Path,
    content: Mapping[str, object],
    table: pd.DataFrame,
    xyz: FloatArray,
    box_px: int | None,
) -> dict[str, object]:
    """Return the keys of a file that hold picks."""
    scores = or_zero(table["score"]) if "score" in table.columns else np.zeros(len(table))
    pickers = [_DEFAULT_PICKER] * len(table)
    if PICKER_COLUMN in table.columns:
        pickers = table[PICKER_COLUMN].astype(str).tolist()
    names: list[str | None] = [None] * len(table)
    if "class_name" in table.columns:
        names = [None if pd.isna(name) or name == "" else str(name) for name in table["class_name"]]
    known = eman2_classes.read_class_list(path, content)
    numbers, classes = eman2_classes.numbered(names, known, box_px)
    columns = (xyz.tolist(), pickers, scores.tolist(), numbers)
    return {
        _BOXES: [[*centre, *others] for centre, *others in zip(*columns, strict=True)],
        eman2_classes.KEY: {str(number): entry for number, entry in classes.items()},
    }


def _unbinned_frame(
    path: Path, content: Mapping[str, object], image: str, context: FormatContext
) -> tuple[float, FloatArray]:
    """Return voxels of the tomogram per unbinned pixel, and its middle voxel x, y, z."""
    if not context.grid.is_stored:
        raise UsageError(
            f"{path}: counts in unbinned pixels from the tomogram's middle ({_UNBINNED}), which no "
            "binning changes. Leave the binning out."
        )
    unbinned_A = content[_UNBINNED]
    if isinstance(unbinned_A, bool) or not isinstance(unbinned_A, int | float):
        raise FormatError(path, f"{unbinned_A!r} where a pixel size was expected", field=_UNBINNED)
    if not 0 < unbinned_A < math.inf:
        raise FormatError(path, f"a pixel size of {unbinned_A} Å", field=_UNBINNED)
    voxel_A = context.images.pixel_size_A(image)
    if voxel_A is None:
        raise Mismatch(
            f"{path}: counts in unbinned pixels of {unbinned_A:g} Å, so that the voxel size of "
            f"{image} must be known. Give it (--pixel-size)."
        )
    nz, ny, nx = context.images.volume_shape(image)
    return unbinned_A / voxel_A, np.array([nx // 2, ny // 2, nz // 2], dtype=np.float64)


def _box(path: Path, number: int, cells: object) -> _Box:
    try:
        if not isinstance(cells, list) or any(
            isinstance(cell, bool | str) for cell in (*cells[:3], *cells[4:6])
        ):
            raise TypeError
        x, y, z = map(float, cells[:3])
        score = float(cells[4]) if len(cells) > 4 else 0.0
        class_number = int(cells[5]) if len(cells) > 5 else 0
        if not math.isfinite(x + y + z + score) or (len(cells) > 5 and cells[5] != class_number):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise FormatError(
            path,
            f"{str(cells)[:80]} where [x, y, z, picker, score, class] was expected",
            field=f"{_BOXES}[{number}]",
        ) from None
    # JSON can escape halves of a character, which are no text.
    picker = str(cells[3]).encode(errors="replace").decode() if len(cells) > 3 else ""
    return _Box((x, y, z), picker, score, class_number)


FORMAT = PickFormat(
    name="eman2-3d",
    title="EMAN2 info JSON of a tomogram",
    suffixes=(ENDING,),
    capabilities=Capabilities(
        dimensions=(3,),
        zero_for_unknown=("score",),
        class_name=True,
        columns=(PICKER_COLUMN,),
        multi_image=False,
    ),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=eman2_names.refuse_shared_files,
    replaces=_holds_boxes,
)
