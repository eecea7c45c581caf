"""Describe a file of picks, for people."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nunatak.geometry import Orientation
from nunatak.picks.context import FormatContext
from nunatak.picks.formats.registry import format_of


@dataclass(frozen=True)
class PickFileDescription:
    """What a file of picks holds.

    Attributes
    ----------
    path : Path
    format : str
        Title of the format.
    format_name : str
        Name of the format, as options take it.
    n_picks, n_images : int
    score_range : tuple of float or None
        Smallest and largest score; None where there are none.
    pixel_sizes_A : tuple of float
        Distinct pixel sizes, ångström.
    columns : tuple of str
        Columns of the pick table, then those that came with the file.
    notes : tuple of str
        What the reader has to say.
    """

    path: Path
    format: str
    format_name: str
    n_picks: int
    n_images: int
    score_range: tuple[float, float] | None
    pixel_sizes_A: tuple[float, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [
            f"{self.path}: {self.format}",
            f"  picks    {self.n_picks} on {self.n_images} images",
        ]
        if self.score_range is not None:
            lines.append("  scores   {:.6g} to {:.6g}".format(*self.score_range))
        if self.pixel_sizes_A:
            sizes = ", ".join(f"{size:.6g}" for size in self.pixel_sizes_A)
            lines.append(f"  pixels   {sizes} Å")
        lines.append(f"  columns  {', '.join(self.columns)}")
        return "\n".join([*lines, *(f"  note     {note}" for note in self.notes)])


def describe(path: Path) -> PickFileDescription:
    """Read a file of picks (or the folder of an AutoPick job) and describe it.

    Parameters
    ----------
    path
        The file; nothing else is needed, because positions are not looked at.

    Raises
    ------
    FormatError
        If the file is damaged or in no known format.
    Mismatch
        If a CryoSPARC file does not state the size of its images.
    """
    fmt = format_of(path)
    # As they stand in the file: mirroring would need the images.
    picks = fmt.read(path, FormatContext(orientation=Orientation.IDENTITY))
    table = picks.table
    scores = table["score"].dropna() if "score" in table.columns else table["x_px"].iloc[:0]
    sizes = table["pixel_size_A"].dropna() if "pixel_size_A" in table.columns else scores.iloc[:0]
    return PickFileDescription(
        path=path,
        format=fmt.title,
        format_name=fmt.name,
        n_picks=len(picks),
        n_images=len(picks.images),
        score_range=(float(scores.min()), float(scores.max())) if len(scores) else None,
        pixel_sizes_A=tuple(float(size) for size in np.unique(sizes)),
        columns=tuple(str(name) for name in table.columns),
        notes=tuple(picks.notes),
    )
