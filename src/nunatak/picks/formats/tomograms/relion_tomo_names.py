"""Which tomogram a name in a file of RELION or Warp means.

RELION calls a tomogram by its tilt series (``TS_01``) and writes the reconstruction to
``rec_TS_01.mrc``; Warp calls the tilt series ``TS_01.tomostar`` and writes the reconstruction to
``TS_01_10.00Apx.mrc``. A name means the tomogram that has it; only where none has are these marks
left out of account.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from nunatak.errors import Mismatch
from nunatak.images.copick_project import RUNS_FOLDER
from nunatak.picks.context import FormatContext
from nunatak.picks.formats.tomograms.runs import run_of
from nunatak.picks.names import (
    COMPRESSED_SUFFIXES,
    IMAGE_SUFFIXES,
    series_of,
    stem_of,
    store_of,
)

_SUFFIXES = (
    IMAGE_SUFFIXES
    | COMPRESSED_SUFFIXES
    | {".rec", ".st", ".ali", ".map", ".zarr", ".star", ".tomostar"}
)

_MOST_LISTED = 5


def plain_name(name: str) -> str:
    """Return a file's name without folders and without the suffix of an image, if it has one.

    A tomogram in a copick project is known by its run, and not by the kind that its file names.

    Examples
    --------
    >>> plain_name("tomograms/rec_TS_01.mrc"), plain_name("grid_1.5um")
    ('rec_TS_01', 'grid_1.5um')
    >>> plain_name("TS_01.ome.zarr"), plain_name("TS_01.mrc.gz")
    ('TS_01', 'TS_01')
    >>> plain_name("project/ExperimentRuns/TS_01/VoxelSpacing10.000/wbp.zarr")
    'TS_01'
    """
    if RUNS_FOLDER in PurePosixPath(name).parts:
        return run_of(name)
    path = store_of(name)
    return stem_of(name) if path.suffix.lower() in _SUFFIXES else path.name


def series_name(name: str) -> str:
    """Return the name of the tilt series that a tomogram's name speaks of.

    Examples
    --------
    >>> series_name("tomograms/rec_TS_01.mrc"), series_name("TS_01_10.00Apx.mrc")
    ('TS_01', 'TS_01')
    """
    return series_of(plain_name(name))


def matched(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return the one known name that each name means; names that fit none or several are absent.

    Examples
    --------
    >>> matched(["tomograms/rec_TS_01.mrc"], ["TS_01", "TS_02"])
    {'tomograms/rec_TS_01.mrc': 'TS_01'}
    """
    candidates = _candidates(names, known)
    return {name: fitting[0] for name, fitting in candidates.items() if len(fitting) == 1}


def _candidates(names: Iterable[str], known: Iterable[str]) -> dict[str, list[str]]:
    """Return all known names that each name may mean."""
    known = list(known)
    by_plain, by_series = defaultdict(list), defaultdict(list)
    for name in known:
        by_plain[plain_name(name)].append(name)
        by_series[series_name(name)].append(name)
    exact = frozenset(known)
    found: dict[str, list[str]] = {}
    for name in names:
        same = [name] if name in exact else by_plain.get(plain_name(name), [])
        found[name] = same or by_series.get(series_name(name), [])
    return found


def images_named(names: Iterable[str], path: Path, context: FormatContext) -> dict[str, str]:
    """Return the tomogram that each name in a file means; the name itself if none are known.

    Parameters
    ----------
    names
        As the file has them, or as the user states them for its numbers; ``.tomostar`` is no part
        of a name.
    path
        The file, named in an error.
    context
        Knows the tomograms.

    Raises
    ------
    Mismatch
        If names fit no tomogram, or several, or two of them the same one.
    """
    written = {name: name.removesuffix(".tomostar") for name in names}
    names = list(dict.fromkeys(written.values()))
    if not len(context.images):
        return written
    resolution = context.images.index.resolve_all(names)
    found, reasons = dict(resolution.found), dict(resolution.unmatched)
    for name, fitting in _candidates(resolution.unmatched, context.images.names).items():
        if len(fitting) > 1:
            reasons[name] = _several(name, fitting)
        if len(fitting) != 1:
            continue
        image = fitting[0]
        other = next((taken for taken, where in found.items() if where == image), None)
        if other is not None:
            raise Mismatch(
                f"{path}: {other} and {name} would both be {image}. Give both tomograms, or "
                "rename one of the two in the file."
            )
        found[name] = image
    lost = [name for name in names if name not in found]
    if lost:
        count = f"{len(lost)} of {len(names)} tomogram names: " if len(names) > 1 else ""
        raise Mismatch(f"{path}: {count}{reasons[lost[0]]}")
    return {name: found[bare] for name, bare in written.items()}


def _several(name: str, fitting: list[str]) -> str:
    more = f" and {len(fitting) - _MOST_LISTED} more" if len(fitting) > _MOST_LISTED else ""
    return (
        f"{name} fits {len(fitting)} tomograms: {', '.join(fitting[:_MOST_LISTED])}{more}. Name "
        "the one by its path, or give it alone."
    )


def names_for(images: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the name that each tomogram gets in a file.

    Parameters
    ----------
    images
        As nunatak calls them: paths.
    known
        Names of tilt series that are known of some; the others get their own, without marks.

    Raises
    ------
    Mismatch
        If two tomograms would have one name.
    """
    named: dict[str, str] = {}
    for image in images:
        name = known.get(image) or series_name(image)
        if name in named:
            raise Mismatch(
                f"{named[name]} and {image} are different tomograms, but {name} is the name of "
                "both in this format. Write them into separate files."
            )
        named[name] = image
    return {image: name for name, image in named.items()}
