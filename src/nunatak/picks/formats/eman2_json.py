"""EMAN2's image information files: ``info/<stem>_info.json`` with ``"boxes": [[x, y, by], ...]``.

``x  y`` is the box's centre in pixels along the stored rows; ``by`` says which picker it came
from. The file holds more than picks (defocus, quality, ...): what else is in it is kept.
"""

import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import FormatError, UsageError
from nunatak.files import write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.json_text import read_json_object
from nunatak.picks.table import PickSet

ENDING = "_info.json"
PICKER_COLUMN = "eman2_picker"
_DEFAULT_PICKER = "nunatak"
_BOXES, _BOXES_3D = "boxes", "boxes_3d"
_KEY = re.compile(
    rb'"(boxes|boxes_3d|boxes_rct|class_list|ctf|ctf_frame|ctf_microbox|quality|sets)"\s*:'
)
"""EMAN2 writes other files of JSON too, and so does everybody else."""


def sniff(head: bytes) -> bool:
    """Whether this is a JSON object with a key that EMAN2 gives to its information files."""
    is_object = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return is_object and _KEY.search(head) is not None


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the boxes of one image; an object without boxes means no picks.

    Raises
    ------
    FormatError
        If the file is damaged, or holds boxes of a tomogram.
    Mismatch
        If the file's stem fits no image, or several.
    """
    content = read_json_object(path)
    if _BOXES_3D in content and _BOXES not in content:
        raise FormatError(
            path, "boxes of a tomogram where picks on a micrograph were expected", field=_BOXES_3D
        )
    boxes = content.get(_BOXES, [])
    if not isinstance(boxes, list):
        raise FormatError(path, "not a list of boxes", field=_BOXES)
    positions = np.array([_position(path, n, box) for n, box in enumerate(boxes)], dtype=float)
    positions = positions.reshape(-1, 2)
    image = per_image.image_of(path, [ENDING, ".json"], context)
    table = pd.DataFrame(
        {
            "image": pd.Series([image] * len(boxes), dtype=str),
            "x_px": positions[:, 0],
            "y_px": positions[:, 1],
            PICKER_COLUMN: pd.Series([_picker(box) for box in boxes], dtype=str),
        }
    )
    return PickSet(frame.to_source(table, context), images=(image,), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one file an image; other keys of files that exist are kept.

    Raises
    ------
    FormatError
        If a file that exists is not a JSON object: it is left alone.
    UsageError
        If a file holds boxes already and may not be replaced, or one file is named for
        several images.
    Mismatch
        If two images would share a file.
    """
    merging = FormatContext(overwrite=True)
    files = per_image.paths_for(picks, path, ENDING, merging)
    contents = {
        image: read_json_object(file) if file.exists() else {} for image, file in files.items()
    }
    taken = [files[image] for image, content in contents.items() if content.get(_BOXES)]
    if taken and not context.overwrite:
        raise UsageError(f"{taken[0]} holds boxes already. Give --overwrite to replace them.")
    x, y = frame.from_source(picks.table, context)
    if context.round_coordinates:
        x, y = frame.whole(x), frame.whole(y)
    rows_of = dict(frame.by_image(picks.table))
    for image, file in files.items():
        rows = rows_of.get(image, np.empty(0, dtype=np.int64))
        pickers = _pickers(picks.table, rows)
        boxes = [list(box) for box in zip(x[rows].tolist(), y[rows].tolist(), pickers, strict=True)]
        content = {**contents[image], _BOXES: boxes}
        write_text(file, json.dumps(content, indent=1, allow_nan=False) + "\n")
    return list(files.values())


def _holds_boxes(path: Path) -> bool:
    """Whether there is a file with boxes, which writing would replace."""
    return path.exists() and bool(read_json_object(path).get(_BOXES))


def _picker(box: list[object]) -> str:
    # JSON can escape halves of a character, which are no text.
    return str(box[2]).encode(errors="replace").decode() if len(box) > 2 else ""


def _pickers(table: pd.DataFrame, rows: np.ndarray) -> list[str]:
    if PICKER_COLUMN not in table.columns:
        return [_DEFAULT_PICKER] * len(rows)
    return [str(name) for name in table[PICKER_COLUMN].iloc[rows]]


def _position(path: Path, number: int, box: object) -> tuple[float, float]:
    try:
        if not isinstance(box, list) or any(isinstance(cell, bool | str) for cell in box[:2]):
            raise TypeError
        x, y = float(box[0]), float(box[1])
        if not math.isfinite(x + y):
            raise ValueError
    except (TypeError, ValueError, IndexError, OverflowError):
        raise FormatError(
            path, f"{str(box)[:60]} where [x, y, picker] was expected", field=f"boxes[{number}]"
        ) from None
    return x, y


FORMAT = PickFormat(
    name="eman2-json",
    title="EMAN2 info JSON",
    suffixes=(ENDING,),
    capabilities=Capabilities(score=False, columns=(PICKER_COLUMN,), multi_image=False),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=per_image.refuse_shared_file_names,
    replaces=_holds_boxes,
)
