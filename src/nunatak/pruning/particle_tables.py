"""Tables of particle images without places on micrographs, as other programs leave them.

A RELION STAR file with ``rlnImageName`` and without coordinates, or a CryoSPARC ``.cs`` file with
``blob/path`` and ``blob/idx`` and without ``location/...``. As picks, the image is the stack, and
the position the middle of its boxes, where RELION and CryoSPARC put the particle. Such picks can
be pruned; nothing else can be done with them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nunatak.errors import BadInput, UsageError
from nunatak.images.reader import read_info
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import read_picks
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.doors import combined, files_of
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet
from nunatak.picks.tomogram_facts import TomogramFacts
from nunatak.pruning.image_files import files_named
from nunatak.pruning.particle_files import CRYOSPARC_ROWS, RELION_PARTICLES

_HEAD_BYTES = 65_536
_STACK_SUFFIXES = (".mrcs", ".mrc")


def read_prunable(
    paths: Path | Sequence[Path],
    from_format: str | None = None,
    *,
    images: ImageCatalogue | None = None,
    tomograms: TomogramFacts | None = None,
) -> PickSet:
    """Read picks in any format, or tables of particle images.

    Parameters
    ----------
    paths, from_format, images, tomograms
        See `nunatak.picks.formats.read_picks`.

    Raises
    ------
    FormatError
        If a file is damaged or in no known format.
    Mismatch
        If an image or its size is needed and unknown, or files contradict each other.
    UsageError
        If picks and tables of particle images are given together.
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    tables = {path: fmt for path in given if (fmt := table_format(path)) is not None}
    if not tables:
        _refuse_stacks(given)
        return read_picks(given, from_format, images=images, tomograms=tomograms)
    others = [path for path in given if path not in tables]
    if others:
        raise UsageError(
            f"{next(iter(tables))} names particle images and no place on a micrograph, and "
            f"{others[0]} holds picks. Prune them one after the other."
        )
    parts = [fmt.read(path, FormatContext()) for path, fmt in tables.items()]
    _place_in_the_middle(parts)
    return combined(parts)


def table_format(path: Path) -> PickFormat | None:
    """Return the format of a table of particle images; None for any other file."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    known = (RELION_PARTICLES, CRYOSPARC_ROWS)
    return next((fmt for fmt in known if fmt.sniff(head)), None)


def source_formats(paths: Sequence[Path], from_format: str | None = None) -> list[PickFormat]:
    """Return the different formats of files of picks or particle images."""
    found = [table_format(path) for path in paths]
    tables = [fmt for fmt in found if fmt is not None]
    others = [path for path, fmt in zip(paths, found, strict=True) if fmt is None]
    picks = [fmt for _, fmt in files_of(others, from_format)] if others else []
    return list({fmt.name: fmt for fmt in (*tables, *picks)}.values())


def _refuse_stacks(paths: Sequence[Path]) -> None:
    stacks = [path for path in paths if path.suffix.lower() in _STACK_SUFFIXES]
    if stacks:
        raise UsageError(
            f"{stacks[0]}: images of particles without a table. Give the STAR or .cs file that "
            "names them (rlnImageName, or blob/path and blob/idx)."
        )


def _place_in_the_middle(parts: Sequence[PickSet]) -> None:
    """Set positions to the middle of the boxes; of stacks that are missing, as of the others."""
    for picks in parts:
        files = files_named(list(picks.images), picks.source)
        if len(picks) and not files:
            raise BadInput(
                f"{picks.source}: none of the stacks that it names exists, such as "
                f"{picks.images[0]}. Start where its paths lead to them."
            )
        shapes = {name: shape for name, file in files.items() if (shape := _box(file))}
        for axis, side in (("y_px", 0), ("x_px", 1)):
            middles = {name: shape[side] // 2 for name, shape in shapes.items()}
            of_row = picks.table["image"].map(middles)
            picks.table[axis] = of_row.fillna(next(iter(middles.values()), 0)).astype(np.float64)


def _box(stack: Path) -> tuple[int, int] | None:
    """Return ``(ny, nx)`` of a stack's images, None if it is damaged; who judges them says so."""
    try:
        ny, nx = read_info(stack).shape[-2:]
    except BadInput:
        return None
    return ny, nx
