"""Where the picks of a run go."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nunatak.detection.record import journal_path, refuse_to_replace, write_record
from nunatak.detection.result import PickResult
from nunatak.errors import UsageError
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
        """Where the journal of the run lies."""
        return journal_path(self.path)

    def check(self, settings: dict[str, Any], *, images: Sequence[str], redo: bool) -> None:
        """Refuse, before any work, an output that cannot be written or must not be replaced.

        Parameters
        ----------
        settings
            Of the job.
        images
            Names of the micrographs.
        redo
            Replace what is there.

        Raises
        ------
        UsageError
            If a single file is named for a format of one file a micrograph; see also
            `nunatak.detection.record.refuse_to_replace`.
        BadInput, Mismatch
            If the format cannot write the micrographs' names, or cannot tell them apart.
        """
        self._refuse_one_file_for_many(len(images))
        self.format.refuse_images(images)
        refuse_to_replace(self.path, self._settings(settings), redo=redo)

    def write(self, result: PickResult, settings: dict[str, Any]) -> PickResult:
        """Write the picks, then the record of the run.

        Parameters
        ----------
        result
            What was found.
        settings
            Of the job.

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
        record = {**result.provenance, **counts, "settings": self._settings(settings)}
        write_record(self.path, record, files)
        return replace(result, output=self.path, is_output_selected=self.selected_only)

    def _settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "format": self.format.name, "selected_only": self.selected_only}

    def _refuse_one_file_for_many(self, n_images: int) -> None:
        if self.format.capabilities.multi_image or self.path.is_dir():
            return
        name, ending = self.path.name.lower(), self.format.suffixes[0]
        looks_like_a_file = name.endswith("." + ending.rpartition(".")[2])
        if looks_like_a_file and not (name.endswith(ending) and n_images == 1):
            raise UsageError(
                f"{self.path}: {self.format.title} holds one micrograph a file, named "
                f"…{ending}, and there are {n_images} to pick. Name a folder instead: "
                f"-o {self.path.stem} --to {self.format.name}."
            )


def _only_selected(picks: PickSet) -> PickSet:
    return replace(picks, table=picks.table[picks.table["selected"]])


def _box_px(picks: PickSet, diameter_A: float) -> int:
    """Return an even side of a box, pixels."""
    if not len(picks):
        return 2  # for no box at all
    half = BOX_IN_DIAMETERS * diameter_A / float(picks.table["pixel_size_A"].iloc[0]) / 2
    return max(2, 2 * round(half))
