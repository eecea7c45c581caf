"""EMAN2's ``class_list``: ``{"0": {"name": "ribosome", "boxsize": 40}, ...}``."""

import re
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from nunatak.errors import FormatError

KEY = "class_list"
_DEFAULT_BOX_PX = 64
_DEFAULT_NAME = "particles_00"
_UNNAMED = re.compile(r"particles_[0-9]+")
"""What EMAN2 calls a class that nobody named."""

ClassList = dict[int, dict[str, Any]]


def read_class_list(path: Path, content: Mapping[str, object]) -> ClassList:
    """Return the classes of an information file by their numbers.

    Raises
    ------
    FormatError
        If the list is not as EMAN2 writes it.
    """
    entries = content.get(KEY, {})
    if not isinstance(entries, dict):
        raise FormatError(path, "not an object of classes by number", field=KEY)
    classes: ClassList = {}
    for number, entry in entries.items():
        if not (re.fullmatch("[0-9]{1,7}", number) and isinstance(entry, dict)):
            raise FormatError(
                path,
                f"{str(number)[:30]!r}: {str(entry)[:60]} where a number with a name and a box "
                "size was expected",
                field=KEY,
            )
        classes[int(number)] = entry
    return classes


def names_of(numbers: Sequence[int], classes: ClassList) -> pd.Series | None:
    """Return the class name of each box, or None if all are in one class that nobody named."""
    names = {
        number: str(classes.get(number, {}).get("name", number)).encode(errors="replace").decode()
        for number in dict.fromkeys(numbers)
    }
    unnamed = all(number not in classes or _UNNAMED.fullmatch(names[number]) for number in names)
    if unnamed and len(names) <= 1:
        return None
    return pd.Series([names[number] for number in numbers], dtype=str)


def numbered(
    names: Sequence[str | None], classes: ClassList, box_px: int | None
) -> tuple[list[int], ClassList]:
    """Return the class number of each box, and the classes with those added that are new.

    Parameters
    ----------
    names
        Class of each box; None is EMAN2's first unnamed class.
    classes
        Those there are, which keep their numbers and sizes.
    box_px
        Box size of new classes, in the file's pixels.
    """
    result = dict(classes)
    number_of = {str(entry.get("name")): number for number, entry in classes.items()}
    wanted = [_DEFAULT_NAME if name is None else name for name in names]
    for name in dict.fromkeys(wanted):
        if name in number_of:
            continue
        own = int(name) if re.fullmatch("[0-9]{1,7}", name) else None
        free = (number for number in count() if number not in result)
        number_of[name] = own if own is not None and own not in result else next(free)
        result[number_of[name]] = {"name": name, "boxsize": box_px or _DEFAULT_BOX_PX}
    return [number_of[name] for name in wanted], result
