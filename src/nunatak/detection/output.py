"""Where the picks of a run go."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nunatak.detection.foreseen import Foreseen
from nunatak.detection.record import (
    journal_path,
    refuse_foreign,
    refuse_foreign_record,
    refuse_other_settings,
    write_record,
)
from nunatak.detection.result import PickResult
from nunatak.errors import UsageError
from nunatak.files import rehearsal, require_reachable
from nunatak.images.shapes import Shape, VolumeShape
from nunatak.picks.formats import format_for_writing, format_named, write_picks
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.box_side import box_side_px
from nunatak.picks.formats.registry import refuse_dimensions
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.table import PickSet, empty_table
from nunatak.picks.tomogram_facts import TomogramFacts

_log = logging.getLogger(__name__)


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

    def check(
        self,
        settings: dict[str, Any],
        *,
        images: Sequence[str],
        foreseen: Foreseen,
        redo: bool,
        facts: TomogramFacts | None = None,
    ) -> None:
        """Refuse, before any work, an output that cannot be written or must not be replaced.

        Parameters
        ----------
        settings
            Of the job.
        images
            Names of the micrographs.
        foreseen
            What the picks will look like: they are written as a rehearsal.
        redo
            Replace a file of this name, or what an earlier run wrote. Other files in a folder
            are not replaced: they may be somebody's labels.
        facts
            What formats of picks in tomograms leave unsaid.

        Raises
        ------
        UsageError
            If a single file is named for a format of one file a micrograph; if a file exists
            that must not be replaced, or was written with other settings; if a foreign file lies
            where the record belongs; or if the output's folder is far from existing.
        BadInput, Mismatch
            If the format cannot write the micrographs' or the classes' names, cannot tell them
            apart, or is not told what it needs to know.
        ResourceError
            If the files could not be written.
        """
        self._refuse_one_file_for_many(len(images))
        self.format.refuse_images(images)
        require_reachable(self.path)
        refuse_foreign_record(self.path)
        replaced = []
        if foreseen.ndim == 2 and not (self.path.exists() or self.path.suffix):
            # No fact is needed of each micrograph, nothing is there to be replaced, and writing
            # thousands of files takes its time.
            foreseen = foreseen.few()
        if foreseen.pixel_sizes_A:  # otherwise nothing will be written
            replaced = self._replaced(foreseen.picks(), foreseen.catalogue(), 2, facts)
        named, others = self._told_apart(replaced)
        refuse_foreign(
            self.path,
            others,
            advice="It is not replaced, not even by --redo. Move it away, or choose another output",
        )
        if redo:
            return
        refuse_foreign(
            self.path, named, advice="Choose another output, or give --redo to replace it"
        )
        if replaced:
            refuse_other_settings(self.path, self._settings(settings))

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
        return replace(
            result,
            output=self.path,
            output_format=self.format,
            is_output_selected=self.selected_only,
        )

    def write_all(
        self,
        picks: PickSet,
        provenance: Mapping[str, Any],
        *,
        shapes: Mapping[str, Shape | VolumeShape],
        diameter_A: float,
        pixel_sizes_A: Mapping[str, float] | None = None,
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
        pixel_sizes_A
            Of the images; None takes those of the picks, without which an image has none. A
            format that names files by it must find the same ones again in each run.
        facts
            What formats of picks in tomograms leave unsaid.
        """
        chosen = picks.table["selected"]
        written = replace(picks, table=picks.table[chosen]) if self.selected_only else picks
        images = ImageCatalogue(shapes, pixel_sizes_A=pixel_sizes_A or _pixel_sizes_A(picks))
        box_px = self._box_px(picks, diameter_A)
        if self.path.exists() and not self._is_one_file:
            # Somebody may have saved labels there while this run was working.
            _, others = self._told_apart(self._replaced(written, images, box_px, facts))
            refuse_foreign(
                self.path, others, advice="Move it away, and give the same command again"
            )
        files = self._written(written, images, box_px, facts)
        record = {
            **provenance,
            "candidates": len(picks),
            "selected": int(chosen.sum()),
            "settings": self._settings(provenance["settings"]),
        }
        write_record(self.path, record, files)

    def _written(
        self,
        picks: PickSet,
        images: ImageCatalogue,
        box_px: int | None,
        facts: TomogramFacts | None,
    ) -> list[Path]:
        return write_picks(
            picks, self.path, self.format.name, images=images, box_px=box_px, tomograms=facts
        )

    def _replaced(
        self,
        picks: PickSet,
        images: ImageCatalogue,
        box_px: int | None,
        facts: TomogramFacts | None,
    ) -> list[Path]:
        """Return the files that writing would replace, after a rehearsal of it."""
        with rehearsal():
            files = self._written(picks, images, box_px, facts)
        return [file for file in files if self.format.replaces(file)]

    def _box_px(self, picks: PickSet, diameter_A: float) -> int | None:
        if not len(picks):
            return 2  # for no box at all
        diameter_px = diameter_A / float(picks.table["pixel_size_A"].iloc[0])
        return box_side_px(picks.table, self.format, diameter_px)

    @property
    def _is_one_file(self) -> bool:
        return self.format.capabilities.multi_image and not self.path.is_dir()

    def _told_apart(self, files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
        """Return which files the user named for all picks, and which belong to one image each."""
        named = [file for file in files if self._is_one_file and file == self.path]
        return named, [file for file in files if file not in named]

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


def _pixel_sizes_A(picks: PickSet) -> dict[str, float]:
    """Return the pixel size of each image that has picks, as it was picked."""
    first = picks.table.drop_duplicates("image")
    if "pixel_size_A" not in first.columns:  # without any pick
        return {}
    return dict(zip(first["image"], first["pixel_size_A"].astype(float), strict=True))
