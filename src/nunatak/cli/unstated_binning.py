"""Files that do not say in which pixels they count, taken as unbinned."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nunatak.cli import console

if TYPE_CHECKING:
    from nunatak.picks.formats.base import PickFormat


def remark_unstated_binning(files: Iterable[tuple[Path, "PickFormat"]], remedy: str) -> None:
    """Say of each such file, as those of Topaz, that it is taken as unbinned.

    Parameters
    ----------
    files
        Each with its format (`nunatak.picks.formats.doors.files_of`).
    remedy
        What to do if its images were downscaled.
    """
    for file, fmt in files:
        if not fmt.capabilities.unit_known:
            console.say(
                f"{file}: a {fmt.title} does not say how far its images were downscaled; taken as "
                f"not at all. If they were, {remedy}."
            )
