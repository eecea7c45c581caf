"""In which format pruned picks are written."""

from collections.abc import Sequence
from pathlib import Path

from nunatak.errors import UsageError
from nunatak.picks.formats import cryosparc_cs, format_for_writing, relion_autopick
from nunatak.picks.formats.base import PickFormat
from nunatak.pruning.particle_files import CRYOSPARC_ROWS, RELION_PARTICLES
from nunatak.pruning.particle_tables import source_formats

_TABLES = (RELION_PARTICLES.name, CRYOSPARC_ROWS.name)


def output_format(
    path: Path,
    sources: Sequence[Path],
    *,
    ndim: int = 2,
    from_format: str | None = None,
    only_keep: bool = False,
) -> PickFormat:
    """Return the format of the sources, unless the output's suffix says another.

    Parameters
    ----------
    path
        The output.
    sources
        Files of picks, or of particle images.
    ndim
        2 for picks on micrographs, 3 for picks in tomograms.
    from_format
        Of the sources, where it was stated.
    only_keep
        Only picks that are kept are written, so that the format need not hold decisions.

    Raises
    ------
    UsageError
        If the format cannot be told, or cannot hold what is to be written.
    """
    formats = source_formats(sources, from_format)
    if any(fmt.name in _TABLES for fmt in formats):
        chosen = _of_particle_images(path, formats)
    else:
        chosen = _of_picks(path, formats, ndim, only_keep=only_keep)
    if not only_keep and not chosen.capabilities.preserves_columns:
        raise UsageError(
            f"{path}: {chosen.title} holds no decisions, so that kept and rejected picks could "
            "not be told apart. Write a .star, .csv or .parquet file, or give --only keep."
        )
    if chosen is CRYOSPARC_ROWS and len(sources) > 1:
        raise UsageError(
            f"{path}: the records of {len(sources)} files, each with fields of its own, cannot go "
            "into one .cs file. Prune them one after the other, or write a .star file."
        )
    is_one_file = len(sources) == 1 and sources[0].is_file()
    if chosen is cryosparc_cs.FORMAT and formats == [chosen] and is_one_file:
        return CRYOSPARC_ROWS
    return chosen


def _of_picks(
    path: Path, formats: Sequence[PickFormat], ndim: int, *, only_keep: bool
) -> PickFormat:
    if len(formats) == 1 and not path.suffix:
        return formats[0]
    if len(formats) == 1 and path.name.lower().endswith(formats[0].suffixes):
        is_job = formats[0] is relion_autopick.FORMAT and path.name != relion_autopick.LIST_NAME
        if not is_job and (only_keep or formats[0].capabilities.preserves_columns):
            return formats[0]
    return format_for_writing(path, ndim)


def _of_particle_images(path: Path, formats: Sequence[PickFormat]) -> PickFormat:
    suffix = path.suffix.lower()
    if len(formats) == 1 and suffix in ("", *formats[0].suffixes):
        return formats[0]
    if suffix in RELION_PARTICLES.suffixes:
        return RELION_PARTICLES
    chosen = format_for_writing(path, 2)
    if not chosen.capabilities.preserves_columns:
        raise UsageError(
            f"{path}: {chosen.title} holds positions on micrographs, which are not known of these "
            "particle images. Write a .star, .csv or .parquet file."
        )
    return chosen
