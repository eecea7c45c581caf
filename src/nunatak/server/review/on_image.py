"""The candidates of one image, with what a pruning and people say of them."""

import numpy as np

from nunatak.server.bodies.picks import ImagePicks, Judgement, SaidOfPick
from nunatak.server.review.columns import IntArray
from nunatak.workspace.columns import PickColumns
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import decisions_between
from nunatak.workspace.labels import labels_of
from nunatak.workspace.pick_sets import PickSetRecord, pick_set_of
from nunatak.workspace.picks import image_picks
from nunatak.workspace.regions import inside


def picks_on(workspace: Workspace, pick_set: int, image: int) -> ImagePicks:
    """Return the candidates of one image.

    Raises
    ------
    NotFound
        If there is no such set or image.
    """
    columns = image_picks(workspace, pick_set, image)
    # Afterwards: a pruning that goes on meanwhile may add classes, and takes none away.
    record = pick_set_of(workspace, pick_set)
    if columns is None:
        return _not_picked(record)
    regions = [one for one in labels_of(workspace, image).regions if one.kind == "exclude"]
    rows = np.flatnonzero(~inside(regions, columns.positions_px))
    return ImagePicks(
        is_picked=True,
        number=columns.number[rows].tolist(),
        x=columns.x_px[rows].tolist(),
        y=columns.y_px[rows].tolist(),
        z=None if columns.z_px is None else columns.z_px[rows].tolist(),
        score=columns.score[rows].tolist(),
        class_index=None if len(record.classes) == 1 else columns.class_index[rows].tolist(),
        judgement=_judgement(columns, record, rows),
        said=_said(workspace, pick_set, columns, rows),
        classes=list(record.classes),
    )


def _not_picked(record: PickSetRecord) -> ImagePicks:
    return ImagePicks(
        is_picked=False,
        number=[],
        x=[],
        y=[],
        z=None,
        score=[],
        class_index=None,
        judgement=None,
        said=[],
        classes=list(record.classes),
    )


def _judgement(columns: PickColumns, record: PickSetRecord, rows: IntArray) -> Judgement | None:
    if columns.probability is None or columns.judged_index is None or columns.judged is None:
        return None
    return Judgement(
        verdict=columns.judged[rows].tolist(),
        probability=[
            None if np.isnan(value) else value for value in columns.probability[rows].tolist()
        ],
        class_index=columns.judged_index[rows].tolist(),
        classes=list(record.judged_classes),
    )


def _said(
    workspace: Workspace, pick_set: int, columns: PickColumns, rows: IntArray
) -> list[SaidOfPick]:
    """Return what people say of some of an image's candidates, whose numbers are in one piece."""
    if not len(columns):
        return []
    first, last = int(columns.number[0]), int(columns.number[-1])
    here = set(columns.number[rows].tolist())
    found = decisions_between(workspace, pick_set, first, last + 1)
    return [
        SaidOfPick(number=number, decision=said.decision, reason=said.reason, by=said.by)
        for number, said in found.items()
        if number in here
    ]
