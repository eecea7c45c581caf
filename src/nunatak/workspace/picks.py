"""Candidates of a set, image by image."""

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput, Mismatch
from nunatak.workspace.columns import (
    JUDGED,
    NOT_JUDGED,
    NewCandidates,
    PickColumns,
    columns_of,
    judged_bytes,
)
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import read_image
from nunatak.workspace.pick_sets import read_pick_set, touch
from nunatak.workspace.project import read_settings

_SELECT = """
SELECT first, count, x, y, z, score, class_index, probability, judged_index, judged, image
FROM candidates LEFT JOIN judgement USING (pick_set, image)
WHERE pick_set = ?
"""


def save_image_picks(workspace: Workspace, pick_set: int, image: int, found: NewCandidates) -> bool:
    """Save all candidates of an image.

    Candidates are given their numbers here, which decisions name, so that an image that was
    picked in this set already stays as it is.

    Returns
    -------
    bool
        Whether they were saved; False where the image was picked before.

    Raises
    ------
    NotFound
        If there is no such set or image.
    BadInput
        If the columns do not fit together, or a number is not finite.
    """
    with workspace.writing() as connection:
        record = read_pick_set(connection, pick_set)
        read_image(connection, image)
        count, columns = found.stored(
            ndim=read_settings(connection).ndim, class_count=len(record.classes)
        )
        cursor = connection.execute(
            "INSERT INTO candidates (pick_set, image, first, count, x, y, z, score, class_index) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (pick_set, image, record.candidates, count, *columns),
        )
        if not cursor.rowcount:
            return False
        connection.execute(
            "UPDATE pick_set SET candidates = candidates + ? WHERE id = ?", (count, pick_set)
        )
        touch(connection, pick_set, image=image)
    return True


def image_picks(workspace: Workspace, pick_set: int, image: int) -> PickColumns | None:
    """Return the candidates of an image; None where the set has not come to it yet.

    Raises
    ------
    NotFound
        If there is no such set or image.
    """
    with workspace.reading() as connection:
        read_pick_set(connection, pick_set)
        read_image(connection, image)
        row = connection.execute(f"{_SELECT} AND image = ?", (pick_set, image)).fetchone()
    return None if row is None else columns_of(row)


def all_picks(workspace: Workspace, pick_set: int) -> dict[int, PickColumns]:
    """Return the candidates of all images that the set has come to, by image.

    Raises
    ------
    NotFound
        If there is no such set.
    """
    with workspace.reading() as connection:
        read_pick_set(connection, pick_set)
        rows = connection.execute(f"{_SELECT} ORDER BY first", (pick_set,)).fetchall()
    return {int(row[-1]): columns_of(row) for row in rows}


def picked_images(workspace: Workspace, pick_set: int) -> set[int]:
    """Return the images that the set has come to.

    Raises
    ------
    NotFound
        If there is no such set.
    """
    with workspace.reading() as connection:
        read_pick_set(connection, pick_set)
        rows = connection.execute(
            "SELECT image FROM candidates WHERE pick_set = ?", (pick_set,)
        ).fetchall()
    return {int(image) for (image,) in rows}


def save_judgement(
    workspace: Workspace,
    pick_set: int,
    image: int,
    *,
    probability: NDArray[np.floating],
    judged_class: Sequence[str | None],
    decision: Sequence[str],
) -> None:
    """Save what a pruning says of an image's candidates, in place of what an earlier one said.

    Parameters
    ----------
    workspace, pick_set, image
        Where.
    probability : ndarray, shape (n,), float64
        Of being a particle; NaN where a candidate was not judged.
    judged_class
        What it is taken for, and None where it was not judged.
    decision
        One of `nunatak.workspace.columns.JUDGED` for each.

    Raises
    ------
    NotFound
        If there is no such set or image.
    Mismatch
        If the image has another number of candidates.
    BadInput
        If a probability is not between 0 and 1, or a decision is none of the words.
    """
    _check_judgement(probability, decision)
    with workspace.writing() as connection:
        record = read_pick_set(connection, pick_set)
        read_image(connection, image)
        row = connection.execute(
            "SELECT count FROM candidates WHERE pick_set = ? AND image = ?", (pick_set, image)
        ).fetchone()
        count = None if row is None else int(row[0])
        if {len(probability), len(judged_class), len(decision)} != {count}:
            raise Mismatch(
                f"Judgements of {len(probability)} candidates for an image with {count or 0}. "
                "Prune the set again."
            )
        names = list(dict.fromkeys([*record.judged_classes, *filter(None, judged_class)]))
        place = {name: index for index, name in enumerate(names)}
        index = [NOT_JUDGED if name is None else place[name] for name in judged_class]
        judged = [JUDGED.index(word) for word in decision]
        columns = judged_bytes(probability, np.array(index, np.int32), np.array(judged, np.int8))
        connection.execute(
            "INSERT OR REPLACE INTO judgement (pick_set, image, probability, judged_index, judged) "
            "VALUES (?, ?, ?, ?, ?)",
            (pick_set, image, *columns),
        )
        connection.execute(
            "UPDATE pick_set SET judged_classes = ? WHERE id = ?", (json.dumps(names), pick_set)
        )
        touch(connection, pick_set, image=image)


def _check_judgement(probability: NDArray[np.floating], decision: Sequence[str]) -> None:
    known = probability[~np.isnan(probability)]
    if len(known) and not (known.min() >= 0 and known.max() <= 1):
        raise BadInput("A probability of a judgement is not between 0 and 1.")
    for word in set(decision) - set(JUDGED):
        raise BadInput(f"The decision '{word}' is not known. Use {', '.join(JUDGED)}.")
