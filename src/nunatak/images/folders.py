"""Folders, each listed once: on a network disk a question a file would take minutes."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class FolderContent:
    """Names inside a folder, without ``.`` and ``..``.

    Attributes
    ----------
    files, folders : frozenset of str
        Symbolic links count as what they lead to; broken and circular ones as nothing.
    problem : str
        Why it could not be listed; empty where it could.
    """

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    problem: str = ""


@dataclass
class Folders:
    """Remembers what it has listed; a folder that cannot be listed is empty."""

    _known: dict[str, FolderContent] = field(default_factory=dict)

    def content(self, folder: Path) -> FolderContent:
        """Return the names in a folder."""
        key = str(folder)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _listed(folder)
        return known

    def has_file(self, path: Path) -> bool:
        """Tell whether a file exists, without asking the disk again for its neighbours."""
        return path.name in self.content(path.parent).files


def is_folder(path: Path) -> bool:
    """Tell whether a path leads to a folder; what cannot be reached does not."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where permission is denied


def is_file(path: Path) -> bool:
    """Tell whether a path leads to a file; what cannot be reached does not."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where permission is denied


def natural(names: list[str]) -> list[str]:
    """Sort names as people do: ``mic_9`` before ``mic_10``.

    Examples
    --------
    >>> natural(["mic_10.mrc", "mic_9.mrc", "mic_09.mrc"])
    ['mic_09.mrc', 'mic_9.mrc', 'mic_10.mrc']
    """
    return sorted(names, key=_natural_key)


def _natural_key(name: str) -> tuple[list[str | int], str]:
    # Splitting on a group alternates text and digits, so that like meets like.
    parts = _DIGITS.split(name)
    key: list[str | int] = [
        int(part) if index % 2 else part.casefold() for index, part in enumerate(parts)
    ]
    return key, name


def _listed(folder: Path) -> FolderContent:
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _is(entry, folder=False):
                    files.append(entry.name)
                elif _is(entry, folder=True):
                    folders.append(entry.name)
    except OSError as error:
        # Whatever is sought in it gets reported as missing by whoever asked.
        return FolderContent(problem=error.strerror or str(error))
    return FolderContent(frozenset(files), frozenset(folders))


def _is(entry: os.DirEntry[str], *, folder: bool) -> bool:
    try:
        return entry.is_dir() if folder else entry.is_file()
    except OSError:
        # A symbolic link that leads to itself.
        return False
