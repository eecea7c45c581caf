"""A list of micrographs while it grows: each file once, nothing dropped uncounted."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from unicodedata import category

from nunatak.errors import Mismatch
from nunatak.images.folders import Folders
from nunatak.images.micrograph_list import (
    NO_SUCH_FILE,
    ListedMicrograph,
    MicrographList,
    MissingMicrograph,
)
from nunatak.images.pixel_size import same

COMMAND_LINE = "the command line"
NO_TEXT = "its name holds a line break or what is no text: rename the file"
_CATEGORIES_OF_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, bytes of no encoding, and separators of lines and paragraphs."""

_MOST_SUFFIXES_NAMED = 6


@dataclass
class Listing:
    """Collects micrographs from several inputs.

    Attributes
    ----------
    folders : Folders
        Shared by all inputs, so that no folder is listed twice.
    """

    folders: Folders = field(default_factory=Folders)
    _found: dict[str, ListedMicrograph] = field(default_factory=dict)
    _missing: dict[tuple[str, str], MissingMicrograph] = field(default_factory=dict)
    _ignored: Counter[str] = field(default_factory=Counter)
    _notes: list[str] = field(default_factory=list)
    _n_duplicates: int = 0

    def add(
        self,
        path: Path,
        name: str,
        pixel_size_A: float | None = None,
        *,
        origin: str = COMMAND_LINE,
    ) -> None:
        """Add a file that exists, unless it is there already.

        Two names are one file if their absolute paths are the same; equal stems in two
        folders are two files. A name that no file of picks could hold is counted as missing.

        Raises
        ------
        Mismatch
            If it came before with another pixel size.
        """
        if _is_no_text(name):
            self.add_missing(name, origin, NO_TEXT)
            return
        # Path.resolve would ask the disk about every folder on the way, for every file.
        key = os.path.abspath(path)  # noqa: PTH100
        known = self._found.get(key)
        if known is None:
            self._found[key] = ListedMicrograph(path, name, pixel_size_A)
            return
        self._n_duplicates += 1
        if pixel_size_A is None or pixel_size_A == known.pixel_size_A:
            return
        if known.pixel_size_A is not None and not same(pixel_size_A, known.pixel_size_A):
            raise Mismatch(
                f"{path}: listed twice, with a pixel size of {known.pixel_size_A:.5g} Å and one "
                f"of {pixel_size_A:.5g} Å. Remove one of the two entries."
            )
        self._found[key] = replace(known, pixel_size_A=known.pixel_size_A or pixel_size_A)

    def add_if_there(
        self, path: Path, name: str, origin: str, pixel_size_A: float | None = None
    ) -> None:
        """Add a file that a list names, or count it as missing."""
        if self.folders.has_file(path):
            self.add(path, name, pixel_size_A, origin=origin)
        else:
            self.add_missing(name, origin)

    def add_missing(self, name: str, origin: str, problem: str = NO_SUCH_FILE) -> None:
        """Count something that was named and cannot be used."""
        self._missing[name, origin] = MissingMicrograph(_escaped(name), origin, problem)

    def ignore(self, names: Iterable[str]) -> None:
        """Count files, by name, that are no images."""
        self._ignored.update(_kind(name) for name in names)

    def note(self, text: str) -> None:
        """Remember something the user should know."""
        self._notes.append(text)

    def finished(self) -> MicrographList:
        """Return everything that was added, with counted notes."""
        notes = list(self._notes)
        if self._n_duplicates:
            notes.append(f"{self._n_duplicates} listed more than once, taken once")
        if self._ignored:
            ranked = sorted(self._ignored.items(), key=lambda item: (-item[1], item[0]))
            kinds = ", ".join(f"{count} {kind}" for kind, count in ranked[:_MOST_SUFFIXES_NAMED])
            more = ", …" if len(self._ignored) > _MOST_SUFFIXES_NAMED else ""
            notes.append(f"{self._ignored.total()} other files ignored ({kinds}{more})")
        return MicrographList(
            tuple(self._found.values()),
            tuple(self._missing.values()),
            self._n_duplicates,
            tuple(notes),
        )


def _is_no_text(name: str) -> bool:
    """Whether a name holds line breaks, other control characters, or bytes of no encoding."""
    # Most names are settled by the first test, which runs in C.
    return not name.isprintable() and not _CATEGORIES_OF_NO_TEXT.isdisjoint(map(category, name))


def _escaped(name: str) -> str:
    return "".join(
        ascii(one)[1:-1] if category(one) in _CATEGORIES_OF_NO_TEXT else one for one in name
    )


def _kind(name: str) -> str:
    if name.startswith("."):
        return "hidden"
    if name.casefold().endswith("_ps.mrc"):
        return "power spectra _PS.mrc"
    return PurePath(name).suffix.casefold() or "without suffix"
