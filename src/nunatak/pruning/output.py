"""Where pruned picks go: the picks, a table of the micrographs, and the record of the run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nunatak.detection.output import BOX_IN_DIAMETERS
from nunatak.detection.record import record_path, write_record
from nunatak.errors import UsageError
from nunatak.files import require_reachable, write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import format_for_writing
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.doors import files_of
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.losses import losses
from nunatak.pruning.decide import KEEP
from nunatak.pruning.result import PruneResult


def micrographs_path(output: Path) -> Path:
    """Where the counts of each micrograph lie.

    Examples
    --------
    >>> micrographs_path(Path("run/clean.star")).as_posix()
    'run/clean.star.micrographs.csv'
    """
    return output.with_name(output.name + ".micrographs.csv")


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
        from_format: str | None = None,
        only_keep: bool = False,
        overwrite: bool = False,
    ) -> "PrunedOutput":
        """Return the output at a path, in the format of the sources unless its suffix says another.

        Raises
        ------
        UsageError
            If the format cannot be told or cannot hold decisions, or something is there already
            and must not be replaced.
        """
        of_sources = list({fmt.name: fmt for _, fmt in files_of(sources, from_format)}.values())
        fits = len(of_sources) == 1 and (
            not path.suffix or path.name.lower().endswith(of_sources[0].suffixes)
        )
        chosen = of_sources[0] if fits else format_for_writing(path, 2)
        if not only_keep and not chosen.capabilities.preserves_columns:
            raise UsageError(
                f"{path}: {chosen.title} holds no decisions, so that kept and rejected picks could "
                "not be told apart. Write a .star, .csv or .parquet file, or give --only keep."
            )
        require_reachable(path)
        taken = [
            each for each in (path, micrographs_path(path), record_path(path)) if each.exists()
        ]
        if taken and not overwrite:
            raise UsageError(f"{taken[0]} exists already. Write elsewhere, or give --overwrite.")
        return cls(path, chosen, only_keep)

    def write(self, result: PruneResult, images: ImageCatalogue) -> list[str]:
        """Write the picks, the counts of each micrograph, and the record of the run.

        Parameters
        ----------
        result
            Of the pruning.
        images
            For formats that mirror an axis or count in fractions.

        Returns
        -------
        list of str
            What the format cannot hold, in words.
        """
        picks = result.picks
        if self.only_keep:
            picks = replace(picks, table=picks.table[picks.table["decision"] == KEEP])
        context = FormatContext(images=images, box_px=_box_px(result), overwrite=True)
        files = self.format.write(picks, self.path, context)
        counts = micrographs_path(self.path)
        write_text(counts, result.by_micrograph().to_csv(index=False, lineterminator="\n"))
        write_record(
            self.path, {**result.provenance, "only_keep": self.only_keep}, [*files, counts]
        )
        # The first sentence is about the unit of coordinates, which is that of the input.
        return losses(picks, self.format, context)[1:]


def _box_px(result: PruneResult) -> int | None:
    """Return an even side of a box of the usual size, pixels; None where the scale is unknown."""
    known = result.diameter_px[np.isfinite(result.diameter_px)]
    return max(2, 2 * round(BOX_IN_DIAMETERS * float(known[0]) / 2)) if len(known) else None
