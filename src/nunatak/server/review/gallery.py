"""Galleries: candidates of a set in an order, a part at a time."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nunatak.server.bodies.reviews import Decision, Gallery, GalleryItem, Order
from nunatak.server.review.columns import KEPT, REJECTED, UNDECIDED, IntArray, SetColumns

_WORDS: dict[int, Decision] = {KEPT: "keep", REJECTED: "reject"}
_DECIDED = {word: value for value, word in _WORDS.items()}


@dataclass(frozen=True)
class Asked:
    """Which candidates a gallery has, and how they are sorted; see `read_gallery`'s query."""

    order: Order
    descending: bool
    selected_only: bool
    undecided_only: bool
    image: int | None
    class_name: str | None
    predicted_class: str | None
    decision: Decision | None


def gallery(
    columns: SetColumns, asked: Asked, *, threshold: float, offset: int, limit: int
) -> Gallery:
    """Return a part of a gallery."""
    rows = ordered(columns, asked, threshold)
    part = rows[offset : offset + limit]
    return Gallery(
        total=len(rows),
        offset=offset,
        items=[_item(columns, int(row)) for row in part],
    )


def ordered(columns: SetColumns, asked: Asked, threshold: float) -> IntArray:
    """Return the rows of a gallery's candidates, in its order; equals by their number."""
    shown = columns.of_class(asked.class_name) & columns.taken_for(asked.predicted_class)
    if asked.decision is not None:
        shown &= columns.decided == _DECIDED[asked.decision]
    if asked.selected_only:
        shown &= columns.selected(threshold)
    if asked.undecided_only:
        shown &= columns.decided == UNDECIDED
    if asked.image is not None:
        shown &= columns.image == asked.image
    rows = np.flatnonzero(shown)
    keys = [key[rows] for key in _keys(columns, asked, threshold)]
    return rows[np.lexsort([columns.number[rows], *reversed(keys)])]


def _keys(columns: SetColumns, asked: Asked, threshold: float) -> list[Any]:
    """Return what is sorted by, rising, the first key first."""
    sign = -1.0 if asked.descending else 1.0
    is_judged = ~np.isnan(columns.probability)
    likely = np.where(is_judged, columns.probability, columns.score)
    if asked.order == "doubt":
        # A pruning's doubt is about what the thing is, a score's about passing the threshold.
        return [-sign * np.abs(likely - np.where(is_judged, 0.5, threshold))]
    if asked.order == "class":
        if columns.judged_classes:
            return [columns.judged_index, sign * likely]
        return [columns.class_index, sign * likely]
    return [sign * columns.score]


def _item(columns: SetColumns, row: int) -> GalleryItem:
    number = int(columns.number[row])
    probability = float(columns.probability[row])
    judged = int(columns.judged_index[row])
    return GalleryItem(
        number=number,
        image=int(columns.image[row]),
        x=float(columns.x_px[row]),
        y=float(columns.y_px[row]),
        z=None if columns.z_px is None else float(columns.z_px[row]),
        score=float(columns.score[row]),
        class_name=columns.classes[int(columns.class_index[row])],
        probability=None if math.isnan(probability) else probability,
        predicted_class=None if judged < 0 else columns.judged_classes[judged],
        decision=_WORDS.get(int(columns.decided[row])),
        reason=columns.reasons.get(number),
    )
