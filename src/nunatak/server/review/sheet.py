"""Where the pictures of a sheet are cut out."""

from collections.abc import Sequence

import numpy as np

from nunatak.server.pictures.sheet import Place
from nunatak.server.review.columns import SetColumns
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import NotFound
from nunatak.workspace.pick_sets import PickSetRecord
from nunatak.workspace.project import settings_of


def sheet_places(
    workspace: Workspace, record: PickSetRecord, columns: SetColumns, numbers: Sequence[int]
) -> list[Place]:
    """Return the places of candidates.

    Parameters
    ----------
    workspace, record, columns
        The project, the set, and its candidates.
    numbers
        Of candidates, in the order of the sheet.

    Raises
    ------
    NotFound
        If the set has no candidate of a number.
    """
    rows = np.searchsorted(columns.number, numbers)
    settings = settings_of(workspace)
    places = []
    for number, row in zip(numbers, rows.tolist(), strict=True):
        if row >= len(columns) or columns.number[row] != number:
            raise NotFound(f"candidate in the pick set {record.name}, of the number", number)
        name = columns.classes[int(columns.class_index[row])]
        places.append(
            Place(
                image=int(columns.image[row]),
                x=float(columns.x_px[row]),
                y=float(columns.y_px[row]),
                z=None if columns.z_px is None else float(columns.z_px[row]),
                diameter_A=settings.diameter_A(name),
            )
        )
    return places
