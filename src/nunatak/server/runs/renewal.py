"""Picks that were made for other settings than the project has now."""

from typing import Any

from nunatak.server.runs.orders import GENERAL
from nunatak.workspace.connection import Workspace
from nunatak.workspace.pick_sets import PickSetRecord, pick_sets_of
from nunatak.workspace.project import Settings
from nunatak.workspace.runs import RunRecord, runs_of


def made_for(record: PickSetRecord, settings: Settings) -> str | None:
    """Say for which settings a set was made, where the project's are others now.

    Returns
    -------
    str or None
        In words; None where nothing changed, or nobody knows.
    """
    diameter_A, contrast = (record.provenance.get(key) for key in ("diameter_A", "contrast"))
    found = []
    # The largest is the one that is looked for.
    if diameter_A is not None and diameter_A != settings.largest_diameter_A:
        found.append(f"a particle of {diameter_A:g} Å")
    if contrast is not None and contrast != settings.contrast:
        found.append(f"the contrast “{contrast}”")
    return " and ".join(found) or None


def is_to_be_renewed(workspace: Workspace, record: PickSetRecord, settings: Settings) -> bool:
    """Whether a set is the general model's for other settings, and nobody worked on it."""
    return (
        made_for(record, settings) is not None
        and not record.is_pruned
        and _is_by_general_model(workspace, record)
        and not _is_decided(workspace, record.id)
    )


def overtaken(workspace: Workspace, settings: Settings) -> list[RunRecord]:
    """Return the runs under way that fill a set which is to be renewed."""
    sets = {one.id: one for one in pick_sets_of(workspace)}
    return [
        run
        for run in runs_of(workspace)
        if run.kind == "pick"
        and run.state in {"waiting", "running"}
        and (record := sets.get(_set_of(run.pick_set, run.asked))) is not None
        and is_to_be_renewed(workspace, record, settings)
    ]


def _set_of(begun: int | None, asked: dict[str, Any]) -> int:
    return begun or asked.get("pick_set") or 0


def _is_by_general_model(workspace: Workspace, record: PickSetRecord) -> bool:
    maker = next((run for run in runs_of(workspace) if run.id == record.run), None)
    return (
        maker is not None and maker.kind == "pick" and maker.asked.get("model", GENERAL) == GENERAL
    )


def _is_decided(workspace: Workspace, pick_set: int) -> bool:
    with workspace.reading() as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM decision WHERE pick_set = ?)", (pick_set,)
        ).fetchone()
    return bool(row[0])
