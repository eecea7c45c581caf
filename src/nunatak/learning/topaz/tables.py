"""The tables that Topaz reads and writes: lists of images, coordinates, the training log."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import FormatError, Mismatch
from nunatak.images.inputs import list_micrographs
from nunatak.picks.formats.delimited import TextTable, as_table, delimited_text, read_delimited

_log = logging.getLogger(__name__)

COORDINATE_HEADER = ["image_name", "x_coord", "y_coord", "score"]


@dataclass(frozen=True)
class Targets:
    """Labelled positions.

    Attributes
    ----------
    image : tuple of Path
        Image of each.
    xy_px : ndarray, shape (n, 2), float64
        x, y, pixels of that image.
    """

    image: tuple[Path, ...]
    xy_px: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.image)


def read_image_list(path: Path) -> dict[str, Path]:
    """Read which images there are.

    Parameters
    ----------
    path
        A table with columns ``image_name`` and ``path`` (without the latter, the image is
        ``image_name.mrc`` in the working directory, as for Topaz), or a folder of images.

    Returns
    -------
    dict of str to Path
        Images by their names.

    Raises
    ------
    BadInput
        If it cannot be read or names no image.
    Mismatch
        If a name stands for two images.
    """
    if path.is_dir():
        found = [(one.path.stem, one.path) for one in list_micrographs([path])]
    else:
        table = _table(path)
        table.require("image_name")
        names = table.columns["image_name"]
        files = table.columns.get("path", tuple(f"{name}.mrc" for name in names))
        found = [(name, Path(file)) for name, file in zip(names, files, strict=True)]
    if not found:
        raise FormatError(path, "no image is listed")
    images: dict[str, Path] = {}
    for name, file in found:
        if images.setdefault(name, file) != file:
            raise Mismatch(f"{path}: the name {name} stands for {images[name]} and for {file}.")
    return images


def read_targets(path: Path, images: Mapping[str, Path]) -> Targets:
    """Read labelled positions of listed images.

    Parameters
    ----------
    path
        A table with columns ``image_name``, ``x_coord`` and ``y_coord``.
    images
        From `read_image_list`. Positions on others are counted in a warning.

    Raises
    ------
    FormatError
        If the table cannot be read, or is one of three dimensions.
    Mismatch
        If none of its names is listed.
    """
    table = _table(path)
    table.require("image_name", "x_coord", "y_coord")
    if "z_coord" in table.columns:
        raise FormatError(path, "positions in three dimensions", field="z_coord")
    xy_px = np.column_stack([table.numbers("x_coord"), table.numbers("y_coord")])
    names = table.columns["image_name"]
    rows = [row for row, name in enumerate(names) if name in images]
    unknown = sorted(set(names) - images.keys())
    if names and not rows:
        raise Mismatch(
            f"{path}: none of its images is listed (first: {unknown[0]}; listed: "
            f"{', '.join(list(images)[:3])}…)."
        )
    if unknown:
        _log.warning(
            "%s: %d of %d positions lie on %d images that are not listed (first: %s), and are "
            "left out",
            path,
            len(names) - len(rows),
            len(names),
            len(unknown),
            unknown[0],
        )
    return Targets(tuple(images[names[row]] for row in rows), xy_px[rows])


def table_text(header: list[str], columns: Sequence[Sequence[str]]) -> str:
    """Return a table as Topaz writes them: a header line, tabs."""
    return delimited_text(header, columns, "\t")


def _table(path: Path) -> TextTable:
    rows = read_delimited(path, "\t")
    if rows and len(rows[0][1]) == 1:
        rows = read_delimited(path, None)
    return as_table(path, rows)
