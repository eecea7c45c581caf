"""What the report's template is given: plain values, ready to be set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nunatak.reports.axes import counted, grouped_digits
from nunatak.reports.figures import Chart, counts_chart, score_histogram
from nunatak.reports.galleries import Gallery
from nunatak.reports.pictures import Overview, Pictures
from nunatak.reports.summary import ImageCounts, Summary

CIRCLES_DRAWN = 1500
"""Selected, and as many rejected, picks drawn on an overview at most."""

FAILURES_LISTED = 200
FEWEST_LISTED = 20

_ROLES = {
    "best": "The most picks",
    "median": "The median",
    "worst": "The fewest picks",
}


@dataclass(frozen=True)
class Circle:
    """A pick on an overview; positions in pixels from the image's outer edge (SVG)."""

    x: float
    y: float
    score: str


@dataclass(frozen=True)
class Panel:
    """A micrograph with its picks."""

    role: str
    title: str
    label: str
    counts: str
    overview: Overview | None
    problem: str
    selected: tuple[Circle, ...]
    rejected: tuple[Circle, ...]
    not_drawn: int


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
    """Everything on the page, in its order."""

    title: str
    lead: str
    figures: tuple[tuple[str, str], ...]
    counts: Chart | None
    fewest: tuple[tuple[str, str, str, str], ...]
    histogram: Chart | None
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
    diameter_A: float,
    provenance: Mapping[str, str],
    failures: Sequence[tuple[str, str]],
) -> Page:
    """Put the page together.

    Parameters
    ----------
    summary, galleries, pictures
        What is shown.
    diameter_A
        Particle diameter, Å.
    provenance
        Where the picks come from, name to text, in the order in which it is shown.
    failures
        Inputs that could not be picked, and why.

    Returns
    -------
    Page
    """
    n_images = len(summary.counts)
    limit = "Picks" if summary.threshold is None else f"Scores from {summary.threshold:.4g} up"
    return Page(
        title=f"{counted(summary.n_selected, 'particle')} on {counted(n_images, 'micrograph')}",
        lead=f"{limit}, out of {counted(len(summary.table), 'candidate')}. "
        f"Particle diameter {diameter_A:g} Å.",
        figures=_key_figures(summary, len(failures)),
        counts=_counts(summary) if n_images else None,
        fewest=tuple(_table_row(one) for one in summary.ranked[:FEWEST_LISTED]),
        histogram=_histogram(summary) if summary.is_scored else None,
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
        ("micrographs", grouped_digits(len(selected))),
        ("median per micrograph", median),
        ("without a selected pick", grouped_digits(selected.count(0))),
        ("failed files", grouped_digits(n_failures)),
    )


def _counts(summary: Summary) -> Chart:
    landmarks = {role: one.number for role, one in summary.landmarks.items()}
    return counts_chart(np.array([one.selected for one in summary.counts]), landmarks)


def _histogram(summary: Summary) -> Chart:
    table = summary.table
    return score_histogram(
        table["score"].to_numpy(np.float64),
        table["selected"].to_numpy(np.bool_),
        summary.threshold,
    )


def _table_row(one: ImageCounts) -> tuple[str, str, str, str]:
    return (
        one.label,
        grouped_digits(one.selected),
        grouped_digits(one.candidates),
        _score(one.mean_score),
    )


def _panel(summary: Summary, role: str, one: ImageCounts, pictures: Pictures) -> Panel:
    label, selected, candidates, mean_score = _table_row(one)
    picks = summary.table[summary.table["number"] == one.number]
    picks = picks.sort_values("score", ascending=False)
    chosen, others = picks[picks["selected"]], picks[~picks["selected"]]
    mean = f", mean score {mean_score}" if mean_score else ""
    return Panel(
        role=role,
        title=_ROLES[role],
        label=label,
        counts=f"{selected} selected of {candidates} candidates{mean}",
        overview=pictures.overviews.get(one.image),
        problem=pictures.problems.get(one.image, ""),
        selected=_circles(chosen),
        rejected=_circles(others),
        not_drawn=max(0, len(chosen) - CIRCLES_DRAWN) + max(0, len(others) - CIRCLES_DRAWN),
    )


def _circles(picks: pd.DataFrame) -> tuple[Circle, ...]:
    drawn = picks.head(CIRCLES_DRAWN)
    # An SVG counts from the outer edge of the first pixel, half a pixel before its centre.
    return tuple(
        Circle(round(x_px + 0.5, 1), round(y_px + 0.5, 1), _score(score))
        for x_px, y_px, score in zip(drawn["x_px"], drawn["y_px"], drawn["score"], strict=True)
    )


def _wall(gallery: Gallery, summary: Summary, pictures: Pictures) -> Wall:
    rows, label_of = gallery.rows, {one.image: one.label for one in summary.counts}
    tiles = tuple(
        Tile(
            picture=pictures.picks[number],
            score=_score(score),
            where=f"{label_of[image]}, x {x_px:.0f}, y {y_px:.0f}",
            is_selected=is_selected,
        )
        for number, image, x_px, y_px, score, is_selected in zip(
            rows.index,
            *(rows[name] for name in ("image", "x_px", "y_px", "score", "selected")),
            strict=True,
        )
        if number in pictures.picks
    )
    return Wall(gallery.title, gallery.note, tiles, n_missing=len(rows) - len(tiles))


def _score(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}".replace("-", "−")
