"""Micrographs of a training with labels and picks on them, and the labels worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.geometry import FloatArray, resampled_to_source
from nunatak.learning.found import MATCHING_RADIUS, Found
from nunatak.learning.working_images import WorkingImage
from nunatak.picks.matching import match
from nunatak.reports.crops import overview_picture, pick_picture
from nunatak.reports.page import CIRCLES_DRAWN, Circle, Tile, Wall
from nunatak.reports.pictures import Overview
from nunatak.reports.summary import short_names

MOST_PANELS = 4
TILES_SHOWN = 24

Example = tuple[WorkingImage, Found]


@dataclass(frozen=True)
class Layer:
    """Circles of one kind on a panel."""

    kind: str
    label: str
    circles: tuple[Circle, ...]


@dataclass(frozen=True)
class ExamplePanel:
    """A micrograph with its labels and the model's picks."""

    number: int
    label: str
    counts: str
    overview: Overview
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class _Judged:
    """A micrograph's labels and candidates, by what became of them."""

    name: str
    image: WorkingImage
    found: Found
    unlabelled: NDArray[np.int64]
    """Candidates that stand for no label, best first."""


def panels(
    examples: Sequence[Example], *, threshold: float, diameter_px: float
) -> tuple[ExamplePanel, ...]:
    """Draw the micrographs with the most labels.

    Parameters
    ----------
    examples
        Micrographs and what was found on them.
    threshold
        Candidates from this score on are picks.
    diameter_px
        Of the particle, working pixels.
    """
    judged = sorted(
        _judged(examples, diameter_px), key=lambda one: len(one.image.positives_px), reverse=True
    )
    return tuple(
        _panel(number, one, threshold, diameter_px)
        for number, one in enumerate(judged[:MOST_PANELS])
    )


def walls(examples: Sequence[Example], *, threshold: float, diameter_px: float) -> tuple[Wall, ...]:
    """Show the highest unlabelled candidates and the lowest labels.

    Parameters
    ----------
    examples, threshold, diameter_px
        As for `panels`.
    """
    judged = _judged(examples, diameter_px)
    unlabelled = [
        (float(one.found.score[number]), one, one.found.xy_px[number])
        for one in judged
        for number in one.unlabelled
    ]
    labels = [
        (float(score), one, xy_px.astype(np.float64))
        for one in judged
        for score, xy_px in zip(one.found.label_score, one.image.positives_px, strict=True)
    ]
    unlabelled.sort(key=lambda entry: -entry[0])
    labels.sort(key=lambda entry: entry[0])
    made = (
        _wall(
            "Highest candidates without a label",
            "Particles here are ones that nobody has labelled, which is no harm. If they are "
            "not particles, the model has learned something wrong.",
            unlabelled,
            threshold,
            diameter_px,
        ),
        _wall(
            "Lowest labels",
            "The labelled particles that the model is least sure of; a dash is one that it does "
            "not find at all. They may be hard ones, or labels in the wrong place.",
            labels,
            threshold,
            diameter_px,
        ),
    )
    return tuple(wall for wall in made if wall.tiles)


def _judged(examples: Sequence[Example], diameter_px: float) -> list[_Judged]:
    names = short_names([image.name for image, _ in examples])
    return [
        _Judged(names[image.name], image, found, _without_label(image, found, diameter_px))
        for image, found in examples
    ]


def _without_label(image: WorkingImage, found: Found, diameter_px: float) -> NDArray[np.int64]:
    free = np.ones(len(found.score), dtype=np.bool_)
    if len(found.score) and len(image.positives_px):
        pairs = match(found.xy_px, image.positives_px, MATCHING_RADIUS * diameter_px)
        free[pairs.candidate] = False
    return np.flatnonzero(free)


def _panel(number: int, one: _Judged, threshold: float, diameter_px: float) -> ExamplePanel:
    image, found = one.image, one.found
    is_found = found.label_score >= threshold
    others = one.unlabelled[found.score[one.unlabelled] >= threshold]
    layers = (
        Layer(
            "found",
            "label, found",
            _circles(image.positives_px[is_found], found.label_score[is_found]),
        ),
        Layer(
            "missed",
            "label, missed",
            _circles(image.positives_px[~is_found], found.label_score[~is_found]),
        ),
        Layer(
            "unlabelled", "pick without a label", _circles(found.xy_px[others], found.score[others])
        ),
        Layer(
            "negative",
            "marked as no particle",
            _circles(image.negatives_px, np.zeros(len(image.negatives_px))),
        ),
    )
    shape = (image.image.shape[0], image.image.shape[1])
    picks = "1 pick" if len(others) == 1 else f"{len(others)} picks"
    return ExamplePanel(
        number=number,
        label=one.name,
        counts=f"{int(is_found.sum())} of {len(is_found)} labels found, {picks} without a label",
        overview=Overview(
            overview_picture(image.image, diameter_px=diameter_px), shape, diameter_px / 2
        ),
        layers=tuple(layer for layer in layers if layer.circles),
    )


def _circles(xy_px: FloatArray | NDArray[np.float32], score: FloatArray) -> tuple[Circle, ...]:
    # An SVG counts from the outer edge of the first pixel, half a pixel before its centre.
    return tuple(
        Circle(round(float(x_px) + 0.5, 1), round(float(y_px) + 0.5, 1), _score(one))
        for (x_px, y_px), one in zip(xy_px[:CIRCLES_DRAWN], score, strict=False)
    )


def _wall(
    title: str,
    note: str,
    entries: Sequence[tuple[float, _Judged, FloatArray]],
    threshold: float,
    diameter_px: float,
) -> Wall:
    tiles = tuple(
        Tile(
            picture=pick_picture(
                one.image.image, float(xy_px[0]), float(xy_px[1]), diameter_px=diameter_px
            ),
            score=_score(score) or "–",
            where=f"{one.name}, {_in_source(one, xy_px)}",
            is_selected=score >= threshold,
        )
        for score, one, xy_px in entries[:TILES_SHOWN]
    )
    return Wall(title, note, tiles, n_missing=0)


def _in_source(one: _Judged, xy_px: FloatArray) -> str:
    """Say where a position of the working image lies in the stored one."""
    scale = one.image.scale
    x_px = resampled_to_source(xy_px[0], scale.ratio_x)
    y_px = resampled_to_source(xy_px[1], scale.ratio_y)
    return f"x {float(x_px):.0f}, y {float(y_px):.0f}"


def _score(value: float) -> str:
    return f"{value:.3f}" if value > 0 else ""
