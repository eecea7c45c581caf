"""Dynamo's table maps: text of ``number  path``, one line a tomogram, beside a table.

Column 20 of a table holds the numbers. Dynamo calls the map of a folder of cropped particles
``indices_column20.doc``; a map of the table's own name goes before it.
"""

from collections.abc import Mapping
from pathlib import Path

from nunatak.errors import BadInput, FormatError
from nunatak.files import encodable, write_text
from nunatak.picks.formats.text import read_text

ENDING = ".doc"
_OF_FOLDER = "indices_column20.doc"


def own_map(table: Path) -> Path:
    """Return the path of the map that belongs to one table."""
    return table.with_suffix(ENDING)


def map_beside(table: Path) -> dict[int, str]:
    """Return the tomograms of the map beside a table, by their numbers; none without a map.

    Raises
    ------
    FormatError
        If there is a map and it is damaged.
    """
    for path in (own_map(table), table.with_name(_OF_FOLDER)):
        if path.is_file():
            return read_map(path)
    return {}


def read_map(path: Path, *, of: str = "tomogram") -> dict[int, str]:
    """Read a table map.

    Parameters
    ----------
    path
        The file.
    of
        What is numbered, for messages.

    Returns
    -------
    dict of int to str
        Path of each tomogram, as the file has it.

    Raises
    ------
    FormatError
        If a line is not a number and a path, or a number occurs twice.
    """
    names: dict[int, str] = {}
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if not text.strip():
            continue
        number, _, name = text.strip().partition(" ")
        if "\t" in number:
            number, _, name = text.strip().partition("\t")
        if not (number.isascii() and number.isdigit() and name.strip()):
            raise FormatError(
                path,
                f"{text.strip()[:60]!r} where the number of a {of} and its name were expected",
                line=line,
                hint="If this is no map of numbers and names, move it away from the table",
            )
        if int(number) in names:
            raise FormatError(path, f"{of} {number} occurs twice", line=line)
        names[int(number)] = name.strip()
    return names


def write_map(path: Path, numbers: Mapping[str, int], *, of: str = "tomogram") -> None:
    """Write a table map.

    Parameters
    ----------
    path
        The file.
    numbers
        Number of each tomogram, by its name.
    of
        What is numbered, for messages.

    Raises
    ------
    BadInput
        If a name cannot stand on a line.
    """
    for name in numbers:
        if name != name.strip() or "\n" in name or "\r" in name:
            raise BadInput(f"{name!r}: a name that a map of numbers cannot hold. Rename the {of}.")
    rows = sorted((number, name) for name, number in numbers.items())
    write_text(path, encodable("".join(f"{number} {name}\n" for number, name in rows)))
