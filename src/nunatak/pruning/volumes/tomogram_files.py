"""The files of the tomograms that picks name."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from nunatak.detection.result import Failure
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.picks.table import PickSet
from nunatak.pruning.image_files import micrograph_files, root_of


def tomogram_files(
    picks: PickSet, tomograms: MicrographList | Iterable[str | PathLike[str]] = ()
) -> tuple[dict[str, ListedMicrograph], list[Failure]]:
    """Find the file of every tomogram that has picks.

    Parameters
    ----------
    picks
        Tomograms named in any way; relative paths may count from a folder above the pick file.
    tomograms
        Where to look the names up: inputs as of `nunatak.images.tomogram_inputs.list_tomograms`,
        or a list made before. None: the names are paths.

    Returns
    -------
    files : dict of str to ListedMicrograph
        By the name in the picks, in the order of the picks.
    failures : list of Failure
        One a tomogram that was not found.

    Raises
    ------
    BadInput
        If ``tomograms`` are given, and there are none.
    """
    inputs = tomograms if isinstance(tomograms, MicrographList) else list(tomograms)
    if inputs:
        listed = inputs if isinstance(inputs, MicrographList) else list_tomograms(inputs)
        return micrograph_files(picks, listed)
    names = [str(name) for name in picks.table["image"].unique()]
    root = root_of(names, picks.source, Path.exists)
    files = {name: ListedMicrograph(root / name, name) for name in names if (root / name).exists()}
    hint = "there is no such tomogram. Give the folder of the tomograms (--tomograms)."
    return files, [Failure(name, f"{name}: {hint}") for name in names if name not in files]
