"""Which of EMAN2's information files belongs to which tomogram.

EMAN2 leaves off what follows ``__`` in a tomogram's name: ``TS_01__bin4.hdf`` and
``TS_01__bin8.hdf`` share ``TS_01_info.json``.
"""

from collections.abc import Iterable
from pathlib import Path

from nunatak.errors import Mismatch
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import per_image
from nunatak.picks.formats.eman2_json import ENDING
from nunatak.picks.names import stem_of
from nunatak.picks.table import PickSet


def base_name(image: str) -> str:
    """Return what EMAN2 calls a tomogram.

    Examples
    --------
    >>> base_name("tomograms/TS_01__bin4.hdf")
    'TS_01'
    """
    return stem_of(image).split("__")[0]


def image_of(path: Path, context: FormatContext) -> str:
    """Return the tomogram of an information file.

    Raises
    ------
    Mismatch
        If none or several fit.
    """
    stem = per_image.stem_before(path, [ENDING])
    if context.image is None and stem is not None:
        same = [name for name in context.images.names if base_name(name) == stem]
        if len(same) == 1:
            return same[0]
    return per_image.image_of(path, [ENDING, ".json"], context)


def files_for(picks: PickSet, path: Path) -> dict[str, Path]:
    """Return the information file that each tomogram gets: ``path``, or one in that folder.

    Raises
    ------
    Mismatch
        If two tomograms would share a file.
    UsageError
        If a single file is named for several tomograms.
    """
    files = per_image.paths_for(picks, path, ENDING, FormatContext(overwrite=True))
    if list(files.values()) == [path]:
        return files
    refuse_shared_files(files)
    return {image: path / f"{base_name(image)}{ENDING}" for image in files}


def refuse_shared_files(images: Iterable[str]) -> None:
    """Refuse tomograms whose boxes would lie in one file.

    Raises
    ------
    Mismatch
        If two have the same base name.
    """
    seen: dict[str, str] = {}
    for image in images:
        other = seen.setdefault(base_name(image), image)
        if other != image:
            raise Mismatch(
                f"{other} and {image} share the file {base_name(image)}{ENDING} in EMAN2. Write "
                "the picks of one of them."
            )
