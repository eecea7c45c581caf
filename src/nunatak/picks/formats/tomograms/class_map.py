"""Names of classes, beside a file that knows its classes by number only (Dynamo, TOM).

The map is text of ``number name``, one line a class, like Dynamo's table maps. It carries the
whole name of its file, ``picks.tbl.classes.doc``, for files of other formats may lie beside it.
"""

from collections.abc import Mapping
from pathlib import Path

from nunatak.picks.formats.tomograms import table_map

ENDING = ".classes" + table_map.ENDING

_OF = "class"


def own_map(path: Path) -> Path:
    """Return the path of the map that belongs to one file.

    Examples
    --------
    >>> own_map(Path("out/picks.tbl")).as_posix()
    'out/picks.tbl.classes.doc'
    """
    return path.with_name(path.name + ENDING)


def names_beside(path: Path) -> dict[int, str]:
    """Return the names of the classes of a file, by their numbers; none without a map.

    Raises
    ------
    FormatError
        If there is a map and it is damaged.
    """
    own = own_map(path)
    return table_map.read_map(own, of=_OF) if own.is_file() else {}


def write_map(path: Path, numbers: Mapping[str, int]) -> list[Path]:
    """Write the map of a file if its numbers do not say the names by themselves.

    A map of an earlier file of this name, which would give the numbers wrong names, becomes empty.

    Parameters
    ----------
    path
        The file.
    numbers
        Number of each class, by its name.

    Returns
    -------
    list of Path
        The map, where one was written.

    Raises
    ------
    FormatError
        If a file of the map's name exists and is none: it is left alone.
    BadInput
        If a name cannot stand on a line.
    """
    own = own_map(path)
    is_there = own.exists()
    if is_there:
        table_map.read_map(own, of=_OF)
    has_names = any(name != str(number) for name, number in numbers.items())
    if not (has_names or is_there):
        return []
    table_map.write_map(own, numbers if has_names else {}, of=_OF)
    return [own]
