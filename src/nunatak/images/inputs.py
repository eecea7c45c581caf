"""From what the user typed to a list of micrographs, without opening one.

An input is an image file, a folder, a quoted pattern, a text list or a RELION STAR file.

- **Folder**: the images directly inside; where there are none, those in its subfolders, one
  level down (as in ``MotionCorr/job002``). Hidden files and RELION's power spectra
  (``*_PS.mrc``) are left out and counted, as are files of other kinds.
- **Pattern**: as in a shell; ``**`` stands for any number of folders.
- **Text list** (``.txt``, ``.lst``): one path a line, relative to the list's folder; lines that
  begin with ``#`` are comments.
- **STAR file**: names are relative to the RELION project, which is sought upwards from the
  STAR file's folder, then in the working directory.

Folders and patterns are put in natural order; lists keep theirs.
"""

import glob
import os
import re
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from nunatak.errors import BadInput, FormatError
from nunatak.images.folders import is_file, is_folder, natural
from nunatak.images.listing import COMMAND_LINE, Listing
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.micrograph_star import read_micrograph_star
from nunatak.images.stable import unreadable

IMAGE_SUFFIXES = (".mrc", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".mrc.gz", ".mrc.bz2")
LIST_SUFFIXES = (".txt", ".lst")
_POWER_SPECTRUM = "_ps.mrc"
STAR_SUFFIX = ".star"
_MAGIC = re.compile(r"[*?[]")
_PROBES = 50


def list_micrographs(inputs: Iterable[str | PathLike[str]]) -> MicrographList:
    """List the micrographs that files, folders, patterns, lists and STAR files name.

    Parameters
    ----------
    inputs
        As the user typed them.

    Returns
    -------
    MicrographList
        Every file once, at its first mention. What an input names and nobody can use
        is in ``missing``, for the caller to report and to count as failed.

    Raises
    ------
    BadInput
        If nothing at all was found; the message says what was looked for.
    FormatError
        If a list or a STAR file cannot be read.
    Mismatch
        If two STAR files give one micrograph two pixel sizes.
    """
    listing = Listing()
    texts = [os.fspath(text) for text in inputs]
    for text in texts:
        _expand(text, listing)
    found = listing.finished()
    if not found.micrographs:
        raise _nothing_found(texts, found)
    return found


def _expand(text: str, listing: Listing) -> None:
    path = Path(text)
    if _is_image(text) and listing.folders.has_file(path):
        listing.add(path, text)
    elif is_folder(path):
        _add_folder(path, listing)
    elif is_file(path):
        suffix = path.suffix.casefold()
        if suffix == STAR_SUFFIX:
            _add_star(path, listing)
        elif suffix in LIST_SUFFIXES:
            _add_text_list(path, listing)
        else:
            # Named outright, so it is tried whatever its name: content decides.
            listing.add(path, text)
    elif _MAGIC.search(text):
        _add_pattern(text, listing)
    else:
        listing.add_missing(text, COMMAND_LINE)


def _add_folder(folder: Path, listing: Listing, *, descend: bool = True) -> None:
    content = listing.folders.content(folder)
    if content.problem:
        listing.note(f"{folder}: cannot be listed ({content.problem})")
    images = natural([name for name in content.files if _is_wanted(name)])
    for name in images:
        path = folder / name
        listing.add(path, str(path))
    listing.ignore(name for name in content.files if not _is_wanted(name))
    if not images and descend:
        for name in natural([name for name in content.folders if not name.startswith(".")]):
            _add_folder(folder / name, listing, descend=False)


def _add_pattern(pattern: str, listing: Listing) -> None:
    matches = natural(_matches(pattern))
    if not matches:
        listing.add_missing(pattern, COMMAND_LINE)
    names_lists = pattern.casefold().endswith((*LIST_SUFFIXES, STAR_SUFFIX))
    for match in matches:
        path = Path(match)
        if _is_image(match) and listing.folders.has_file(path):
            listing.add(path, match)
        elif names_lists or is_folder(path):
            _expand(match, listing)
        else:
            listing.ignore([path.name])


def _matches(pattern: str) -> list[str]:
    """Expand a pattern as a shell does: no hidden files, and no loops of linked folders."""
    if "**" not in pattern:
        return glob.glob(pattern)  # noqa: PTH207 - Path.glob also matches hidden files
    path = Path(pattern)
    start = Path(path.anchor)
    # glob.glob would follow links to folders, in a loop until the system refuses.
    found = start.glob(str(path.relative_to(start)))
    return [str(match) for match in found if not any(part[0] == "." for part in match.parts)]


def _add_text_list(path: Path, listing: Listing) -> None:
    for name in listed_names(path, "micrographs"):
        listing.add_if_there(path.parent / name, name, str(path))


def listed_names(path: Path, what: str) -> list[str]:
    """Return the names in a text list: one a line, without empty lines and comments.

    Parameters
    ----------
    path
        The list.
    what
        It lists, for messages.

    Raises
    ------
    FormatError
        If it is no text.
    BadInput
        If it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(path, f"not a text list of {what}: not even text") from error
    except OSError as error:
        raise unreadable(path, error) from error
    names = (line.strip() for line in lines)
    return [name for name in names if name and not name.startswith("#")]


def _add_star(path: Path, listing: Listing) -> None:
    try:
        listed = read_micrograph_star(path)
    except OSError as error:
        raise unreadable(path, error) from error
    root = _project_root(path, [name for name, _ in listed], listing)
    for name, size_A in listed:
        listing.add_if_there(root / name, name, str(path), size_A)


def _project_root(star: Path, names: list[str], listing: Listing) -> Path:
    """Return the first folder in which any of a sample of the names exists."""
    relative = [name for name in names if not Path(name).is_absolute()]
    sample = relative[:: max(1, len(relative) // _PROBES)]
    folder = star.absolute().parent
    for root in (folder, *folder.parents, Path.cwd()):
        if any(listing.folders.has_file(root / name) for name in sample):
            listing.note(f"{star}: names are relative to {root}")
            return root
    if sample:
        listing.note(
            f"{star}: none of its micrographs was found in {folder}, in the folders above it, "
            "or in the working directory"
        )
    return folder


def _is_image(name: str) -> bool:
    return name.casefold().endswith(IMAGE_SUFFIXES)


def _is_wanted(name: str) -> bool:
    return (
        _is_image(name)
        and not name.startswith(".")
        and not name.casefold().endswith(_POWER_SPECTRUM)
    )


def _nothing_found(texts: list[str], found: MicrographList) -> BadInput:
    asked = ", ".join(texts[:5]) + (f" and {len(texts) - 5} more" if len(texts) > 5 else "")
    message = f"No micrographs in {asked or 'an empty list of inputs'}."
    if found.missing:
        first = found.missing[0]
        where = "" if first.origin == COMMAND_LINE else f", in {first.origin}"
        message += f" {len(found.missing)} named and not usable, such as {first.name}"
        message += f" ({first.problem}{where})."
    if found.notes:
        message += f" {'; '.join(found.notes)}."
    return BadInput(
        f"{message} Give image files ({', '.join(IMAGE_SUFFIXES)}), a folder that holds some, a "
        "quoted pattern, a text list (.txt, .lst) or a RELION .star file."
    )
