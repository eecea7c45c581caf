"""Which runs can go on from where they were stopped."""

from pathlib import Path

from nunatak.server.runs.orders import LESSON
from nunatak.workspace.runs import RunRecord


def can_go_on(record: RunRecord, folder: Path) -> bool:
    """Tell whether there is something to go on with: what a training was given, and its start.

    Parameters
    ----------
    record
        Of the run.
    folder
        Of its files.
    """
    return record.kind == "train" and record.state != "done" and (folder / LESSON).is_file()
