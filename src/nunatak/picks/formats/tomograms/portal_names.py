"""Folders and file names of the CZ portal, which say what its files of points do not."""

import re
from pathlib import Path

from nunatak.errors import BadInput, UsageError
from nunatak.images.copick_project import SPACING

POINT, ORIENTED, INSTANCE = "point", "orientedPoint", "instancePoint"
"""Types of points."""

_ENDINGS = {POINT: "point", ORIENTED: "orientedpoint", INSTANCE: "instancesegmentation"}
_FOLDER = "Annotations"
_GROUPS = ("Reconstructions", "Tomograms")
_FIRST_NUMBER = 100
_NAME = re.compile(rf"(.+)-\d+(?:\.\d+)*_(?:{'|'.join(_ENDINGS.values())})\.ndjson", re.IGNORECASE)
_NUMBERED = re.compile(r"\d+-(.+)")
_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1F\x7F]')


def path_of(run: str, number: int, name: str, kind: str, *, spacing_A: float | None = None) -> Path:
    """Return the file of a run's points of one object and type.

    Parameters
    ----------
    run
        Its name.
    number
        Of the object, from 0.
    name
        Of the object.
    kind
        Type of the points.
    spacing_A
        Side of the voxels that the points count, ångström; None where it is not known, and then
        no folder states it.

    Raises
    ------
    BadInput
        If the object's name cannot be part of a file name.

    Examples
    --------
    >>> path_of("TS_1", 0, "ribosome", POINT, spacing_A=10.0124).as_posix()
    'TS_1/Reconstructions/VoxelSpacing10.012/Annotations/100/ribosome-1.0_point.ndjson'
    >>> path_of("TS_1", 0, "ribosome", POINT).as_posix()
    'TS_1/Annotations/100/ribosome-1.0_point.ndjson'
    """
    if _REFUSED.search(name):
        raise BadInput(
            f"Class {name!r} cannot be part of a file name, as the portal needs it: none of "
            '<>:"/\\|?* may be in it. Rename it.'
        )
    file = f"{name}-1.0_{_ENDINGS[kind]}.ndjson"
    above = () if spacing_A is None else (_GROUPS[0], f"{SPACING}{spacing_A:.3f}")
    return Path(run, *above, _FOLDER, str(_FIRST_NUMBER + number), file)


def object_of(path: Path) -> str | None:
    """Return the object that a file name states, or None.

    Older files lie in ``Annotations`` itself, and their names begin with the number.

    Examples
    --------
    >>> object_of(Path("Annotations/101/cytosolic_ribosome-1.0_point.ndjson"))
    'cytosolic_ribosome'
    >>> object_of(Path("Annotations/101-cytosolic_ribosome-1.0_point.ndjson"))
    'cytosolic_ribosome'
    """
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    numbered = _NUMBERED.fullmatch(found[1])
    return numbered[1] if numbered and path.parent.name == _FOLDER else found[1]


def spacing_above(path: Path) -> float | None:
    """Return the voxel side that the folders of a file state, ångström, or None.

    Examples
    --------
    >>> spacing_above(Path("TS_1/Reconstructions/VoxelSpacing4.990/Annotations/101/a.ndjson"))
    4.99
    """
    for folder in reversed(path.absolute().parts[:-1]):
        if folder.startswith(SPACING):
            try:
                spacing_A = float(folder.removeprefix(SPACING))
            except ValueError:
                return None
            return spacing_A if 0 < spacing_A < float("inf") else None
    return None


def run_above(path: Path) -> str | None:
    """Return the run in whose folders a file lies, or None.

    Examples
    --------
    >>> run_above(Path("10445/TS_1/Reconstructions/VoxelSpacing4.990/Annotations/101/a.ndjson"))
    'TS_1'
    """
    folders = list(path.absolute().parts[:-1])
    if _FOLDER not in folders:
        return None
    above = folders[: len(folders) - 1 - folders[::-1].index(_FOLDER)]
    if above and above[-1].startswith(SPACING):
        above.pop()
    if above and above[-1] in _GROUPS:
        above.pop()
    return above[-1] if len(above) > 1 else None


def refuse_file(path: Path, ending: str) -> None:
    """Refuse to write to one file what needs folders to say the run and the object.

    Raises
    ------
    UsageError
        If the path is that of a file.
    """
    if path.name.lower().endswith(ending) and not path.is_dir():
        raise UsageError(
            f"{path}: files of the CZ portal are known by the folders they lie in. Name a folder "
            "to write to and the format."
        )
