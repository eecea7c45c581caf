"""Micrographs of a training with labels and picks on them, and the labels worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nunatak.geometry import FloatArray, resampled_to_source
from nunatak.learning.found import MATCHING_RADIUS, Found
from nunatak.learning.working_images import WorkingImage
from nunatak.picks.matching import match
from nunatak.reports.crops import overview_picture, pick_picture
from nunatak.reports.page import Wall
from nunatak.reports.summary import short_names
from nunatak.reports.training_walls import Place, known_score, walls
from nunatak.reports.views import Circle, Layer, Panel, View, circles

MOST_PANELS = 4

Example = tuple[WorkingImage, Found]


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
) -> tuple[Panel, ...]:
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


def example_walls(
    examples: Sequence[Example], *, threshold: float, diameter_px: float
) -> tuple[Wall, ...]:
    """Show the highest unlabelled candidates and the lowest labels.

    Parameters
    ----------
    examples, threshold, diameter_px
        As for `panels`.
    """

    def place(one: _Judged, score: float, xy_px: FloatArray) -> Place:
        x_px, y_px = xy_px.tolist()
        return Place(
            score=float(score),
            is_selected=bool(score >= threshold),
            where=f"{one.name}, {_in_source(one, xy_px)}",
            draw=partial(pick_picture, one.image.image, x_px, y_px, diameter_px=diameter_px),
        )

    judged = _judged(examples, diameter_px)
    return walls(
        [
            place(one, one.found.score[number], one.found.xy_px[number])
            for one in judged
            for number in one.unlabelled
        ],
        [
            place(one, score, xy_px.astype(np.float64))
            for one in judged
            for score, xy_px in zip(one.found.label_score, one.image.positives_px, strict=True)
        ],
    )


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


def _panel(number: int, one: _Judged, threshold: float, diameter_px: float) -> Panel:
    image, found = one.image, one.found
    is_found = found.label_score >= threshold
    others = one.unlabelled[found.score[one.unlabelled] >= threshold]
    layers = (
        ("found", "label, found", image.positives_px[is_found], found.label_score[is_found]),
        ("missed", "label, missed", image.positives_px[~is_found], found.label_score[~is_found]),
        ("unlabelled", "pick without a label", found.xy_px[others], found.score[others]),
        ("negative", "marked as no particle", image.negatives_px, np.zeros(0)),
    )
    shape = (image.image.shape[0], image.image.shape[1])
    picks = "1 pick" if len(others) == 1 else f"{len(others)} picks"
    return Panel(
        key=str(number),
        title="",
        label=one.name,
        counts=f"{int(is_found.sum())} of {len(is_found)} labels found, {picks} without a label",
        views=(
            View(
                caption="",
                picture=overview_picture(image.image, diameter_px=diameter_px),
                shape=shape,
                layers=tuple(
                    Layer(kind, label, _circles(xy_px, score, diameter_px / 2))
                    for kind, label, xy_px, score in layers
                ),
            ),
        ),
    )


def _circles(
    xy_px: FloatArray | NDArray[np.float32], score: FloatArray, radius_px: float
) -> tuple[Circle, ...]:
    labels = [known_score(one) for one in score] or [""] * len(xy_px)
    return circles(xy_px[:, 0], xy_px[:, 1], [radius_px] * len(xy_px), labels)


def _in_source(one: _Judged, xy_px: FloatArray) -> str:
    """Say where a position of the working image lies in the stored one."""
    scale = one.image.scale
    x_px = resampled_to_source(xy_px[0], scale.ratio_x)
    y_px = resampled_to_source(xy_px[1], scale.ratio_y)
    return f"x {float(x_px):.0f}, y {float(y_px):.0f}"
