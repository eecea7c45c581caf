"""Views of the particle that a pruning thinned: losing one costs more than keeping junk."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nunatak.pruning.decide import KEEP, UNJUDGED
from nunatak.pruning.views_lost import ViewsLost
from nunatak.reports.axes import grouped_digits
from nunatak.reports.galleries import PICKS_SHOWN, Gallery
from nunatak.reports.pruning_galleries import Opened

VIEWS_SHOWN = 4
"""Thinned views with galleries at most, those that lost the largest share first."""


@dataclass(frozen=True)
class ShownViews:
    """Groups of picks that look alike, ready to be shown.

    Attributes
    ----------
    note : str
        What came out.
    rows : tuple of tuple of str
        A line a group, those that lost the largest share first: name, picks, share not kept,
        the same of all others, particles lost, whether it was thinned.
    galleries : tuple of Gallery
        Picks of the groups that were thinned.
    """

    note: str
    rows: tuple[tuple[str, ...], ...]
    galleries: tuple[Gallery, ...]


def show_views(views: ViewsLost, table: pd.DataFrame, opened: Opened) -> ShownViews:
    """Choose what to show of the groups of picks that look alike.

    Parameters
    ----------
    views
        Of the pruning.
    table
        Its pick table, with ``probability`` and ``decision``.
    opened
        Images that are opened anyway.
    """
    elsewhere = (views.rejected.sum() - views.rejected) / np.maximum(
        views.picks.sum() - views.picks, 1
    )
    rows = tuple(
        (
            f"View {number + 1}",
            grouped_digits(int(picks)),
            f"{100 * share:.0f} %",
            f"{100 * others:.0f} %",
            f"{lost:.0f}",
            "yes" if is_thinned else "no",
        )
        for number, (picks, share, others, lost, is_thinned) in enumerate(
            zip(
                views.picks,
                views.rejected_share,
                elsewhere,
                views.particles_lost,
                views.is_thinned,
                strict=True,
            )
        )
    )
    thinned = np.flatnonzero(views.is_thinned)
    galleries = tuple(
        Gallery(
            f"Thinned: view {number + 1}",
            f"{rows[number][2]} not kept, of the other views {rows[number][3]}. The kept ones "
            "first, each half with the most probable first. If both halves show the same "
            "particle, label some of the second as good.",
            _halves(table[views.cluster == number], opened),
        )
        for number in thinned[:VIEWS_SHOWN].tolist()
    )
    return ShownViews(_note(views), rows, galleries)


def _note(views: ViewsLost) -> str:
    n_views = len(views.picks)
    thinned = int(views.is_thinned.sum())
    if thinned == 0:
        return (
            f"Picks that look alike fall into {n_views} groups. None lost more than chance allows."
        )
    share = views.picks[views.is_thinned].sum() / max(views.picks.sum(), 1)
    return (
        f"Picks that look alike fall into {n_views} groups. {thinned} of them, with "
        f"{100 * share:.0f} % of the picks, lost more than chance allows: junk of one kind, or a "
        "view of the particle that must not be lost."
    )


def _halves(rows: pd.DataFrame, opened: Opened) -> pd.DataFrame:
    """Return kept and other picks of a group, spread over their ranks."""
    falling = rows.sort_values("probability", ascending=False, kind="stable")
    is_kept = falling["decision"] == KEEP
    others = falling[~is_kept & (falling["decision"] != UNJUDGED)]
    half = PICKS_SHOWN // 2
    return pd.concat([opened.spread(falling[is_kept], half), opened.spread(others, half)])
