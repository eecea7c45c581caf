"""Bring several sets of picks of the same images together, and refuse sets that do not fit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.images.pixel_size import same
from nunatak.picks.formats.relion_columns import OPTICS_GROUP
from nunatak.picks.merge_names import checked_labels, set_labels
from nunatak.picks.table import PickSet, empty_table

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def labels_of(sets: Sequence[PickSet], labels: Sequence[str] | None) -> tuple[str, ...]:
    """Return a short name of each set: as given, or by its file.

    Raises
    ------
    UsageError
        If there are fewer than two sets, or the names do not tell them apart.
    """
    if len(sets) < 2:
        raise UsageError(f"Merging needs two or more sets of picks, found {len(sets)}.")
    if labels is None:
        return set_labels([one.source or Path(f"set{n}") for n, one in enumerate(sets, 1)])
    return checked_labels(labels, len(sets))


def common_ndim(sets: Sequence[PickSet], labels: Sequence[str]) -> int:
    """Return the number of axes of all sets; one without a row agrees with any.

    Raises
    ------
    Mismatch
        If some hold picks on micrographs and others picks in tomograms.
    """
    ndims = {one.ndim: label for one, label in zip(sets, labels, strict=True) if len(one)}
    if len(ndims) > 1:
        raise Mismatch(
            f"{ndims[2]} holds picks on micrographs and {ndims[3]} picks in tomograms, which "
            "cannot be merged. Give sets of picks on the same images."
        )
    return next(iter(ndims), sets[0].ndim)


def count_looked(
    sets: Sequence[PickSet], labels: Sequence[str], image_of: Mapping[str, str]
) -> Counter[str]:
    """Return how many sets looked at each image, in the order of the sets.

    Raises
    ------
    Mismatch
        If a set that names images has none in common with any other.
    """
    of_set = [{image_of[name]: name for name in one.images} for one in sets]
    looked = Counter(image for images in of_set for image in images)
    several = sum(1 for images in of_set if images) > 1
    for label, images in zip(labels, of_set, strict=True):
        if several and images and all(looked[image] == 1 for image in images):
            other = next(image for image in looked if image not in images)
            raise Mismatch(
                f"{label} has no image in common with the other sets: it names "
                f"{next(iter(images.values()))}, the others {other}. Merging compares picks on the "
                "same images; to join picks on different ones, give them to 'nunatak convert' "
                "together."
            )
    return looked


def has_scores(picks: PickSet) -> bool:
    """Whether any pick has a score."""
    return "score" in picks.table and bool(picks.table["score"].notna().any())


def ranks_of(picks: PickSet, label: str) -> FloatArray:
    """Return the rank of each pick among all of its set, ``(rank - 1/2) / n``, shape (n,).

    The best of n has rank n, equal scores share the mean of their ranks, and without scores all
    are 1/2.

    Raises
    ------
    BadInput
        If only some picks have a score.
    """
    if not has_scores(picks):
        return np.full(len(picks), 0.5)
    score = picks.table["score"]
    unknown = int(score.isna().sum())
    if unknown:
        raise BadInput(
            f"{picks.source or label}: {unknown} of {len(picks)} picks have no score. Score all of "
            "them or none."
        )
    return (score.rank().to_numpy(np.float64) - 0.5) / len(picks)


def stacked(
    sets: Sequence[PickSet], image_of: Mapping[str, str], ndim: int
) -> tuple[pd.DataFrame, IntArray]:
    """Return all picks in one table, by the images' common names, and the set of each, from 0."""
    tables = [one.table.assign(image=one.table["image"].map(dict(image_of))) for one in sets]
    if any("selected" in table for table in tables):
        # Where a file marks nothing, all that it holds are picks.
        tables = [
            table.assign(selected=table.get("selected", True)).astype({"selected": bool})
            for table in tables
        ]
    number = np.repeat(np.arange(len(sets)), [len(table) for table in tables])
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else empty_table(ndim), number


def with_pixel_size(
    table: pd.DataFrame, number: IntArray, labels: Sequence[str], pixel_size_A: float | None
) -> pd.DataFrame:
    """Return the table with the pixel size of each image in all of its rows, where it is known.

    Raises
    ------
    Mismatch
        If two sets, or a set and ``pixel_size_A``, state different sizes of one image.
    """
    if "pixel_size_A" not in table:
        return table if pixel_size_A is None else table.assign(pixel_size_A=pixel_size_A)
    stated = table[["image", "pixel_size_A"]].assign(number=number).dropna().drop_duplicates()
    known: dict[str, tuple[float, str]] = {}
    for image, size_A, of_set in stated.itertuples(index=False, name=None):
        own = (size_A, labels[of_set])
        given = own if pixel_size_A is None else (pixel_size_A, "--pixel-size")
        expected_A, origin = known.setdefault(image, given)
        if not same(expected_A, size_A):
            raise Mismatch(
                f"{image}: two pixel sizes: {origin} says {expected_A:.5g} Å, {own[1]} says "
                f"{size_A:.5g} Å. Positions in pixels of different sizes cannot be merged; convert "
                "one of the two first (nunatak convert)."
            )
    of_image = table["image"].map({image: size_A for image, (size_A, _) in known.items()})
    sizes_A = table["pixel_size_A"].fillna(of_image.astype(np.float64))
    return table.assign(
        pixel_size_A=sizes_A.fillna(np.nan if pixel_size_A is None else pixel_size_A)
    )


def with_common_optics(
    table: pd.DataFrame, sets: Sequence[PickSet]
) -> tuple[pd.DataFrame, pd.DataFrame | None, list[str]]:
    """Return the table, the optics groups of all sets, and a note where they have none in common.

    The number of a group means nothing beside the groups of another file, so that it goes with
    them; files are then written with new groups, made of the pixel sizes.
    """
    optics = [one.optics for one in sets if one.optics is not None]
    if not optics or all(_cells(groups) == _cells(optics[0]) for groups in optics):
        return table, optics[0] if optics else None, []
    note = "The sets have different optics groups, which were not kept."
    return table.drop(columns=OPTICS_GROUP, errors="ignore"), None, [note]


def _cells(optics: pd.DataFrame) -> dict[str, list[object]]:
    """Return the cells by column, numbers as numbers: 3.54 and 3.5400 are one pixel size."""
    return {str(name): [_plain(cell) for cell in optics[name]] for name in optics}


def _plain(cell: object) -> object:
    try:
        return float(str(cell))
    except ValueError:
        return cell
