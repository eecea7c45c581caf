"""Files that know their tomograms and their classes by number only (Dynamo, TOM)."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import Mismatch, UsageError
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import per_image
from nunatak.picks.names import NameIndex

IntArray = NDArray[np.int64]

_HOW_TO_STATE = "State which tomogram each number is, such as 1=TS_01.mrc (--tomogram-number)"
_MAX_LISTED = 5
_NUMBER = re.compile(r"-?[0-9]{1,7}")
"""Whole numbers of more digits are not all exact in float32."""

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
        images = per_image.images_named([known[number] for number in distinct], path, context)
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
    found = NameIndex(images).resolve_all(context.tomograms.numbers.values()).found
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


def class_names(classes: IntArray) -> pd.Series | None:
    """Return class numbers as text, or None if all are 0, which means unclassified."""
    return pd.Series(classes.astype(str), dtype=str) if classes.any() else None


def class_numbers(picks: pd.DataFrame, path: Path) -> IntArray:
    """Return the class of each pick as a number; names are numbered, and the log says how.

    Parameters
    ----------
    picks
        Pick table, with or without ``class_name``.
    path
        The file that is written, named in the log.

    Returns
    -------
    ndarray, shape (n,), int64
        0 for picks without a class. Names that are whole numbers stay as they are.
    """
    if "class_name" not in picks.columns:
        return np.zeros(len(picks), dtype=np.int64)
    # An empty cell of a table is no class either.
    names = picks["class_name"].where(picks["class_name"] != "")
    distinct = sorted(names.dropna().astype(str).unique())
    if all(_NUMBER.fullmatch(name) for name in distinct):
        numbers = {name: int(name) for name in distinct}
    else:
        numbers = {name: number for number, name in enumerate(distinct, 1)}
        meaning = ", ".join(f"{number} = {name}" for name, number in numbers.items())
        _log.warning("%s: classes are numbers in this format: %s", path, meaning)
    known = names.where(names.isna(), names.astype(str)).map(numbers)
    return known.fillna(0).to_numpy(dtype=np.int64)


def first_not_whole(values: FloatArray) -> int | None:
    """Return the place of the first value that is no whole number of seven digits at most."""
    bad = np.flatnonzero((values != np.floor(values)) | (np.abs(values) >= 1e7))
    return int(bad[0]) if len(bad) else None


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_MAX_LISTED]))
    return shown + (f" and {len(numbers) - _MAX_LISTED} more" if len(numbers) > _MAX_LISTED else "")
