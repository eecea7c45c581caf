"""What the report's template is given: plain values, ready to be set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nunatak.reports.axes import counted, grouped_digits
from nunatak.reports.classes import ClassCounts, class_names, count_classes
from nunatak.reports.diameters import diameters_in_words
from nunatak.reports.figures import Chart, counts_chart, score_histogram
from nunatak.reports.galleries import CLASSES_SHOWN, Gallery
from nunatak.reports.overlays import overlaid
from nunatak.reports.pictures import Pictures
from nunatak.reports.summary import ImageCounts, Summary
from nunatak.reports.views import Panel, score_text

FAILURES_LISTED = 200
FEWEST_LISTED = 20

_ROLES = {
    "best": "The most picks",
    "median": "The median",
    "worst": "The fewest picks",
}

_PREPOSITIONS = {"micrograph": "on", "tomogram": "in"}


@dataclass(frozen=True)
class Tile:
    """A crop in a gallery."""

    picture: str
    score: str
    where: str
    is_selected: bool


@dataclass(frozen=True)
class Wall:
    """A gallery of crops."""

    title: str
    note: str
    tiles: tuple[Tile, ...]
    n_missing: int


@dataclass(frozen=True)
class Page:
    """Everything on the page, in its order; ``noun`` is what an image is called."""

    noun: str
    title: str
    lead: str
    figures: tuple[tuple[str, str], ...]
    counts: Chart | None
    fewest: tuple[tuple[str, str, str, str], ...]
    classes: tuple[tuple[str, ...], ...]
    histograms: tuple[tuple[str, Chart], ...]
    panels: tuple[Panel, ...]
    walls: tuple[Wall, ...]
    failures: tuple[tuple[str, str], ...]
    n_failures: int
    not_shown: tuple[tuple[str, str], ...]
    provenance: tuple[tuple[str, str], ...]


def compose(
    summary: Summary,
    galleries: Sequence[Gallery],
    pictures: Pictures,
    *,
    diameter_A: float | None,
    provenance: Mapping[str, str],
    failures: Sequence[tuple[str, str]],
) -> Page:
    """Put the page together.

    Parameters
    ----------
    summary, galleries, pictures
        What is shown.
    diameter_A
        Particle diameter, Å; None where picks have their own.
    provenance
        Where the picks come from, name to text, in the order in which it is shown.
    failures
        Inputs that could not be picked, and why.

    Returns
    -------
    Page
    """
    n_images, noun = len(summary.counts), summary.noun
    classes = count_classes(summary.table)
    limit = "Picks" if summary.threshold is None else f"Scores from {summary.threshold:.4g} up"
    return Page(
        noun=noun,
        title=f"{counted(summary.n_selected, 'particle')} {_PREPOSITIONS[noun]} "
        f"{counted(n_images, noun)}",
        lead=f"{limit}, out of {counted(len(summary.table), 'candidate')}. "
        f"{diameters_in_words(summary.table, diameter_A)}",
        figures=_key_figures(summary, len(failures)),
        counts=_counts(summary) if n_images else None,
        fewest=tuple(_table_row(one) for one in summary.ranked[:FEWEST_LISTED]),
        classes=tuple(_class_row(one) for one in classes),
        histograms=_histograms(summary, classes) if summary.is_scored else (),
        panels=tuple(
            _panel(summary, role, one, pictures) for role, one in summary.landmarks.items()
        ),
        walls=tuple(_wall(gallery, summary, pictures) for gallery in galleries),
        failures=tuple(failures[:FAILURES_LISTED]),
        n_failures=len(failures),
        not_shown=tuple(pictures.problems.items()),
        provenance=tuple(provenance.items()),
    )


def _key_figures(summary: Summary, n_failures: int) -> tuple[tuple[str, str], ...]:
    selected = [one.selected for one in summary.counts]
    median = f"{np.median(selected):g}" if selected else "–"
    return (
        ("selected picks", grouped_digits(summary.n_selected)),
        ("candidates", grouped_digits(len(summary.table))),
        (f"{summary.noun}s", grouped_digits(len(selected))),
        (f"median per {summary.noun}", median),
        ("without a selected pick", grouped_digits(selected.count(0))),
        ("failed files", grouped_digits(n_failures)),
    )


def _counts(summary: Summary) -> Chart:
    landmarks = {role: one.number for role, one in summary.landmarks.items()}
    selected = np.array([one.selected for one in summary.counts])
    return counts_chart(selected, landmarks, noun=summary.noun)


def _histograms(summary: Summary, classes: Sequence[ClassCounts]) -> tuple[tuple[str, Chart], ...]:
    """Draw the scores of each class, whose thresholds differ, or of all picks."""
    if not classes:
        return (("", _histogram(summary.table, summary.threshold)),)
    names = class_names(summary.table)
    rows = {one.name: summary.table[names == one.name] for one in classes[:CLASSES_SHOWN]}
    return tuple(
        (name, _histogram(table, summary.threshold))
        for name, table in rows.items()
        if table["score"].notna().any()
    )


def _histogram(table: pd.DataFrame, threshold: float | None) -> Chart:
    return score_histogram(
        table["score"].to_numpy(np.float64), table["selected"].to_numpy(np.bool_), threshold
    )


def _class_row(one: ClassCounts) -> tuple[str, ...]:
    return (
        one.name,
        f"{one.diameter_A:.4g} Å",
        grouped_digits(one.selected),
        grouped_digits(one.candidates),
        score_text(one.mean_score) or "–",
        score_text(one.lowest_score) or "–",
    )


def _table_row(one: ImageCounts) -> tuple[str, str, str, str]:
    return (
        one.label,
        grouped_digits(one.selected),
        grouped_digits(one.candidates),
        score_text(one.mean_score),
    )


def _panel(summary: Summary, role: str, one: ImageCounts, pictures: Pictures) -> Panel:
    label, selected, candidates, mean_score = _table_row(one)
    picks = summary.picks_of(one).sort_values("score", ascending=False)
    mean = f", mean score {mean_score}" if mean_score else ""
    return Panel(
        key=role,
        title=_ROLES[role],
        label=label,
        counts=f"{selected} selected of {candidates} candidates{mean}",
        views=tuple(
            overlaid(overview, picks) for overview in pictures.overviews.get(one.image, ())
        ),
        problem=pictures.problems.get(one.image, ""),
    )


def _wall(gallery: Gallery, summary: Summary, pictures: Pictures) -> Wall:
    rows, label_of = gallery.rows, {one.image: one.label for one in summary.counts}
    axes = [axis for axis in "xyz" if f"{axis}_px" in rows]
    places = [
        ", ".join(f"{axis} {at:.0f}" for axis, at in zip(axes, position, strict=True))
        for position in rows[[f"{axis}_px" for axis in axes]].to_numpy(np.float64)
    ]
    tiles = tuple(
        Tile(
            picture=pictures.picks[number],
            score=score_text(score),
            where=f"{label_of[image]}, {place}",
            is_selected=is_selected,
        )
        for number, place, image, score, is_selected in zip(
            rows.index,
            places,
            *(rows[name] for name in ("image", "score", "selected")),
            strict=True,
        )
        if number in pictures.picks
    )
    return Wall(gallery.title, gallery.note, tiles, n_missing=len(rows) - len(tiles))
