"""Files that know their tomograms and their classes by number only (Dynamo, TOM)."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import Mismatch, UsageError
from nunatak.files import is_rehearsal
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats.tomograms import class_map
from nunatak.picks.formats.tomograms.relion_tomo_names import images_named, matched
from nunatak.picks.names import NameIndex

IntArray = NDArray[np.int64]

_HOW_TO_STATE = "State which tomogram each number is, such as 1=TS_01.mrc (--tomogram-number)"
_MAX_LISTED = 5
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,6}")
"""Whole numbers as they are printed; those of more digits are not all exact in float32."""

_log = logging.getLogger(__name__)


def images_of(
    numbers: IntArray, path: Path, context: FormatContext, companion: Mapping[int, str]
) -> dict[int, str]:
    """Return the image that each tomogram number of a file means.

    Parameters
    ----------
    numbers : ndarray, shape (n,), int64
        Tomogram of each pick.
    path
        The file: its stem is the image where nothing at all is known.
    context
        States numbers, which go before those of the companion, or the one image.
    companion
        Numbers and names from a file beside this one.

    Raises
    ------
    Mismatch
        If a number's tomogram is unknown, or its name fits no image.
    UsageError
        If one image is named for several numbers.
    """
    distinct = [int(number) for number in np.unique(numbers)]
    if context.image is not None:
        if len(distinct) > 1:
            raise UsageError(
                f"{path}: picks in {len(distinct)} tomograms ({_listed(distinct)}), but --image "
                f"names one. {_HOW_TO_STATE}."
            )
        return dict.fromkeys(distinct, context.image)
    known = {**companion, **context.tomograms.numbers}
    unknown = [number for number in distinct if number not in known]
    if not unknown:
        images = images_named([known[number] for number in distinct], path, context)
        return {number: images[known[number]] for number in distinct}
    alone = len(distinct) == 1 and not known
    if alone and len(context.images) <= 1:
        return {distinct[0]: (*context.images.names, path.stem)[0]}
    asked = "tomograms are numbers" if len(unknown) > 1 else "tomogram is number"
    raise Mismatch(f"{path}: which {asked} {_listed(unknown)}? {_HOW_TO_STATE}.")


def numbers_of(images: tuple[str, ...], context: FormatContext) -> dict[str, int]:
    """Return the number that each image gets in a file: those stated, or 1, 2, 3, ...

    Raises
    ------
    Mismatch
        If numbers are stated, but none for one of the images, or two for one.
    """
    if not context.tomograms.numbers:
        return {image: number for number, image in enumerate(images, 1)}
    found = _stated_among(images, context)
    numbers: dict[str, int] = {}
    for number, name in context.tomograms.numbers.items():
        if name not in found:
            continue  # A tomogram that has no picks here.
        image = found[name]
        if image in numbers:
            raise Mismatch(f"{image}: stated as tomogram {numbers[image]} and as {number}.")
        numbers[image] = number
    missing = [image for image in images if image not in numbers]
    if missing:
        raise Mismatch(f"{missing[0]}: no number is stated for this tomogram. {_HOW_TO_STATE}.")
    return {image: numbers[image] for image in images}


def _stated_among(images: tuple[str, ...], context: FormatContext) -> dict[str, str]:
    """Return which of some tomograms the names mean that have a stated number."""
    names = list(context.tomograms.numbers.values())
    found = NameIndex(images).resolve_all(names).found
    left = [image for image in images if image not in found.values()]
    return found | matched([name for name in names if name not in found], left)


def class_names(classes: IntArray, path: Path) -> tuple[pd.Series | None, list[str]]:
    """Return the class of each pick as text, with a note where a map named them.

    Parameters
    ----------
    classes : ndarray, shape (n,), int64
        Class of each pick.
    path
        The file, whose map of classes (`class_map`) says their names.

    Returns
    -------
    names : Series or None
        Numbers without a name stay numbers. None if all are 0, which means unclassified.
    notes : list of str

    Raises
    ------
    FormatError
        If there is a map and it is damaged.
    """
    if not classes.any():
        return None, []
    named = class_map.names_beside(path)
    if not named:
        return pd.Series(classes.astype(str), dtype=str), []
    text = {n: named.get(n, str(n) if n else None) for n in np.unique(classes).tolist()}
    note = f"{path}: the names of the classes are those of {class_map.own_map(path).name}."
    return pd.Series(classes).map(text), [note]


def numbers_of_classes(picks: pd.DataFrame, path: Path) -> dict[str, int]:
    """Return the number that each class gets in a file; the log says how names were numbered.

    Parameters
    ----------
    picks
        Pick table, with or without ``class_name``.
    path
        The file that is written, named in the log.

    Returns
    -------
    dict of str to int
        Names that all are whole numbers stay as they are; others become 1, 2, 3, ...
    """
    distinct = sorted(_classes(picks).dropna().unique())
    if all(_NUMBER.fullmatch(name) for name in distinct):
        return {name: int(name) for name in distinct}
    numbers = {name: number for number, name in enumerate(distinct, 1)}
    meaning = ", ".join(f"{number} = {name}" for name, number in numbers.items())
    if not is_rehearsal():
        _log.warning("%s: classes are numbers in this format: %s", path, meaning)
    return numbers


def class_numbers(picks: pd.DataFrame, numbers: Mapping[str, int]) -> IntArray:
    """Return the class of each pick as a number, shape (n,), int64; 0 without a class.

    Parameters
    ----------
    picks
        Pick table, with or without ``class_name``.
    numbers
        From `numbers_of_classes`.
    """
    return _classes(picks).map(numbers).fillna(0).to_numpy().astype(np.int64)


def _classes(picks: pd.DataFrame) -> pd.Series:
    """Return the class of each pick as text, missing where it has none."""
    if "class_name" not in picks.columns:
        return pd.Series(index=picks.index, dtype=object)
    names = picks["class_name"]
    # An empty cell of a table is no class either.
    return names[names.notna() & (names != "")].astype(str).reindex(picks.index)


def first_not_whole(values: FloatArray) -> int | None:
    """Return the place of the first value that is no whole number of seven digits at most."""
    bad = np.flatnonzero((values != np.floor(values)) | (np.abs(values) >= 1e7))
    return int(bad[0]) if len(bad) else None


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_MAX_LISTED]))
    return shown + (f" and {len(numbers) - _MAX_LISTED} more" if len(numbers) > _MAX_LISTED else "")
