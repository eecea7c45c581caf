"""Read the candidates of a set from the project, and keep those of the last sets in memory."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nunatak.server.review.columns import KEPT, REJECTED, UNDECIDED, IntArray, SetColumns
from nunatak.workspace.columns import PickColumns
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import Decision, decisions_of
from nunatak.workspace.images import skipped_images
from nunatak.workspace.labels import label_counts, labels_of
from nunatak.workspace.marks import Labels
from nunatak.workspace.pick_sets import PickSetRecord, pick_set_of
from nunatak.workspace.picks import all_picks
from nunatak.workspace.regions import inside

_Value = TypeVar("_Value", bound=np.generic)

SETS_KEPT = 3
"""In memory: two that are compared, and one more."""


class LoadedSets:
    """Candidates of sets, read anew only when something of it changed; for any thread.

    Parameters
    ----------
    workspace
        The project.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[tuple[object, ...], SetColumns]] = OrderedDict()

    def get(self, pick_set: int) -> tuple[PickSetRecord, SetColumns]:
        """Return a set and its candidates.

        Raises
        ------
        NotFound
            If there is no such set.
        """
        record = pick_set_of(self._workspace, pick_set)
        skipped = skipped_images(self._workspace)
        stamp = (record.stamp, _stamp_of_regions(self._workspace), skipped)
        with self._lock:
            kept = self._kept.get(pick_set)
            if kept is None or kept[0] != stamp:
                kept = (stamp, load(self._workspace, record, marks_of(self._workspace)))
            self._kept[pick_set] = kept
            self._kept.move_to_end(pick_set)
            while len(self._kept) > SETS_KEPT:
                self._kept.popitem(last=False)
        return record, kept[1]


def marks_of(workspace: Workspace) -> list[Labels]:
    """Return what is saved of the images with regions."""
    counts = label_counts(workspace)
    return [labels_of(workspace, image) for image, (*_, regions) in counts.items() if regions]


def _stamp_of_regions(workspace: Workspace) -> tuple[tuple[int, int], ...]:
    """Return what changes with every region: the versions of the images that have some."""
    with workspace.reading() as connection:
        rows = connection.execute(
            "SELECT id, version FROM image WHERE id IN (SELECT image FROM region) ORDER BY id"
        ).fetchall()
    return tuple(rows)


def load(workspace: Workspace, record: PickSetRecord, marks: list[Labels]) -> SetColumns:
    """Read a set's candidates.

    Parameters
    ----------
    workspace, record
        Which.
    marks
        Regions of images that have some.
    """
    # Before the candidates, so that there is one for each decision.
    said = decisions_of(workspace, record.id)
    by_image = all_picks(workspace, record.id)
    regions = {
        one.image: [region for region in one.regions if region.kind == "exclude"] for one in marks
    }
    parts = list(by_image.values())
    counts = [len(one) for one in parts]
    number = _joined([one.number for one in parts], np.int64)
    skipped = skipped_images(workspace)
    excluded = [
        inside(regions.get(image, []), columns.positions_px) | (image in skipped)
        for image, columns in by_image.items()
    ]
    return SetColumns(
        image=np.repeat(np.array(list(by_image), dtype=np.int64), counts),
        number=number,
        x_px=_joined([one.x_px for one in parts], np.float64),
        y_px=_joined([one.y_px for one in parts], np.float64),
        z_px=_joined([one.z_px for one in parts if one.z_px is not None], np.float64)
        if any(one.z_px is not None for one in parts)
        else None,
        score=_joined([one.score for one in parts], np.float64),
        class_index=_joined([one.class_index for one in parts], np.int64),
        classes=record.classes,
        probability=_joined([_or(one.probability, np.nan, one) for one in parts], np.float64),
        judged_index=_joined([_or(one.judged_index, -1, one) for one in parts], np.int64),
        judged_classes=record.judged_classes,
        pruned=_joined([_or(one.judged, 0, one) for one in parts], np.int64),
        decided=_decided(said, number),
        reasons={one: reason for one, (_, reason) in said.items() if reason is not None},
        excluded=_joined(excluded, np.bool_),
    )


def _joined(parts: Sequence[NDArray[Any]], dtype: type[_Value]) -> NDArray[_Value]:
    return np.concatenate([*parts, np.empty(0, dtype)]).astype(dtype, copy=False)


def _or(values: NDArray[Any] | None, otherwise: float, columns: PickColumns) -> NDArray[Any]:
    return np.full(len(columns), otherwise) if values is None else values


def _decided(said: Mapping[int, tuple[Decision, str | None]], number: IntArray) -> IntArray:
    """Return what people say of each candidate."""
    decided = np.full(len(number), UNDECIDED, dtype=np.int64)
    # Numbers rise within an image, and images come in the order of their numbers.
    places = np.searchsorted(number, np.fromiter(said, np.int64, len(said)))
    decided[places] = [KEPT if word == "keep" else REJECTED for word, _ in said.values()]
    return decided
