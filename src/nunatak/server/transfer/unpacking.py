"""Unpack an archive of pick files that the browser sends, which may be made to do harm."""

import io
import re
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from nunatak.errors import BadInput
from nunatak.images.copick_config import is_copick_config
from nunatak.picks.formats import relion_autopick
from nunatak.picks.formats.registry import FORMATS

MOST_FILES = 20_000
"""More than a project has images; each takes a place on the disk, however small it is."""

MOST_BYTES = 128_000_000
"""Unpacked, of all files: a small archive can hold more than fits onto the disk."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f\\:]")
_LONGEST_NAME = 200
_NO_PICKS = ("__MACOSX", ".DS_Store")
"""What macOS adds to archives."""


def unpacked(content: bytes, name: str, folder: Path) -> Path:
    """Write an archive's files into a folder.

    Parameters
    ----------
    content
        Of the archive.
    name
        Of the archive, for messages.
    folder
        Where to; it is empty.

    Returns
    -------
    Path
        The folder that was packed: the given one, or one in it.

    Raises
    ------
    BadInput
        If it is no archive, damaged, encrypted or too large; if it holds links, names that lead
        elsewhere, or files that name other files, as copick projects and AutoPick jobs do.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _unpack(archive, name, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise BadInput(
            f"{name}: damaged, or no ZIP archive that can be unpacked. Make it again, or give the "
            "files of picks one by one."
        ) from error
    return _unwrapped(folder)


def _unwrapped(folder: Path) -> Path:
    """Return the folder that was packed, where others hold nothing but it."""
    inside = list(folder.iterdir())
    if len(inside) > 1 or not inside[0].is_dir() or _is_layout(folder):
        return folder
    return _unwrapped(inside[0])


def _is_layout(folder: Path) -> bool:
    """Whether folders in it are where a format wants them, and say something by their names."""
    return any(any(folder.glob(pattern)) for fmt in FORMATS.values() for pattern in fmt.nested)


def _unpack(archive: zipfile.ZipFile, name: str, folder: Path) -> None:
    members = [one for one in archive.infolist() if not one.is_dir() and not _is_added(one)]
    if not members:
        raise BadInput(f"{name}: an archive without files. Pack the files of picks into it.")
    if len(members) > MOST_FILES:
        raise BadInput(
            f"{name}: {len(members)} files, and at most {MOST_FILES} are taken at once. Pack fewer."
        )
    if sum(one.file_size for one in members) > MOST_BYTES:
        raise BadInput(
            f"{name}: more than {MOST_BYTES // 1_000_000} MB when it is unpacked. Pack fewer files."
        )
    for one in members:
        _refuse_tricks(one, name)
        path = folder / one.filename
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never over another one; what is unpacked is no longer than was announced.
        with path.open("xb") as file:
            file.write(archive.read(one))
        _refuse_names_of_others(path, f"{name}: {one.filename}")


def _is_added(member: zipfile.ZipInfo) -> bool:
    return any(part in _NO_PICKS for part in PurePosixPath(member.filename).parts)


def _refuse_tricks(member: zipfile.ZipInfo, name: str) -> None:
    parts = member.filename.split("/")
    is_plain = all(
        part not in ("", ".", "..")
        and not _UNFIT.search(part)
        and len(part.encode("utf-8", "surrogateescape")) <= _LONGEST_NAME
        for part in parts
    )
    if not is_plain:
        raise BadInput(
            f"{name}: {member.filename!a} in it is no plain name of a file within the archive. "
            "Nothing was read."
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise BadInput(
            f"{name}: {member.filename} in it is a link. Pack the file itself; nothing was read."
        )
    if member.flag_bits & 1:
        raise BadInput(f"{name}: it is encrypted. Pack the files without a password.")


def _refuse_names_of_others(path: Path, where: str) -> None:
    """Refuse what makes the reading of picks open files outside the archive."""
    if path.name == relion_autopick.LIST_NAME or is_copick_config(path):
        raise BadInput(
            f"{where} names other files. Import the files of picks themselves, or add them with "
            "'nunatak convert'."
        )
