"""A file of picks in words, for people."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.geometry import Orientation
from nunatak.picks.context import FormatContext
from nunatak.picks.counted import counted
from nunatak.picks.formats.registry import format_of
from nunatak.picks.table import ANGLE_COLUMNS

_MOST_CLASSES = 12
"""Named; a classification of particles may have hundreds."""


def describe(path: Path) -> dict[str, str]:
    r"""Describe a file of picks, or the folder of an AutoPick job.

    Parameters
    ----------
    path
        The file; the images are not needed, because positions are not looked at.

    Returns
    -------
    dict of str to str
        Labels and values with their units, in the order in which to show them.

    Raises
    ------
    FormatError
        If the file is damaged or in no known format.
    Mismatch
        If a CryoSPARC file does not state the size of its images.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "picks.csv"
    >>> _ = path.write_text("image,x_px,y_px,score\na.mrc,1,2,0.5\na.mrc,3,4,0.75\n")
    >>> for label, text in describe(path).items():
    ...     print(f"{label}: {text}") if label != "file" else None
    kind: picks
    format: CSV (csv)
    picks: 2 on 1 image
    scores: 0.5 to 0.75
    columns: image, x_px, y_px, score
    """
    fmt = format_of(path)
    # As they stand in the file: to mirror or scale them, more would be needed.
    if fmt.read_in_file is not None:
        picks = fmt.read_in_file(path)
    else:
        picks = fmt.read(path, FormatContext(image=path.stem, orientation=Orientation.IDENTITY))
    images = len(picks.images)
    is_2d = picks.ndim == 2
    where = f"on {counted(images, 'image')}" if is_2d else f"in {counted(images, 'tomogram')}"
    text = {
        "file": str(path),
        "kind": "picks",
        "format": f"{fmt.title} ({fmt.name})",
        "picks": f"{len(picks)} {where}",
    }
    scores = _known(picks.table, "score")
    if len(scores):
        text["scores"] = f"{scores.min():.6g} to {scores.max():.6g}"
    if picks.has_angles:
        known = picks.table[list(ANGLE_COLUMNS)].notna().all(axis=1)
        text["orientations"] = f"of {counted(int(known.sum()), 'pick')}"
    if "class_name" in picks.table.columns:
        names = Counter(name for name in picks.table["class_name"].dropna() if name)
        shown = [f"{name} ({count})" for name, count in names.most_common(_MOST_CLASSES)]
        more = [f"and {len(names) - len(shown)} more"] if len(names) > len(shown) else []
        text["classes"] = ", ".join([*shown, *more]) or "none"
    if "selected" in picks.table.columns:
        text["selected"] = str(int(picks.table["selected"].sum()))
    sizes_A = np.unique(_known(picks.table, "pixel_size_A"))
    if len(sizes_A):
        label = "pixel size" if is_2d else "voxel size"
        text[label] = ", ".join(f"{size:.6g}" for size in sizes_A) + " Å"
    text["columns"] = ", ".join(map(str, picks.table.columns))
    if picks.notes:
        text["notes"] = " ".join(picks.notes)
    return text


def _known(table: pd.DataFrame, column: str) -> np.ndarray:
    values = table[column].to_numpy() if column in table.columns else np.empty(0)
    return values[~np.isnan(values)]
