"""Whether the user named tomograms or micrographs: told from names and headers, never guessed."""

import os
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

from nunatak.errors import BadInput, FormatError
from nunatak.images.copick_config import is_copick_config
from nunatak.images.inputs import STAR_SUFFIX, list_micrographs
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.images.reader import open_image
from nunatak.images.source import ImageSource
from nunatak.images.stable import unchanged_while_reading
from nunatak.images.tomogram_inputs import TOMOGRAM_SUFFIXES, list_tomograms
from nunatak.images.tomogram_reader import STACK_SUFFIXES
from nunatak.images.zarr_metadata import is_zarr

OPTION = "--images-are"
"""Of the command line: settles what headers leave open, as ``tomograms`` or ``micrographs``."""

THINNEST_A = 200.0
"""Thickness below which sections are no slices of a tomogram: ice that hides particles is thicker,
and the frames of a movie, taken for slices of 1 Å, make less."""

THINNEST_SHARE = 0.1
"""Sections over the smaller of rows and columns, below which a header has to say that they are
slices: binned tilt series of 40 or 60 images have fewer, tomograms 0.2 to 0.5 as many."""

LONGEST_SHARE = 2.0
"""Sections over the larger of rows and columns, above which they are images, such as particles."""

FEW = 20
"""Up to so many inputs, of up to so many files each, are all looked at; of more, one file in each
folder with each suffix."""

_RECONSTRUCTION = ".rec"
_OF_TOMOGRAMS = (_RECONSTRUCTION, ".map")
_COMPRESSED = (".gz", ".bz2")
_AS_TOMOGRAMS = (
    f"As tomograms, give files ({', '.join(TOMOGRAM_SUFFIXES)}), OME-Zarr folders or a copick "
    "project's .json file."
)


def are_tomograms(inputs: Sequence[str | PathLike[str]]) -> bool:
    """Tell whether inputs are tomograms or micrographs.

    Parameters
    ----------
    inputs
        As the user typed them: files, folders, patterns, text lists, STAR files, OME-Zarr folders
        or copick projects. At most headers are read.

    Returns
    -------
    bool
        False for micrographs; also for movies and stacks of images that are marked as such, which
        whoever reads them refuses with its reason.

    Raises
    ------
    BadInput
        If there is nothing, if some are tomograms and others are not, or if a file may be either
        (the message names the option that settles it).
    FormatError
        If a list or a copick project cannot be read.
    """
    texts = [os.fspath(text) for text in inputs]
    found: dict[bool, str] = {}
    for name, is_tomogram in _kinds(texts):
        found.setdefault(is_tomogram, name)
        if len(found) > 1:
            raise BadInput(
                f"{found[True]} is a tomogram and {found[False]} is not. Give tomograms and "
                f"micrographs to separate commands, or {OPTION} to have the others reported as "
                "failures."
            )
    return True in found


def _kinds(texts: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield names, and whether each is a tomogram; at least one."""
    seen: set[tuple[Path, str]] = set()
    unread: list[ListedMicrograph] = []
    problems: list[BadInput] = []
    for text in texts:
        # Without a question to the disk, which a shell's list of thousands would repeat.
        if len(texts) > FEW and _group(Path(text)) in seen:
            continue
        try:
            listed = _listed(text)
        except FormatError:
            raise
        except BadInput as problem:
            problems.append(problem)
            continue
        for one in listed:
            if max(len(texts), len(listed)) > FEW and _group(one.path) in seen:
                continue
            is_tomogram = _is_tomogram(one.path)
            if is_tomogram is None:
                unread.append(one)
            else:
                seen.add(_group(one.path))
                yield one.name, is_tomogram
    if seen:
        return
    if not unread:
        if problems:
            raise problems[0]
        raise BadInput(f"No micrographs in an empty list of inputs. {_AS_TOMOGRAMS}")
    # None can be read. Whoever tries to says what is wrong with each.
    yield from ((one.name, _suffix(one.path) in _OF_TOMOGRAMS) for one in unread)


def _listed(text: str) -> MicrographList:
    try:
        return list_tomograms([text])
    except FormatError:
        raise
    except BadInput:
        if is_copick_config(Path(text)):
            raise  # It is about tomograms, even where it has none.
    # Pictures that lie beside tomograms in a folder make it no folder of micrographs: they count
    # only where there is no tomogram.
    try:
        return list_micrographs([text])
    except FormatError:
        raise
    except BadInput as problem:
        raise BadInput(f"{problem} {_AS_TOMOGRAMS}") from problem


def _is_tomogram(path: Path) -> bool | None:
    """Tell what a file or an OME-Zarr folder is; None if it cannot be read."""
    if is_zarr(path):
        return True
    if path.suffix.casefold() == STAR_SUFFIX:
        return False
    try:
        with unchanged_while_reading(path) as state:
            source = open_image(path, state)
    except BadInput:
        return None
    return _holds_a_tomogram(source)


def _holds_a_tomogram(source: ImageSource) -> bool:
    """Tell by name, header and shape whether sections are slices of a volume, or ask."""
    info = source.info
    if info.format != "MRC" or info.kind == "micrograph":
        return False
    suffix = _suffix(info.path)
    is_volume = info.kind == "volume"
    # A cell of one section for all of them (mz 1) makes them images; programs that leave space
    # group 0 in volumes (IMOD) count the sections all the same.
    is_stack = not is_volume and source.pixel_size_z_A is None and info.pixel_size_A is not None
    is_possible = _is_shaped_like_one(source, known_to_be_volume=is_volume)
    if suffix in STACK_SUFFIXES:
        doubtful, answer = is_volume, False
    elif is_stack:
        doubtful, answer = is_possible, False
    else:
        doubtful, answer = not is_possible and suffix != _RECONSTRUCTION, True
    if not doubtful:
        return answer
    nz, ny, nx = info.shape
    size = "" if info.pixel_size_A is None else f" at {info.pixel_size_A:.4g} Å"
    raise BadInput(
        f"{info.path}: {nz} sections of {nx} × {ny} pixels{size}, which may be a tomogram, or a "
        f"movie or another stack of images: its name and its header do not settle it. Give "
        f"{OPTION} tomograms if it is a tomogram; movies and stacks cannot be picked."
    )


def _is_shaped_like_one(source: ImageSource, *, known_to_be_volume: bool) -> bool:
    nz, ny, nx = source.info.shape
    size_A = source.pixel_size_z_A or source.info.pixel_size_A
    if nz > LONGEST_SHARE * max(ny, nx) or (size_A is not None and nz * size_A < THINNEST_A):
        return False
    is_judged_by_size = known_to_be_volume and size_A is not None
    return is_judged_by_size or nz >= THINNEST_SHARE * min(ny, nx)


def _group(path: Path) -> tuple[Path, str]:
    return path.parent, _suffix(path)


def _suffix(path: Path) -> str:
    """Return the suffix, of a compressed file that of its content."""
    plain = path.with_suffix("") if path.suffix.casefold() in _COMPRESSED else path
    return plain.suffix.casefold()
