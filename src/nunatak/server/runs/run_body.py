"""A run as the page is told of it."""

from pathlib import Path

from nunatak.server.bodies.runs import CurvePoint, Run
from nunatak.server.runs.continuing import can_go_on
from nunatak.server.runs.orders import MODEL
from nunatak.server.runs.progress_file import read_progress
from nunatak.training.metrics import METRICS, read_metrics
from nunatak.workspace.runs import RunRecord

MOST_POINTS = 400
"""Of a curve; of a longer one, every second point is left out, or more."""


def run_body(record: RunRecord, folder: Path) -> Run:
    """Put together a run's record and what its process wrote.

    Parameters
    ----------
    record
        Of the project.
    folder
        Of the run's files.
    """
    is_under_way = record.state in {"running", "stopping"}
    return Run(
        id=record.id,
        kind=record.kind,
        state=record.state,
        name=record.name,
        asked_at=record.asked_at,
        started_at=record.started_at,
        ended_at=record.ended_at,
        progress=read_progress(folder) if is_under_way else None,
        curve=_curve(folder) if record.kind == "train" else [],
        message=record.message,
        # A run that goes on with another one's set has none of its own.
        pick_set=record.pick_set or record.asked.get("pick_set"),
        labels=record.labels,
        negatives=record.negatives,
        can_continue=record.has_ended and can_go_on(record, folder),
    )


def _curve(folder: Path) -> list[CurvePoint]:
    try:
        entries = read_metrics((folder / MODEL).with_suffix(".training") / METRICS)
    except OSError:
        return []
    points = [
        CurvePoint(step=one.step, loss=one.loss, validation=one.validation)
        for one in entries
        if one.loss is not None
    ]
    step = 1 + len(points) // MOST_POINTS
    return points[::-1][::step][::-1]
