"""Sets of picks as the page lists them, and the candidates of one image."""

from typing import Any

import numpy as np

from nunatak.server.bodies.pick_sets import Decision, ImagePicks, PickSetSummary
from nunatak.workspace.columns import PickColumns
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import decisions_of
from nunatak.workspace.labels import labels_of
from nunatak.workspace.pick_sets import PickSetRecord, pick_set_of, pick_sets_of
from nunatak.workspace.picks import image_picks
from nunatak.workspace.regions import inside

_NOT_PICKED = ImagePicks(
    is_picked=False,
    number=[],
    x=[],
    y=[],
    z=None,
    score=[],
    class_name=None,
    probability=None,
    predicted_class=None,
    decision=None,
)


def summaries(workspace: Workspace) -> list[PickSetSummary]:
    """Return all sets, the newest first."""
    counts = _decision_counts(workspace)
    return [_summary(record, counts) for record in pick_sets_of(workspace)]


def summary(workspace: Workspace, pick_set: int) -> PickSetSummary:
    """Return one set.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    return _summary(pick_set_of(workspace, pick_set), _decision_counts(workspace))


def picks_on(workspace: Workspace, pick_set: int, image: int) -> ImagePicks:
    """Return the candidates of one image.

    Raises
    ------
    NotFound
        If there is no such set or image.
    """
    record = pick_set_of(workspace, pick_set)
    said = decisions_of(workspace, pick_set)
    columns = image_picks(workspace, pick_set, image)
    if columns is None:
        return _NOT_PICKED
    regions = [one for one in labels_of(workspace, image).regions if one.kind == "exclude"]
    rows = np.flatnonzero(~inside(regions, columns.positions_px))
    numbers = columns.number[rows].tolist()
    decisions: list[Decision | None] = [said.get(number, (None, None))[0] for number in numbers]
    return ImagePicks(
        is_picked=True,
        number=numbers,
        x=columns.x_px[rows].tolist(),
        y=columns.y_px[rows].tolist(),
        z=None if columns.z_px is None else columns.z_px[rows].tolist(),
        score=columns.score[rows].tolist(),
        class_name=None
        if len(record.classes) == 1
        else [record.classes[index] for index in columns.class_index[rows]],
        decision=decisions if any(decisions) else None,
        **_judged(columns, record, rows),
    )


def _judged(columns: PickColumns, record: PickSetRecord, rows: Any) -> dict[str, Any]:
    if columns.probability is None or columns.judged_index is None:
        return {"probability": None, "predicted_class": None}
    names = [*record.judged_classes, None]  # the last for those not judged
    return {
        "probability": [
            None if np.isnan(value) else value for value in columns.probability[rows].tolist()
        ],
        "predicted_class": [names[index] for index in columns.judged_index[rows]],
    }


def _summary(record: PickSetRecord, counts: dict[tuple[int, str], int]) -> PickSetSummary:
    return PickSetSummary(
        id=record.id,
        name=record.name,
        run=record.run,
        made_at=record.made_at,
        is_complete=record.is_complete,
        images=record.images,
        candidates=record.candidates,
        threshold=record.threshold,
        classes=list(record.classes),
        is_pruned=record.is_pruned,
        predicted_classes=list(record.judged_classes),
        kept=counts.get((record.id, "keep"), 0),
        rejected=counts.get((record.id, "reject"), 0),
    )


def _decision_counts(workspace: Workspace) -> dict[tuple[int, str], int]:
    with workspace.reading() as connection:
        rows = connection.execute(
            "SELECT pick_set, decision, count(*) FROM decision GROUP BY pick_set, decision"
        ).fetchall()
    return {(pick_set, decision): count for pick_set, decision, count in rows}
