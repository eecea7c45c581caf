"""What a report says about picks before any image is opened."""

from collections.abc import Collection
from dataclasses import dataclass
from os.path import commonpath
from pathlib import PurePath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.table import PickSet


@dataclass(frozen=True)
class ImageCounts:
    """Picks of one micrograph or tomogram.

    Attributes
    ----------
    number : int
        Place in the list of micrographs, from 0.
    image, label : str
        Its path, and a short name that tells it from the others.
    selected, candidates : int
        Picks that are selected, and all of them.
    mean_score : float
        Of the selected picks; NaN without any, or without scores.
    """

    number: int
    image: str
    label: str
    selected: int
    candidates: int
    mean_score: float


@dataclass(frozen=True)
class Summary:
    """Picks and counts, with the selection decided.

    Attributes
    ----------
    table : DataFrame
        The pick table with ``score`` (NaN where there is none), ``selected`` (bool) and
        ``number`` (int64: the micrograph's place in ``counts``).
    counts : tuple of ImageCounts
        Every micrograph, in the order of the pick set.
    threshold : float or None
        The least score of a selected pick, where the selection is a threshold.
    is_scored : bool
        Whether the picks carry scores.
    noun : str
        What an image is called.
    """

    table: pd.DataFrame
    counts: tuple[ImageCounts, ...]
    threshold: float | None
    is_scored: bool
    noun: str

    @property
    def n_selected(self) -> int:
        """Selected picks on all micrographs."""
        return sum(one.selected for one in self.counts)

    def picks_of(self, one: ImageCounts) -> pd.DataFrame:
        """Return the rows of an image."""
        return self.table[self.table["number"] == one.number]

    @property
    def ranked(self) -> list[ImageCounts]:
        """Micrographs from the fewest selected picks to the most, equal ones by mean score."""
        return sorted(self.counts, key=lambda one: (one.selected, np.nan_to_num(one.mean_score)))

    @property
    def landmarks(self) -> dict[str, ImageCounts]:
        """Micrograph by role: ``"best"``, ``"median"``, ``"worst"``, as far as they differ."""
        ranked = self.ranked
        if not ranked:
            return {}
        roles = {"best": ranked[-1]}
        if len(ranked) > 2:
            roles["median"] = ranked[(len(ranked) - 1) // 2]
        if len(ranked) > 1:
            roles["worst"] = ranked[0]
        return roles


def summarise(
    picks: PickSet,
    *,
    threshold: float | None,
    keep_selection: bool = False,
    without: Collection[str] = (),
) -> Summary:
    """Decide which picks are selected, and count them.

    Parameters
    ----------
    picks
        All candidates.
    threshold
        Picks with at least this score are selected. None takes the table's own ``selected``
        column, or every pick where it has none.
    keep_selection
        Take the table's own ``selected`` column although there is a threshold, which is then
        shown but not applied: the selection may also know a border and a limit.
    without
        Micrographs that could not be picked; they are not counted as empty.

    Returns
    -------
    Summary

    Raises
    ------
    BadInput
        If a threshold is given for picks of which some have no score.
    """
    left_out = set(without)
    images = [image for image in picks.images if image not in left_out]
    number = _numbers(picks.table["image"], images)
    table = picks.table.assign(number=number)[number >= 0].reset_index(drop=True)
    if "score" not in table:
        table["score"] = np.nan
    unscored = int(table["score"].isna().sum())
    if threshold is not None and unscored:
        raise BadInput(
            f"{picks.source or 'The picks'}: {unscored} of {len(table)} picks have no score, "
            f"to which the threshold {threshold:g} cannot be applied. Leave it out."
        )
    if "selected" not in table or (threshold is not None and not keep_selection):
        table["selected"] = True if threshold is None else table["score"] >= threshold
    return Summary(
        table,
        _counts(table, images),
        threshold,
        is_scored=unscored < len(table),
        noun=IMAGE_NOUN[picks.ndim],
    )


def short_names(images: Collection[str]) -> dict[str, str]:
    """Return what tells the images apart: their paths without the folder they share.

    Examples
    --------
    >>> short_names(["job/grid1/a.mrc", "job/grid2/a.mrc"])
    {'job/grid1/a.mrc': 'grid1/a.mrc', 'job/grid2/a.mrc': 'grid2/a.mrc'}
    """
    folders = [PurePath(image).parent for image in images]
    try:
        shared = commonpath(folders) if folders else ""
    except ValueError:  # absolute and relative paths share nothing
        shared = ""
    if not shared:
        return {image: image for image in images}
    return {image: PurePath(image).relative_to(shared).as_posix() for image in images}


def _counts(table: pd.DataFrame, images: list[str]) -> tuple[ImageCounts, ...]:
    number = table["number"].to_numpy(np.int64)
    chosen = table["selected"].to_numpy(np.bool_)
    score = table["score"].to_numpy(np.float64)[chosen]
    candidates = np.bincount(number, minlength=len(images))
    selected = np.bincount(number[chosen], minlength=len(images))
    total_score = np.bincount(number[chosen], weights=score, minlength=len(images))
    names = short_names(images)
    return tuple(
        ImageCounts(
            number=place,
            image=image,
            label=names[image],
            selected=int(selected[place]),
            candidates=int(candidates[place]),
            mean_score=float(total_score[place] / selected[place]) if selected[place] else np.nan,
        )
        for place, image in enumerate(images)
    )


def _numbers(image: pd.Series, images: list[str]) -> NDArray[np.int64]:
    """Return each pick's place in the list of images, -1 where it is not listed."""
    number_of = {name: number for number, name in enumerate(images)}
    codes, names = pd.factorize(image)
    of_code = np.array([number_of.get(name, -1) for name in names], dtype=np.int64)
    return of_code[codes]
