"""What the template of a pruning report is given: plain values, ready to be set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nunatak.pruning.decide import KEEP, REJECT, REVIEW, UNJUDGED
from nunatak.pruning.kinds import kinds_of
from nunatak.pruning.particle_names import image_noun
from nunatak.pruning.result import PruneResult
from nunatak.pruning.volumes.kept_by_kind import by_kind
from nunatak.reports.axes import counted, grouped_digits
from nunatak.reports.figures import Chart
from nunatak.reports.galleries import Gallery
from nunatak.reports.page import FAILURES_LISTED
from nunatak.reports.pictures import Pictures
from nunatak.reports.pruning_calibration import CalibrationCheck, check_calibration
from nunatak.reports.pruning_charts import changes_chart, discovery_chart, probability_histogram
from nunatak.reports.pruning_galleries import class_in_words
from nunatak.reports.pruning_heading import COUNTED, key_figures, lead_of
from nunatak.reports.pruning_map import PickMap, draw_map
from nunatak.reports.pruning_micrographs import (
    WORST_LISTED,
    Change,
    panel_of,
    table_row,
    worst_first,
)
from nunatak.reports.pruning_views import ShownViews
from nunatak.reports.pruning_walls import Wall, WallMaker
from nunatak.reports.views import Panel


@dataclass(frozen=True)
class PruningPage:
    """Everything on the page, in its order; rows of tables are ready to be set.

    ``noun`` is what an image is called.
    """

    noun: str
    title: str
    lead: str
    figures: tuple[tuple[str, str], ...]
    unmatched: tuple[str, ...]
    histogram: Chart | None
    classes: tuple[tuple[str, ...], ...]
    kinds: tuple[tuple[str, ...], ...]
    discovery: Chart | None
    calibration: CalibrationCheck | None
    pick_map: PickMap | None
    changes: Chart | None
    worst: tuple[tuple[str, ...], ...]
    n_judged: int
    panels: tuple[Panel, ...]
    walls: tuple[Wall, ...]
    views: ShownViews | None
    view_walls: tuple[Wall, ...]
    failures: tuple[tuple[str, str], ...]
    n_failures: int
    not_shown: tuple[tuple[str, str], ...]
    provenance: tuple[tuple[str, str], ...]


def compose(
    result: PruneResult,
    table: pd.DataFrame,
    changes: Sequence[Change],
    galleries: Sequence[Gallery],
    views: ShownViews | None,
    *,
    pictures: Pictures,
    whole: Mapping[str, Change],
    provenance: Mapping[str, str],
) -> PruningPage:
    """Put the page together.

    Parameters
    ----------
    result
        Of the pruning.
    table
        Its pick table, with ``diameter_A`` of every pick.
    changes
        Of each image, in the order of the list.
    galleries, views
        Picks to show.
    pictures
        What could be drawn of them.
    whole
        Images to show whole, by role.
    provenance
        Where the decisions come from, name to text, in the order in which it is shown.
    """
    counts = result.counts
    failures = [(failure.image, failure.reason) for failure in result.failures]
    wall = WallMaker(table, pictures)
    ranked = worst_first(changes)
    of_image = table.groupby("image", sort=False)
    noun = image_noun(result.picks)
    return PruningPage(
        noun=noun,
        title=f"{grouped_digits(counts[KEEP])} of {counted(len(table), 'pick')} kept",
        lead=lead_of(result, table),
        figures=key_figures(result, len(failures)),
        unmatched=() if result.labels is None else result.labels.unmatched,
        histogram=_histogram(result) if counts[UNJUDGED] < len(table) else None,
        classes=_class_rows(table),
        kinds=_kind_rows(table),
        discovery=_discovery(result),
        calibration=_calibration(result),
        pick_map=_map(result),
        changes=_changes(changes, noun) if changes else None,
        worst=tuple(table_row(one) for one in ranked[:WORST_LISTED]),
        n_judged=len(ranked),
        panels=tuple(
            panel_of(role, one, of_image.get_group(one.image), pictures)
            for role, one in whole.items()
        ),
        walls=tuple(wall(gallery) for gallery in galleries),
        views=views,
        view_walls=() if views is None else tuple(wall(gallery) for gallery in views.galleries),
        failures=tuple(failures[:FAILURES_LISTED]),
        n_failures=len(failures),
        not_shown=tuple(pictures.problems.items()),
        provenance=tuple(provenance.items()),
    )


def _histogram(result: PruneResult) -> Chart:
    table = result.picks.table
    return probability_histogram(
        table["probability"].to_numpy(np.float64),
        table["decision"].to_numpy(object),
        keep_from=result.keep_from,
        reject_below=result.reject_below,
    )


def _discovery(result: PruneResult) -> Chart | None:
    curve = result.discovery
    return discovery_chart(
        curve.rate,
        curve.kept,
        (curve.low, curve.high) if result.has_interval else None,
        chosen=curve.at(result.keep_from).rate,
    )


def _class_rows(table: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    judged = table[table["decision"] != UNJUDGED]
    crossed = pd.crosstab(judged["predicted_class"], judged["decision"])
    crossed = crossed.reindex(columns=list(COUNTED.values()), fill_value=0)
    falling = crossed.sum(axis=1).sort_values(ascending=False, kind="stable").index
    crossed = crossed.loc[falling]
    return tuple(
        (
            class_in_words(str(name)),
            *(grouped_digits(count) for count in counts),
            f"{100 * sum(counts) / len(judged):.1f} %",
        )
        for name, counts in zip(crossed.index, crossed.to_numpy(np.int64).tolist(), strict=True)
    )


def _kind_rows(table: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Count what is left of each kind of particle in tomograms, where there are several."""
    kinds = by_kind(table)
    if len(kinds) < 2:
        return ()
    size_A = table["diameter_A"].groupby(kinds_of(table)).median()
    return tuple(
        (
            name or "no class",
            f"{size_A[name]:.4g} Å",
            *(grouped_digits(counts[decision]) for decision in COUNTED.values()),
        )
        for name, counts in kinds.items()
    )


def _calibration(result: PruneResult) -> CalibrationCheck | None:
    judged = result.out_of_fold
    if judged is None:
        return None
    natural_share = float(result.picks.table["probability"].mean())
    return check_calibration(
        judged["probability"].to_numpy(np.float64),
        judged["is_particle"].to_numpy(np.bool_),
        natural_share,
    )


def _map(result: PruneResult) -> PickMap | None:
    decision = result.picks.table["decision"].to_numpy(object)
    labels = result.labels
    return draw_map(
        result.features.embedding,
        [
            ("kept", "kept", decision == KEEP),
            ("review", "to review", decision == REVIEW),
            ("rejected", "rejected", decision == REJECT),
        ],
        []
        if labels is None
        else [
            ("good", "labelled particle", labels.row[labels.is_particle]),
            ("bad", "labelled junk", labels.row[labels.is_junk]),
        ],
    )


def _changes(changes: Sequence[Change], noun: str) -> Chart:
    before, kept = (np.array(of) for of in zip(*((c.before, c.kept) for c in changes), strict=True))
    return changes_chart(before, kept, noun)
