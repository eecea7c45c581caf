"""The files of the images that picks name."""

from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path

from nunatak.detection.result import Failure
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.picks.names import NameIndex
from nunatak.picks.table import PickSet
from nunatak.pruning.particle_names import lacks_places

Micrographs = MicrographList | Iterable[str | PathLike[str]]

_PROBES = 50
"""So many names are tried in each folder that they may be relative to."""


def micrograph_files(
    picks: PickSet, micrographs: Micrographs = ()
) -> tuple[dict[str, ListedMicrograph], list[Failure]]:
    """Find the file of every micrograph that has picks.

    Parameters
    ----------
    picks
        Micrographs named in any way; relative paths may count from a folder above the pick file
        (RELION names micrographs from the root of the project).
    micrographs
        Where to look the names up: inputs as of `nunatak.images.inputs.list_micrographs`, or a
        list made before. None: the names are paths.

    Returns
    -------
    files : dict of str to ListedMicrograph
        By the name in the picks, in the order of the picks.
        None of particle images whose places are not known.
    failures : list of Failure
        One a micrograph that was not found.

    Raises
    ------
    BadInput
        If ``micrographs`` are given, and there are none.
    """
    if lacks_places(picks):
        return {}, []
    names = [str(name) for name in picks.table["image"].unique()]
    listed = _listed(micrographs)
    if not listed:
        paths = files_named(names, picks.source)
        files = {name: ListedMicrograph(path, name) for name, path in paths.items()}
        hint = "there is no such file. Give the folder of the micrographs (--micrographs)."
        return files, [Failure(name, f"{name}: {hint}") for name in names if name not in files]
    by_name = {one.name: one for one in listed}
    resolution = NameIndex(by_name).resolve_all(names)
    files = {name: by_name[image] for name, image in resolution.found.items()}
    return files, [Failure(name, reason) for name, reason in resolution.unmatched.items()]


def files_named(names: Sequence[str], source: Path | None) -> dict[str, Path]:
    """Return the files that exist, counted from here or from a folder above the pick file.

    Parameters
    ----------
    names
        Paths, all relative to one folder.
    source
        The pick file.
    """
    root = root_of(names[:_PROBES], source, Path.is_file)
    return {name: root / name for name in names if (root / name).is_file()}


def root_of(names: Sequence[str], source: Path | None, is_there: Callable[[Path], bool]) -> Path:
    """Return the folder that most names count from: this one, or one above the pick file."""
    roots = [Path()]
    if source is not None:
        roots += source.resolve().parents
    hits = [sum(is_there(root / name) for name in names) for root in roots]
    return roots[hits.index(max(hits))]


def _listed(micrographs: Micrographs) -> MicrographList | None:
    if isinstance(micrographs, MicrographList):
        return micrographs
    inputs = list(micrographs)
    return list_micrographs(inputs) if inputs else None
