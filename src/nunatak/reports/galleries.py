"""Choose the picks whose crops a report shows."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from nunatak.reports.classes import class_names, count_classes
from nunatak.reports.summary import Summary
from nunatak.sampling import evenly

PICKS_SHOWN = 24
"""Crops in a gallery at most."""

IMAGES_OPENED = 8
"""Images that a gallery may need at most: opening them is what a report's time goes into."""

CLASSES_SHOWN = 8
"""Classes with galleries of their own at most, those with the most picks."""


@dataclass(frozen=True)
class Gallery:
    """Some picks to look at together.

    Attributes
    ----------
    title, note : str
        What they are, and how they were chosen.
    rows : DataFrame
        Rows of the summary's table, in the order in which they are shown.
    """

    title: str
    note: str
    rows: pd.DataFrame


def choose_galleries(summary: Summary) -> list[Gallery]:
    """Choose the highest, the borderline and the rejected picks (those that there are).

    Parameters
    ----------
    summary
        Picks with their selection.

    Returns
    -------
    list of Gallery
        Without scores, one gallery of picks spread over the table. Where there are several
        classes, the highest and the borderline ones of each.
    """
    classes = count_classes(summary.table)[:CLASSES_SHOWN]
    if not classes:
        return _present(_of_rows(summary.table, summary))
    names = class_names(summary.table)
    galleries = []
    for one in classes:
        own = _of_rows(summary.table[names == one.name], summary)
        galleries += [
            replace(gallery, title=f"{one.name}: {gallery.title.lower()}") for gallery in own[:2]
        ]
    return _present(galleries)


def _of_rows(table: pd.DataFrame, summary: Summary) -> list[Gallery]:
    if not summary.is_scored:
        rows = _spread(table[table["selected"]])
        return [Gallery("Picks", "Spread evenly over the file.", rows)]
    falling = table.sort_values("score", ascending=False, kind="stable")
    selected, rejected = falling[falling["selected"]], falling[~falling["selected"]]
    # A pick may also be rejected for another reason than its score: too near to the border.
    limit = np.inf if summary.threshold is None else summary.threshold
    just_above = _first(selected[::-1], PICKS_SHOWN // 2, IMAGES_OPENED // 2)
    just_below = _first(rejected[rejected["score"] < limit], PICKS_SHOWN // 2, IMAGES_OPENED // 2)
    borderline = pd.concat([just_above[::-1], just_below]) if len(just_below) else just_below
    return [
        Gallery("Highest", "The picks with the highest scores.", _first(selected)),
        Gallery(
            "Borderline", "The last that were selected and the first that were not.", borderline
        ),
        Gallery(
            "Rejected",
            "Spread evenly over the ranks of those that were not selected.",
            _spread(rejected.drop(index=just_below.index)),
        ),
    ]


def _present(galleries: list[Gallery]) -> list[Gallery]:
    return [gallery for gallery in galleries if len(gallery.rows)]


def _first(
    rows: pd.DataFrame, n_picks: int = PICKS_SHOWN, n_images: int = IMAGES_OPENED
) -> pd.DataFrame:
    """Return the first rows, leaving out those that would need more than ``n_images`` images."""
    opened = rows["image"].unique()[:n_images]
    return rows[rows["image"].isin(opened)].head(n_picks)


def _spread(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows spread evenly, from images spread evenly."""
    images = rows["image"].unique()
    few = rows[rows["image"].isin(images[evenly(len(images), IMAGES_OPENED)])]
    return few.iloc[evenly(len(few), PICKS_SHOWN)]
