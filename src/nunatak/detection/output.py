"""Where the picks of a run go."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from nunatak.detection.record import journal_path, refuse_to_replace, write_record
from nunatak.detection.result import PickResult
from nunatak.picks.context import ImageCatalogue
from nunatak.picks.formats import format_for_writing, format_named, write_picks
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.table import PickSet

_log = logging.getLogger(__name__)

BOX_IN_DIAMETERS = 1.5
"""Side of the boxes in formats that have boxes: what is usual for extraction."""


@dataclass(frozen=True)
class Output:
    """The file or folder that holds the picks when a run is complete.

    Attributes
    ----------
    path : Path
        As the user named it.
    format : PickFormat
        How to write it.
    selected_only : bool
        Whether candidates that are not selected are left out.
    """

    path: Path
    format: PickFormat
    selected_only: bool = False

    @classmethod
    def named(cls, path: Path, format_name: str | None, *, selected_only: bool) -> "Output":
        """Return the output at a path, in the named format or that of the suffix.

        Raises
        ------
        UsageError
            If neither says the format.
        """
        chosen = format_for_writing(path) if format_name is None else format_named(format_name)
        if not chosen.capabilities.score and not selected_only:
            _log.warning(
                "%s: %s holds no scores, so that no threshold can be applied later; only the "
                "selected candidates will be written",
                path,
                chosen.title,
            )
            selected_only = True
        return cls(path, chosen, selected_only)

    @property
    def journal(self) -> Path:
        """Where the journal of an unfinished run lies."""
        return journal_path(self.path)

    def check(self, *, redo: bool) -> None:
        """Refuse, before any work, an output that must not be replaced.

        Raises
        ------
        UsageError
            See `nunatak.detection.record.refuse_to_replace`.
        """
        if not redo:
            refuse_to_replace(self.path)

    def write(self, result: PickResult) -> PickResult:
        """Write the picks, then the record of the run.

        Parameters
        ----------
        result
            What was found.

        Returns
        -------
        PickResult
            The same, with what was written.
        """
        picks = _only_selected(result.picks) if self.selected_only else result.picks
        files = write_picks(
            picks,
            self.path,
            self.format.name,
            images=ImageCatalogue(result.shapes),
            box_px=_box_px(result.picks, result.options.diameter_A),
        )
        counts = {"candidates": len(result.picks), "selected": result.selected_count}
        write_record(self.path, {**result.provenance, **counts}, files)
        return replace(result, output=self.path, is_output_selected=self.selected_only)


def _only_selected(picks: PickSet) -> PickSet:
    return replace(picks, table=picks.table[picks.table["selected"]])


def _box_px(picks: PickSet, diameter_A: float) -> int:
    """Return an even side of a box, pixels."""
    if not len(picks):
        return 2  # for no box at all
    half = BOX_IN_DIAMETERS * diameter_A / float(picks.table["pixel_size_A"].iloc[0]) / 2
    return max(2, 2 * round(half))
