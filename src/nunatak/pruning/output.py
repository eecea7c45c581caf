"""Where pruned picks go: the picks, a table of the images, and the record of the run."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.detection.record import record_path, write_record
from nunatak.errors import ResourceError, UsageError
from nunatak.files import beside, rehearsal, require_reachable, write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import cryosparc_cs
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.box_side import box_side_px
from nunatak.picks.formats.cryosparc_uids import UID
from nunatak.picks.formats.csv_table import guarded
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.losses import losses
from nunatak.picks.table import PickSet
from nunatak.picks.tomogram_facts import TomogramFacts
from nunatak.pruning.classes import PARTICLE
from nunatak.pruning.decide import KEEP
from nunatak.pruning.output_format import output_format
from nunatak.pruning.particle_files import CRYOSPARC_ROWS
from nunatak.pruning.pick_images import PickImages
from nunatak.pruning.result import PruneResult


def counts_path(output: Path, ndim: int) -> Path:
    """Where the counts of each micrograph (2) or tomogram (3) lie.

    Examples
    --------
    >>> counts_path(Path("run/clean.star"), 2).as_posix()
    'run/clean.star.micrographs.csv'
    """
    return beside(output, f".{IMAGE_NOUN[ndim]}s.csv")


def refuse_to_replace_labels(labels: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Refuse outputs that would take the place of labels, which a person has made.

    Parameters
    ----------
    labels
        Files and folders that labels are read from.
    outputs
        Files and folders to be written, and possibly to be replaced.

    Raises
    ------
    UsageError
        If one of them is, holds, or lies in one of the labels'.
    """
    for output in outputs:
        for source in labels:
            if output.exists() and _is_same_or_within(output.resolve(), source.resolve()):
                raise UsageError(
                    f"{output}: the labels are read from {source}, and labels are never replaced. "
                    "Write elsewhere."
                )


def _is_same_or_within(one: Path, other: Path) -> bool:
    return one == other or one in other.parents or other in one.parents


def written_to(output: Path, *others: Path | None) -> list[Path]:
    """Return all that a pruning writes: the picks, what lies beside them, and other files."""
    besides = [counts_path(output, 2), counts_path(output, 3), record_path(output)]
    return [output, *besides, *(path for path in others if path is not None)]


@dataclass(frozen=True)
class PrunedOutput:
    """The file or folder of pruned picks.

    Attributes
    ----------
    path : Path
        As the user named it.
    format : PickFormat
        How to write it.
    only_keep : bool
        Whether the picks that are not kept are left out.
    """

    path: Path
    format: PickFormat
    only_keep: bool = False

    @classmethod
    def named(
        cls,
        path: Path,
        sources: Sequence[Path],
        *,
        ndim: int = 2,
        from_format: str | None = None,
        only_keep: bool = False,
        overwrite: bool = False,
    ) -> "PrunedOutput":
        """Return the output at a path, in the format of the sources unless its suffix says another.

        ``ndim`` is 2 for picks on micrographs, 3 for picks in tomograms.

        Raises
        ------
        UsageError
            If the format cannot be told or cannot hold decisions, or something is there already
            and must not be replaced.
        ResourceError
            If nothing can be written there.
        """
        chosen = output_format(
            path, sources, ndim=ndim, from_format=from_format, only_keep=only_keep
        )
        require_reachable(path)
        taken = [
            each for each in (path, counts_path(path, ndim), record_path(path)) if each.exists()
        ]
        if taken and not overwrite:
            raise UsageError(f"{taken[0]} exists already. Write elsewhere, or give --overwrite.")
        _refuse_unwritable(path)
        return cls(path, chosen, only_keep)

    def rehearse(
        self,
        picks: PickSet,
        on: PickImages,
        images: ImageCatalogue,
        tomograms: TomogramFacts | None = None,
    ) -> None:
        """Find out before the work of judging whether these picks can be written when judged.

        Parameters
        ----------
        picks
            To be judged.
        on
            Their images: picks on others cannot be judged, so that no such pick is kept.
        images, tomograms
            As of `write`.

        Raises
        ------
        NunatakError
            Whatever writing would raise.
        """
        table = picks.table[picks.table["image"].isin(on.files)] if self.only_keep else picks.table
        judged = table.assign(probability=0.5, predicted_class=PARTICLE, decision=KEEP)
        context = self._context(table, on.diameter_px, images, tomograms)
        with rehearsal():
            self._written_as(picks).write(replace(picks, table=judged), self.path, context)

    def write(
        self,
        result: PruneResult,
        images: ImageCatalogue,
        tomograms: TomogramFacts | None = None,
    ) -> list[str]:
        """Write the picks, the counts of each image, and the record of the run.

        Parameters
        ----------
        result
            Of the pruning.
        images
            For formats that mirror an axis or count in fractions.
        tomograms
            What files of picks in tomograms leave unsaid.

        Returns
        -------
        list of str
            What the format cannot hold, in words.
        """
        picks = result.picks
        if self.only_keep:
            picks = replace(picks, table=picks.table[picks.table["decision"] == KEEP])
        context = self._context(picks.table, result.diameter_px, images, tomograms)
        written_as = self._written_as(picks)
        files = written_as.write(picks, self.path, context)
        counts = counts_path(self.path, picks.ndim)
        rows = result.by_micrograph()
        rows["image"] = rows["image"].astype(str).map(guarded)
        write_text(counts, rows.to_csv(index=False, lineterminator="\n"))
        write_record(
            self.path, {**result.provenance, "only_keep": self.only_keep}, [*files, counts]
        )
        if written_as is CRYOSPARC_ROWS:
            return [
                f"{self.path} has every field of {picks.source}, and does not hold probability, "
                "predicted_class and decision."
            ]
        # The first sentence is about the unit of coordinates, which is that of the input.
        return losses(picks, written_as, context)[1:]

    def _written_as(self, picks: PickSet) -> PickFormat:
        if self.format is CRYOSPARC_ROWS and UID not in picks.table.columns:
            return cryosparc_cs.FORMAT
        return self.format

    def _context(
        self,
        table: pd.DataFrame,
        diameter_px: NDArray[np.float64],
        images: ImageCatalogue,
        tomograms: TomogramFacts | None,
    ) -> FormatContext:
        known = diameter_px[np.isfinite(diameter_px)]
        return FormatContext(
            images=images,
            box_px=box_side_px(table, self.format, float(known[0])) if len(known) else None,
            overwrite=True,
            tomograms=tomograms or TomogramFacts(),
        )


def _refuse_unwritable(path: Path) -> None:
    """Find out before the work of judging whether its result can be written."""
    folder = path.absolute().parent
    folder = folder if folder.exists() else folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ResourceError(
            f"{path}: cannot write there ({error.strerror}). Check the folder's permissions and "
            "the free disk space, or write elsewhere."
        ) from error
