"""Images as the page lists them: what is known of each, put together."""

from nunatak.server.bodies.images import ImageSummary, Queue
from nunatak.workspace.connection import Workspace
from nunatak.workspace.history import LastChange, last_changes
from nunatak.workspace.images import ImageRecord, image_of, images_of
from nunatak.workspace.labels import label_counts

_NONE = (0, 0, 0)


def queue_of(workspace: Workspace) -> Queue:
    """Return all images."""
    labelled, changed = label_counts(workspace), last_changes(workspace)
    return Queue(
        images=[
            _summary(one, labelled.get(one.id, _NONE), changed.get(one.id))
            for one in images_of(workspace)
        ]
    )


def summary_of(workspace: Workspace, image: int) -> ImageSummary:
    """Return one image.

    Raises
    ------
    NotFound
        If there is none of that number.
    """
    record = image_of(workspace, image)
    labelled, changed = label_counts(workspace, image), last_changes(workspace, image)
    return _summary(record, labelled.get(image, _NONE), changed.get(image))


def _summary(
    record: ImageRecord, labelled: tuple[int, int, int], changed: LastChange | None
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
        doubt=record.doubt,
        problem=record.problem,
        version=record.version,
        changed=changed,
    )
