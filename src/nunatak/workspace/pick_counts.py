"""How many picks of a set each image shows."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.workspace.columns import JUDGED, LEFT_OUT
from nunatak.workspace.connection import Workspace
from nunatak.workspace.marks import Region
from nunatak.workspace.pick_sets import read_pick_set
from nunatak.workspace.regions import inside

_PRUNED_AWAY = JUDGED.index("reject")
_LEFT_OUT = JUDGED.index(LEFT_OUT)
_SINGLY = 100
"""So many images are asked for one by one; for more, all are read."""

_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class PickCount:
    """How many picks an image shows.

    Attributes
    ----------
    kept : int
        Of at least the set's threshold, outside excluded regions, and neither rejected nor left
        out by a pruning; and all others there that a person keeps.
    rejected : int
        Of at least the threshold and outside excluded regions, rejected by a person or, where
        nobody decided, by a pruning.
    """

    kept: int
    rejected: int


def count_picks(
    workspace: Workspace, pick_set: int, images: Collection[int] | None = None
) -> dict[int, PickCount]:
    """Count a set's picks by image.

    Parameters
    ----------
    workspace, pick_set
        Which.
    images
        None for all.

    Returns
    -------
    dict of int to PickCount
        Images that the set has not come to are left out.

    Raises
    ------
    NotFound
        If there is no such set.
    """
    with workspace.reading() as connection:
        return _Counting(connection, pick_set).counts(images)


class _Counting:
    def __init__(self, connection: sqlite3.Connection, pick_set: int) -> None:
        self._connection = connection
        self._set = pick_set
        self._threshold = read_pick_set(connection, pick_set).threshold
        self._with_regions = {
            image
            for (image,) in connection.execute(
                "SELECT DISTINCT image FROM region WHERE kind = 'exclude'"
            )
        }
        said = connection.execute(
            "SELECT number, decision = 'keep' FROM decision WHERE pick_set = ? ORDER BY number",
            (pick_set,),
        ).fetchall()
        self._said = np.array(said, dtype=np.int64).reshape(-1, 2)

    def counts(self, images: Collection[int] | None) -> dict[int, PickCount]:
        # The scores of many sets do not fit into the memory at once: row by row.
        query = (
            "SELECT image, first, score, judged FROM candidates LEFT JOIN judgement "
            "USING (pick_set, image) WHERE pick_set = ?"
        )
        if images is None or len(images) > _SINGLY:
            rows = self._connection.execute(query, (self._set,))
            return {row[0]: self._count(*row) for row in rows if images is None or row[0] in images}
        singly = [
            self._connection.execute(f"{query} AND image = ?", (self._set, one)).fetchone()
            for one in images
        ]
        return {row[0]: self._count(*row) for row in singly if row is not None}

    def _count(self, image: int, first: int, scores: bytes, judged: bytes | None) -> PickCount:
        selected = np.frombuffer(scores, "<f8") >= self._threshold
        begin, end = np.searchsorted(self._said[:, 0], [first, first + len(selected)])
        wished, rejected = np.zeros_like(selected), np.zeros_like(selected)
        left_out = np.zeros_like(selected)
        if judged is not None:
            verdict = np.frombuffer(judged, np.int8)
            rejected |= verdict == _PRUNED_AWAY
            left_out |= verdict == _LEFT_OUT
        if end > begin:
            numbers, is_kept = self._said[begin:end, 0] - first, self._said[begin:end, 1] != 0
            wished[numbers] = is_kept
            rejected[numbers] = ~is_kept
        if image in self._with_regions:
            excluded = self._excluded_on(image)
            selected &= ~excluded
            wished &= ~excluded
        return PickCount(
            kept=int(np.count_nonzero((selected & ~rejected & ~left_out) | wished)),
            rejected=int(np.count_nonzero(selected & rejected)),
        )

    def _excluded_on(self, image: int) -> _Mask:
        row = self._connection.execute(
            "SELECT x, y, z FROM candidates WHERE pick_set = ? AND image = ?", (self._set, image)
        ).fetchone()
        axes = [np.frombuffer(one, "<f8") for one in row if one is not None]
        return inside(self._regions_on(image), np.column_stack(axes))

    def _regions_on(self, image: int) -> list[Region]:
        rows = self._connection.execute(
            "SELECT id, outline, z_low, z_high FROM region WHERE image = ? AND kind = 'exclude'",
            (image,),
        ).fetchall()
        # They were checked when they were saved, which takes longer than to count.
        return [
            Region.model_construct(
                id=number, kind="exclude", outline=json.loads(outline), z_low=z_low, z_high=z_high
            )
            for number, outline, z_low, z_high in rows
        ]
