"""Find the image that a name in a file means: exactly one, or a clear refusal.

Programs name one image in three ways: by its path (RELION), by its file name (VIA), or by its
stem (Topaz, EMAN, one file per image). Identity is the path here: two images with one stem in
two folders are two images, and a stem that fits both is refused. Names that differ only in
letter case or in Unicode normalisation are reported, never taken for one another.
"""

import logging
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, takewhile
from pathlib import PurePosixPath

from nunatak.errors import Mismatch

IMAGE_SUFFIXES = frozenset(
    {".mrc", ".mrcs", ".tif", ".tiff", ".eer", ".dm4", ".hdf", ".png", ".jpg", ".jpeg"}
)
"""Suffixes that are not part of a stem; ``mic.1`` has none of them and is a stem as it is."""

COMPRESSED_SUFFIXES = frozenset({".gz", ".bz2", ".xz", ".zst"})
"""Suffixes behind the one of an image."""

_ZARR = ".zarr"
_OME = ".ome"
_MAX_LISTED = 5
_MARKS = re.compile(r"^rec_(?=.)|(?<=.)_\d+(\.\d+)?Apx$")

_log = logging.getLogger(__name__)


def stem_of(name: str) -> str:
    """Return the file name without folders and without its last suffix.

    This is the identity that Topaz, EMAN and RELION's coordinate files give an image. A suffix
    of compression goes first, and ``.ome.zarr`` is one suffix.

    Examples
    --------
    >>> stem_of("MotionCorr/job002/mic_1.5um.mrc"), stem_of("mic.mrc.bz2"), stem_of("mic")
    ('mic_1.5um', 'mic', 'mic')
    >>> stem_of("TS_01.ome.zarr"), stem_of("TS_01.zarr/0")
    ('TS_01', 'TS_01')
    """
    path = store_of(name)
    if path.suffix.lower() in COMPRESSED_SUFFIXES:
        path = path.with_suffix("")
    inner = PurePosixPath(path.stem)
    if path.suffix.lower() == _ZARR and inner.suffix.lower() == _OME:
        return inner.stem
    return path.stem


def store_of(name: str) -> PurePosixPath:
    """Return an image's path, without the number that it has in a store of bioformats2raw.

    That program keeps the images of one file in the folders ``0``, ``1``, ... of a Zarr store,
    and only the store is named after the file.

    Examples
    --------
    >>> store_of("raw/TS_01.zarr/0").as_posix(), store_of("TS_01.zarr").as_posix()
    ('raw/TS_01.zarr', 'TS_01.zarr')
    """
    path = PurePosixPath(name)
    is_numbered = path.name.isdecimal() and path.parent.suffix.lower() == _ZARR
    return path.parent if is_numbered else path


def series_of(stem: str) -> str:
    """Return the tilt series that the stem of a tomogram's file speaks of.

    RELION calls the reconstruction of ``TS_01`` ``rec_TS_01.mrc``, and Warp ``TS_01_10.00Apx.mrc``.

    Examples
    --------
    >>> series_of("rec_TS_01"), series_of("TS_01_10.00Apx"), series_of("TS_01")
    ('TS_01', 'TS_01', 'TS_01')
    """
    return _MARKS.sub("", stem)


@dataclass(frozen=True)
class Resolution:
    """Which image each of many names means.

    Attributes
    ----------
    found : dict of str to str
        Name as asked for, to the image's name in the index.
    unmatched : dict of str to str
        Name as asked for, to the reason why no single image was found.
    moved : tuple of str
        Names that were found by their file name alone, in another folder than they state.
    others : frozenset of str
        Unmatched names that certainly mean none of the images: the one image of their file name
        was asked for by its own path, and they are in another folder.
    """

    found: dict[str, str]
    unmatched: dict[str, str]
    moved: tuple[str, ...] = ()
    others: frozenset[str] = frozenset()


class NameIndex:
    """Images by path, file name and stem.

    Parameters
    ----------
    names
        Paths of the images, as the user wrote them.

    Examples
    --------
    >>> index = NameIndex(["grid1/mic_001.mrc", "grid2/mic_002.mrc"])
    >>> index.resolve("mic_002")
    'grid2/mic_002.mrc'
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._exact = frozenset(self.names)
        self._by_file: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._by_loose: dict[str, list[str]] = defaultdict(list)
        for name in self.names:
            stem = stem_of(name)
            self._by_file[_file_name(name)].append(name)
            self._by_stem[stem].append(name)
            self._by_loose[_loose(stem)].append(name)

    def __len__(self) -> int:
        return len(self.names)

    def resolve(self, name: str) -> str:
        """Return the one image that a name means.

        Parameters
        ----------
        name
            A path, a file name or a stem. Of several images with the same file name, a path means
            the one whose innermost folders agree with its own.

        Raises
        ------
        Mismatch
            If no image fits or several do; the message lists the candidates.
        """
        candidates = self._candidates(name)
        if len(candidates) == 1:
            return candidates[0]
        raise Mismatch(self._reason(name, candidates))

    def resolve_all(self, names: Iterable[str]) -> Resolution:
        """Resolve many names and refuse those that would merge two into one image.

        Of names in several folders that fit one image, those that state its path mean it, and the
        others mean another image; where none states its path, nobody can tell, and all are
        unmatched.

        Parameters
        ----------
        names
            Names as in `resolve`.

        Returns
        -------
        Resolution
            Nothing is raised: each name that cannot be resolved is listed with its reason.
        """
        found: dict[str, str] = {}
        unmatched: dict[str, str] = {}
        for name in dict.fromkeys(names):
            candidates = self._candidates(name)
            if len(candidates) == 1:
                found[name] = candidates[0]
            else:
                unmatched[name] = self._reason(name, candidates)
        others = _refuse_merging(found, unmatched)
        moved = tuple(name for name, image in found.items() if _is_elsewhere(name, image))
        if moved:
            _log.info("%d images were found in another folder than their name states", len(moved))
        return Resolution(found, unmatched, moved, others)

    def _candidates(self, name: str) -> list[str]:
        if name in self._exact:
            return [name]
        path = PurePosixPath(name)
        same_file = self._by_file.get(_file_name(name), [])
        if same_file:
            return _nearest(path.parent, same_file)
        same_stem = self._by_stem.get(path.name, [])
        if not same_stem and path.suffix.lower() in IMAGE_SUFFIXES | COMPRESSED_SUFFIXES:
            same_stem = self._by_stem.get(stem_of(name), [])
        return _nearest(path.parent, same_stem)

    def _reason(self, name: str, candidates: list[str]) -> str:
        if candidates:
            return (
                f"{name} fits {len(candidates)} images: {_listed(candidates)}. Images of one stem "
                "in several folders are different images; name the image by its path."
            )
        if not self.names:
            return (
                f"{name}: no images were given to look it up in. Give --micrographs or --tomograms."
            )
        stem = stem_of(name) if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES else name
        alike = self._by_loose.get(_loose(PurePosixPath(stem).name), [])
        if alike:
            return (
                f"{name} fits no image, but differs only {_difference(stem, alike[0])} from "
                f"{_listed(alike)}. Rename one of them if they are the same image."
            )
        return f"{name} fits none of the {len(self.names)} images: {_listed(list(self.names))}."


def _file_name(name: str) -> str:
    path = PurePosixPath(name)
    return path.relative_to(store_of(name).parent).as_posix()


def _nearest(folder: PurePosixPath, candidates: list[str]) -> list[str]:
    # A name that states a folder prefers the images whose folders agree with it the longest.
    if not folder.parts:
        return candidates
    agreeing = [_common_tail(folder, PurePosixPath(c).parent) for c in candidates]
    return [c for c, length in zip(candidates, agreeing, strict=True) if length == max(agreeing)]


def _common_tail(first: PurePosixPath, second: PurePosixPath) -> int:
    """Count the folders, from the innermost outwards, that two paths share."""
    pairs = zip(reversed(_folders(first)), reversed(_folders(second)), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _is_tail(first: PurePosixPath, second: PurePosixPath) -> bool:
    return _common_tail(first, second) == min(len(_folders(first)), len(_folders(second)))


def _folders(path: PurePosixPath) -> tuple[str, ...]:
    return tuple(part for part in path.parts if part not in (path.anchor, ".."))


def _is_elsewhere(name: str, image: str) -> bool:
    return not _is_tail(PurePosixPath(name).parent, PurePosixPath(image).parent)


def _refuse_merging(found: dict[str, str], unmatched: dict[str, str]) -> frozenset[str]:
    """Take names of different images off one image; return those that certainly mean another."""
    others: set[str] = set()
    askers: dict[str, list[str]] = defaultdict(list)
    for name, image in found.items():
        askers[image].append(name)
    for image, names in askers.items():
        if _is_one_image(names):
            continue
        stating = [name for name in names if _states_path(name, image)]
        if not _is_one_image(stating):
            stating = [name for name in stating if name == image]
        for name in names:
            if name in stating:
                continue
            del found[name]
            if stating and _is_elsewhere(name, image):
                others.add(name)
                unmatched[name] = (
                    f"{name} fits no image: {image} is in another folder, and {stating[0]} is "
                    "asked for as well."
                )
            else:
                unmatched[name] = (
                    f"{_listed(names)} would all become {image}, but images in different "
                    "folders are different images. Give every one of them."
                )
    return frozenset(others)


def _is_one_image(names: list[str]) -> bool:
    folders = {PurePosixPath(name).parent for name in names}
    return all(_is_tail(first, second) for first, second in combinations(folders, 2))


def _states_path(name: str, image: str) -> bool:
    """Whether a name is an image's path, or its end with at least one folder."""
    has_folder = bool(_folders(PurePosixPath(name).parent))
    return name == image or (has_folder and not _is_elsewhere(name, image))


def _loose(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).casefold()


def _difference(name: str, image: str) -> str:
    first, second = PurePosixPath(name).name, stem_of(image)
    if unicodedata.normalize("NFC", first) == unicodedata.normalize("NFC", second):
        return "in Unicode normalisation (composed or decomposed accents)"
    return "in letter case"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_MAX_LISTED])
    return shown + (f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else "")
