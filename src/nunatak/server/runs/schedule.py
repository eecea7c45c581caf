"""Which run computes next: one at a time, and what somebody waits for goes first."""

from collections.abc import Sequence

from nunatak.workspace.runs import RunKind, RunRecord

_RANK: dict[RunKind, int] = {"train": 0, "prune": 1, "pick": 2}


def next_run(runs: Sequence[RunRecord]) -> RunRecord | None:
    """Return the run to begin with: a training before all others, and of picks the newest.

    Parameters
    ----------
    runs
        All runs.
    """
    waiting = [run for run in runs if run.state == "waiting"]
    return min(waiting, key=_place, default=None)


def gives_way(current: RunRecord, runs: Sequence[RunRecord]) -> bool:
    """Whether a run that picks is to be put back, because something else is waited for."""
    following = next_run(runs)
    return (
        current.kind == "pick"
        and current.state == "running"
        and following is not None
        and _place(following) < _place(current)
    )


def _place(run: RunRecord) -> tuple[int, int]:
    return _RANK[run.kind], -run.id if run.kind == "pick" else run.id
