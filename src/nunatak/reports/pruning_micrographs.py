"""What a pruning changed on each micrograph, or in each tomogram."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from nunatak.reports.axes import counted, grouped_digits
from nunatak.reports.pictures import Overview, Pictures
from nunatak.reports.pruning_charts import share_interval
from nunatak.reports.pruning_galleries import class_in_words, shown_as
from nunatak.reports.summary import short_names
from nunatak.reports.views import CIRCLES_DRAWN, Circle, Layer, Panel, View, circles, score_text

WORST_LISTED = 20

_ROLES = {
    "worst": "The most lost",
    "median": "The median",
    "best": "The most kept",
}
_LAYERS = {
    "keep": ("selected", "kept"),
    "review": ("review", "review"),
    "reject": ("rejected", "rejected"),
}
"""Decision to the circles' CSS class and name."""


@dataclass(frozen=True)
class Change:
    """Picks of one micrograph or tomogram before and after.

    Attributes
    ----------
    image, label : str
        Its path, and a short name that tells it from the others.
    before, kept, review, rejected, unjudged : int
        All picks, and those of each decision.
    mostly : str
        The commonest class among the rejected picks; empty where there is none.
    """

    image: str
    label: str
    before: int
    kept: int
    review: int
    rejected: int
    unjudged: int
    mostly: str

    @property
    def judged(self) -> int:
        """Picks with a decision."""
        return self.before - self.unjudged

    @property
    def greatest_share(self) -> float:
        """Upper end of the 95 % interval of the share kept: low where most was surely lost."""
        return share_interval(self.kept, self.judged)[1]


def changes_of(table: pd.DataFrame, counts: pd.DataFrame) -> tuple[Change, ...]:
    """Return the change of each image.

    Parameters
    ----------
    table
        Pick table with ``predicted_class`` and ``decision``.
    counts
        One row an image, in the order wanted: ``image``, ``picks``, ``keep``, ``review``,
        ``reject``, ``unjudged``.
    """
    rejected = table[table["decision"] == "reject"]
    commonest = rejected.groupby("image")["predicted_class"].agg(lambda one: one.mode().iloc[0])
    names = short_names([str(image) for image in counts["image"]])
    return tuple(
        Change(
            image=str(row["image"]),
            label=names[str(row["image"])],
            before=int(row["picks"]),
            kept=int(row["keep"]),
            review=int(row["review"]),
            rejected=int(row["reject"]),
            unjudged=int(row["unjudged"]),
            mostly=class_in_words(str(commonest[row["image"]]))
            if row["image"] in commonest.index
            else "",
        )
        for row in counts.to_dict("records")
    )


def worst_first(changes: Sequence[Change]) -> list[Change]:
    """Rank the micrographs with judged picks, those that surely lost the most first."""
    return sorted((one for one in changes if one.judged), key=lambda one: one.greatest_share)


def landmarks(changes: Sequence[Change]) -> dict[str, Change]:
    """Return a micrograph by role, ``"worst"``, ``"median"``, ``"best"``, as far as they differ."""
    ranked = worst_first(changes)
    if not ranked:
        return {}
    roles = {"worst": ranked.pop(0)}
    if ranked:
        best = max(ranked, key=lambda one: share_interval(one.kept, one.judged)[0])
        ranked.remove(best)
        if ranked:
            roles["median"] = ranked[len(ranked) // 2]
        roles["best"] = best
    return roles


def table_row(one: Change) -> tuple[str, ...]:
    """Return a judged micrograph's line in a table: name, counts, share kept, commonest junk."""
    counts = (one.before, one.kept, one.review, one.rejected)
    share = f"{100 * one.kept / one.judged:.0f} %"
    return (one.label, *(grouped_digits(count) for count in counts), share, one.mostly or "–")


def panel_of(role: str, one: Change, picks: pd.DataFrame, pictures: Pictures) -> Panel:
    """Show a micrograph, or slabs of a tomogram, with its picks.

    Parameters
    ----------
    role
        As `landmarks` names it.
    one
        The image.
    picks
        Its rows of the pick table, with ``probability``, ``predicted_class``, ``decision`` and
        ``diameter_A``.
    pictures
        What was drawn.
    """
    picks = picks.sort_values("probability", ascending=False, kind="stable")
    left = f", {grouped_digits(one.review)} to review" if one.review else ""
    unjudged = f", {grouped_digits(one.unjudged)} unjudged" if one.unjudged else ""
    return Panel(
        key=role,
        title=_ROLES[role],
        label=one.label,
        counts=f"{grouped_digits(one.kept)} kept of {counted(one.before, 'pick')}{left}, "
        f"{grouped_digits(one.rejected)} rejected{unjudged}",
        views=tuple(_overlaid(view, picks) for view in pictures.overviews.get(one.image, ())),
        problem=pictures.problems.get(one.image, ""),
    )


def _overlaid(overview: Overview, picks: pd.DataFrame) -> View:
    slab, axes = overview.slab, ("x", "y")
    if slab is not None:
        picks, axes = picks[slab.holds(picks[f"{slab.normal}_px"])], slab.axes
    layers = []
    not_drawn = 0
    for decision, (kind, label) in _LAYERS.items():
        own = picks[picks["decision"] == decision]
        not_drawn += max(0, len(own) - CIRCLES_DRAWN)
        layers.append(Layer(kind, label, _circles(own, axes, overview.pixel_size_A)))
    notes = (
        overview.caption,
        "" if slab is None else f"{counted(len(picks), 'pick')} centred there",
        f"{not_drawn} of the least probable are not drawn" if not_drawn else "",
    )
    return View(
        caption="; ".join(note for note in notes if note),
        picture=overview.picture,
        shape=overview.shape,
        layers=tuple(layers),
    )


def _circles(picks: pd.DataFrame, axes: tuple[str, str], pixel_size_A: float) -> tuple[Circle, ...]:
    labels = [
        f"{name} {score_text(probability)}".rstrip()
        for name, probability in zip(shown_as(picks), picks["probability"], strict=True)
    ]
    radius_px = picks["diameter_A"] / 2 / pixel_size_A
    across, down = (picks[f"{axis}_px"] for axis in axes)
    return circles(across, down, radius_px, labels)
