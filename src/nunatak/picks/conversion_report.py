"""What became of the picks in a conversion."""

from dataclasses import dataclass, field
from pathlib import Path

from nunatak.picks.counted import counted
from nunatak.picks.inspection import UnitSuspicion


@dataclass(frozen=True)
class ConversionReport:
    """What went in, what came out, and what is odd about it.

    Attributes
    ----------
    source_formats : tuple of str
        Titles of the formats read.
    target_format : str
        Title of the format written.
    n_in, n_out, n_images : int
        Picks read, picks written, images.
    n_left_out : int or None
        Candidates that were not selected or had too low a score; None if all were wanted. The
        figures that follow do not count them.
    n_outside : int
        Picks beyond the edge of their image. They are kept unless dropping was asked for.
    n_on_border : int
        Picks inside whose box reaches beyond the edge.
    n_duplicates : int
        Picks with an earlier pick within the duplicate radius. They are kept.
    unplaced : dict of str to str
        Images of unknown size, whose picks could not be checked, with the reason.
    suspicion : UnitSuspicion or None
        A sign of a wrong unit.
    written : tuple of Path
        The files; empty after a dry run.
    notes : tuple of str
        What the formats said, and what the target cannot hold.
    dry_run : bool
        Whether everything was done except leaving the files.
    """

    source_formats: tuple[str, ...]
    target_format: str
    n_in: int
    n_out: int
    n_images: int
    n_outside: int
    n_on_border: int
    n_duplicates: int
    n_left_out: int | None = None
    unplaced: dict[str, str] = field(default_factory=dict)
    suspicion: UnitSuspicion | None = None
    written: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    dry_run: bool = False

    def __str__(self) -> str:
        verb = "would be written" if self.dry_run else "written"
        chosen = self.n_in - (self.n_left_out or 0)
        outside = "dropped" if self.n_out < chosen else "kept"
        left_out = "" if self.n_left_out is None else f", {self.n_left_out} left out"
        lines = [
            f"{counted(self.n_in, 'pick')} read ({', '.join(self.source_formats)}), "
            f"{counted(self.n_images, 'image')}",
            f"{counted(self.n_out, 'pick')} {verb} ({self.target_format}){left_out}",
            counted(self.n_duplicates, "duplicate"),
        ]
        if len(self.unplaced) < self.n_images:
            lines[-1] = (
                f"{self.n_outside} outside their image ({outside}), {self.n_on_border} on the "
                f"border, {lines[-1]}"
            )
        if self.unplaced:
            reason = next(iter(self.unplaced.values()))
            whose = "its" if len(self.unplaced) == 1 else "their"
            lines.append(
                f"Positions on {counted(len(self.unplaced), 'image')} were not checked, because "
                f"{whose} size is unknown. {reason}"
            )
        if self.suspicion is not None:
            lines.append(f"Check the unit! {self.suspicion}")
        return "\n".join([*lines, *self.notes])
