"""Sets of picks as the page lists them."""

from nunatak.server.bodies.pick_sets import PickSetSummary
from nunatak.server.runs.renewal import made_for
from nunatak.workspace.connection import Workspace
from nunatak.workspace.pick_sets import PickSetRecord, pick_set_of, pick_sets_of
from nunatak.workspace.project import Settings, settings_of


def summaries(workspace: Workspace) -> list[PickSetSummary]:
    """Return all sets, the newest first."""
    counts, settings = _decision_counts(workspace), settings_of(workspace)
    return [_summary(record, counts, settings) for record in pick_sets_of(workspace)]


def summary(workspace: Workspace, pick_set: int) -> PickSetSummary:
    """Return one set.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    record = pick_set_of(workspace, pick_set)
    return _summary(record, _decision_counts(workspace), settings_of(workspace))


def _summary(
    record: PickSetRecord, counts: dict[tuple[int, str], int], settings: Settings
) -> PickSetSummary:
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
        stamp=record.stamp,
        made_for=made_for(record, settings),
    )


def _decision_counts(workspace: Workspace) -> dict[tuple[int, str], int]:
    with workspace.reading() as connection:
        rows = connection.execute(
            "SELECT pick_set, decision, count(*) FROM decision GROUP BY pick_set, decision"
        ).fetchall()
    return {(pick_set, decision): count for pick_set, decision, count in rows}
