"""How many picks of a set each image shows, counted anew only where something changed."""

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock

from nunatak.server.bodies.images import PickCounts
from nunatak.workspace.changes import changes_since, last_number
from nunatak.workspace.connection import Workspace
from nunatak.workspace.pick_counts import PickCount, count_picks

SETS_KEPT = 3
MOST_CHANGES = 1000
"""After more of them, everything is counted anew."""


@dataclass(frozen=True)
class _Counted:
    seen: int
    """Number of the last change that was taken into account."""

    counts: dict[int, PickCount]


class PickCounter:
    """Counts picks; the page asks again and again. Any thread may use it.

    Parameters
    ----------
    workspace
        The project.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = Lock()
        self._kept: OrderedDict[int, _Counted] = OrderedDict()

    def counts(self, pick_set: int, images: Collection[int] | None = None) -> PickCounts:
        """Return the counts of some images, or of all; of images not picked yet there are none.

        Raises
        ------
        NotFound
            If there is no such set.
        """
        with self._lock:
            found = self._up_to_date(pick_set)
            chosen = (
                found if images is None else {one: found[one] for one in images if one in found}
            )
        return PickCounts(
            image=list(chosen),
            kept=[one.kept for one in chosen.values()],
            rejected=[one.rejected for one in chosen.values()],
        )

    def _up_to_date(self, pick_set: int) -> dict[int, PickCount]:
        # Before counting: what changes meanwhile is counted again the next time.
        now = last_number(self._workspace)
        before = self._kept.get(pick_set)
        if before is not None and before.seen > now:
            before = None  # a backup was put in place
        changed = None if before is None else self._changed(pick_set, before.seen)
        found = count_picks(self._workspace, pick_set, changed) if changed != set() else {}
        counts = found if before is None or changed is None else {**before.counts, **found}
        kept = self._kept[pick_set] = _Counted(now, counts)
        self._kept.move_to_end(pick_set)
        while len(self._kept) > SETS_KEPT:
            self._kept.popitem(last=False)
        return kept.counts

    def _changed(self, pick_set: int, seen: int) -> set[int] | None:
        """Return the images whose counts may be others since a change; None where all may be."""
        changes = changes_since(self._workspace, seen, MOST_CHANGES)
        if len(changes) == MOST_CHANGES or (changes and changes[0].number != seen + 1):
            return None
        images = {one.id for one in changes if one.about == "labels"}
        images |= {one.image for one in changes if (one.about, one.id) == ("picks", pick_set)}
        named = {image for image in images if image is not None}
        return None if len(named) < len(images) else named
