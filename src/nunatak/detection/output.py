"""Where the picks of a run go."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nunatak.detection.record import journal_path, refuse_to_replace, write_record
from nunatak.detection.result import PickResult
from nunatak.errors import UsageError
from nunatak.images.shapes import Shape, VolumeShape
from nunatak.picks.formats import format_for_writing, format_named, write_picks
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.registry import refuse_dimensions
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.table import PickSet, empty_table
from nunatak.picks.tomogram_facts import TomogramFacts

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
    def named(
        cls, path: Path, format_name: str | None, *, selected_only: bool, ndim: int = 2
    ) -> "Output":
        """Return the output at a path, in the named format or that of the suffix.

        Raises
        ------
        UsageError
            If neither says the format, or the named one does not hold picks on micrographs
            (``ndim`` 2) or in tomograms (3).
        """
        chosen = (
            format_for_writing(path, ndim) if format_name is None else format_named(format_name)
        )
        refuse_dimensions(PickSet(empty_table(ndim)), chosen)
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
        self.write_all(
            result.picks,
            {**result.provenance, "settings": settings},
            shapes=result.shapes,
            diameter_A=result.options.diameter_A,
        )
        return replace(result, output=self.path, is_output_selected=self.selected_only)

    def write_all(
        self,
        picks: PickSet,
        provenance: Mapping[str, Any],
        *,
        shapes: Mapping[str, Shape | VolumeShape],
        diameter_A: float,
        facts: TomogramFacts | None = None,
    ) -> None:
        """Write picks, then the record of the run.

        Parameters
        ----------
        picks
            All candidates, with the column ``selected``.
        provenance
            Of the run: JSON values, the job's ``settings`` among them.
        shapes
            Of the images.
        diameter_A
            Of the particles, for formats that hold boxes.
        facts
            What formats of picks in tomograms leave unsaid.
        """
        chosen = picks.table["selected"]
        files = write_picks(
            replace(picks, table=picks.table[chosen]) if self.selected_only else picks,
            self.path,
            self.format.name,
            images=ImageCatalogue(shapes),
            box_px=_box_px(picks, diameter_A),
            tomograms=facts,
        )
        record = {
            **provenance,
            "candidates": len(picks),
            "selected": int(chosen.sum()),
            "settings": self._settings(provenance["settings"]),
        }
        write_record(self.path, record, files)

    def _settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "format": self.format.name, "selected_only": self.selected_only}

    def _refuse_one_file_for_many(self, n_images: int) -> None:
        if self.format.capabilities.multi_image or self.path.is_dir():
            return
        name, ending = self.path.name.lower(), self.format.suffixes[0]
        noun = IMAGE_NOUN[max(self.format.capabilities.dimensions)]
        looks_like_a_file = name.endswith("." + ending.rpartition(".")[2])
        if looks_like_a_file and not (name.endswith(ending) and n_images == 1):
            raise UsageError(
                f"{self.path}: {self.format.title} holds one {noun} a file, named "
                f"…{ending}, and there are {n_images} to pick. Name a folder instead: "
                f"-o {self.path.stem} --to {self.format.name}."
            )


def _box_px(picks: PickSet, diameter_A: float) -> int:
    """Return an even side of a box, pixels."""
    if not len(picks):
        return 2  # for no box at all
    half = BOX_IN_DIAMETERS * diameter_A / float(picks.table["pixel_size_A"].iloc[0]) / 2
    return max(2, 2 * round(half))
