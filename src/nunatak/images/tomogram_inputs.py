"""From what the user typed to a list of tomograms, without opening one.

An input is a tomogram (an MRC file or an OME-Zarr folder, of any name), a folder of tomograms, a
quoted pattern, a text list, or the configuration of a copick project. Folders and patterns are
put in natural order; lists keep theirs. Of a copick project all tomograms are taken, whatever
their type and voxel size; name those of one type by a pattern where there are several.
"""

import glob
import os
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from nunatak.errors import BadInput
from nunatak.images.copick_config import is_copick_config
from nunatak.images.copick_project import RUNS_FOLDER, SPACING, read_copick_project
from nunatak.images.folders import is_file, is_folder, natural
from nunatak.images.inputs import LIST_SUFFIXES, listed_names
from nunatak.images.listing import COMMAND_LINE, Listing
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.ome_metadata import is_ome_zarr
from nunatak.images.zarr_metadata import is_zarr

TOMOGRAM_SUFFIXES = (".mrc", ".rec", ".map", ".mrc.gz", ".mrc.bz2", ".rec.gz", ".rec.bz2")
_ZARR_SUFFIX = ".zarr"
_MAGIC = frozenset("*?[")


def list_tomograms(inputs: Iterable[str | PathLike[str]]) -> MicrographList:
    """List the tomograms that files, folders, patterns, lists and copick projects name.

    Parameters
    ----------
    inputs
        As the user typed them.

    Returns
    -------
    MicrographList
        Every tomogram once, at its first mention. What an input names and nobody can use is in
        ``missing``.

    Raises
    ------
    BadInput
        If nothing at all was found.
    FormatError
        If a list or a copick project cannot be read.
    """
    listing = Listing()
    texts = [os.fspath(text) for text in inputs]
    for text in texts:
        _expand(text, listing)
    found = listing.finished()
    if not len(found):
        named = f" {found.missing[0].name}: {found.missing[0].problem}." if found.missing else ""
        raise BadInput(
            f"No tomograms in {', '.join(texts[:5]) or 'an empty list of inputs'}.{named} Give "
            f"files ({', '.join(TOMOGRAM_SUFFIXES)}), OME-Zarr folders, a folder that holds some, "
            "a quoted pattern, a text list (.txt, .lst) or a copick project's .json file."
        )
    return found


def _expand(text: str, listing: Listing) -> None:
    path = Path(text)
    if _is_tomogram_folder(path):
        listing.add(path, text)
    elif is_folder(path):
        _add_folder(path, listing)
    elif is_file(path):
        _add_file(path, text, listing)
    elif _MAGIC & set(text):
        matches = natural(glob.glob(text, recursive=True))  # noqa: PTH207 - Path.glob finds hidden files
        for match in matches:
            _expand(match, listing)
        if not matches:
            listing.add_missing(text, COMMAND_LINE)
    else:
        listing.add_missing(text, COMMAND_LINE)


def _add_file(path: Path, text: str, listing: Listing) -> None:
    if path.suffix.casefold() in LIST_SUFFIXES:
        _add_text_list(path, listing)
    elif path.suffix.casefold() == ".json" and is_copick_config(path):
        _add_project(path, text, listing)
    else:
        # Named outright, so it is tried whatever its name: content decides.
        listing.add(path, text)


def _add_project(path: Path, text: str, listing: Listing) -> None:
    project = read_copick_project(path)
    for one in project.tomograms:
        # Its folder's name rounds the voxel size, which the tomogram itself states.
        listing.add(one.path, str(one.path), origin=text)
    if not project.tomograms:
        roots = " and ".join(str(root) for root in project.roots)
        problem = (
            "a copick project without tomograms "
            f"(there is no {RUNS_FOLDER}/RUN/{SPACING}…/TYPE.zarr in {roots})"
        )
        listing.add_missing(text, COMMAND_LINE, problem)


def _add_folder(folder: Path, listing: Listing) -> None:
    content = listing.folders.content(folder)
    if content.problem:
        listing.note(f"{folder}: cannot be listed ({content.problem})")
    wanted = {
        *(name for name in content.files if name.casefold().endswith(TOMOGRAM_SUFFIXES)),
        # Only by their names: to look into each folder would take minutes on a network disk.
        *(name for name in content.folders if _is_named_zarr(folder / name)),
    }
    for name in natural([name for name in wanted if not name.startswith(".")]):
        listing.add(folder / name, str(folder / name))
    listing.ignore(name for name in content.files if name not in wanted)


def _add_text_list(path: Path, listing: Listing) -> None:
    for name in listed_names(path, "tomograms"):
        if _is_tomogram_folder(path.parent / name):
            listing.add(path.parent / name, name, origin=str(path))
        else:
            listing.add_if_there(path.parent / name, name, str(path))


def _is_tomogram_folder(path: Path) -> bool:
    """Whether a folder that was named outright is an OME-Zarr, by its name or by its content."""
    return _is_named_zarr(path) or (is_folder(path) and is_ome_zarr(path))


def _is_named_zarr(path: Path) -> bool:
    return path.name.casefold().endswith(_ZARR_SUFFIX) and is_folder(path) and is_zarr(path)
