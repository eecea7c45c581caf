"""Images as the page lists them: what is known of each, put together."""

from threading import Lock

import numpy as np

from nunatak.server.bodies.images import ImageSummary, Queue
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord, image_of, images_of
from nunatak.workspace.labels import label_counts
from nunatak.workspace.pick_sets import PickSetRecord, pick_sets_of
from nunatak.workspace.picks import image_picks, picked_images, selected_counts


class QueueReader:
    """Reads the queue; counts of selected candidates are kept, as the page asks again and again.

    Parameters
    ----------
    workspace
        The project.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._counted = _Counted(workspace)

    def queue(self) -> Queue:
        """Return all images."""
        return Queue(images=self._summaries(images_of(self._workspace)))

    def summary(self, image: int) -> ImageSummary:
        """Return one image.

        Raises
        ------
        NotFound
            If there is none of that number.
        """
        (summary,) = self._summaries([image_of(self._workspace, image)])
        return summary

    def _summaries(self, records: list[ImageRecord]) -> list[ImageSummary]:
        labels = label_counts(self._workspace)
        candidates = self._counted.by_image()
        return [
            _summary(one, labels.get(one.id, (0, 0, 0)), candidates.get(one.id)) for one in records
        ]


class _Counted:
    """Numbers of selected candidates in the newest set of picks, by image.

    What was found on an image never changes; only images that were picked since are counted.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = Lock()
        self._key: tuple[int, float] | None = None
        self._counts: dict[int, int] = {}

    def by_image(self) -> dict[int, int]:
        """Return the counts; images that the set has not come to are left out."""
        newest = next(iter(pick_sets_of(self._workspace)), None)
        if newest is None:
            return {}
        with self._lock:
            if self._key != (newest.id, newest.threshold):
                self._counts = selected_counts(self._workspace, newest.id)
                self._key = (newest.id, newest.threshold)
            else:
                self._count_new(newest)
            return dict(self._counts)

    def _count_new(self, newest: PickSetRecord) -> None:
        if len(self._counts) == newest.images:
            return
        for image in picked_images(self._workspace, newest.id) - set(self._counts):
            found = image_picks(self._workspace, newest.id, image)
            if found is not None:
                self._counts[image] = int(np.count_nonzero(found.score >= newest.threshold))


def _summary(
    record: ImageRecord, labelled: tuple[int, int, int], candidates: int | None
) -> ImageSummary:
    labels, negatives, regions = labelled
    return ImageSummary(
        id=record.id,
        name=record.name,
        folder=record.folder,
        shape=None if record.shape is None else list(record.shape),
        pixel_size_A=record.pixel_size_A or record.stated_pixel_size_A,
        state=record.state,
        labels=labels,
        negatives=negatives,
        regions=regions,
        candidates=candidates,
        doubt=record.doubt,
        problem=record.problem,
        version=record.version,
    )
