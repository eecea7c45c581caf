"""Pixel sizes that a user states of images that the project has already."""

from collections.abc import Container
from dataclasses import dataclass

from nunatak.images.pixel_size import same
from nunatak.workspace.changes import note
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord, images_of


@dataclass(frozen=True)
class StatedSize:
    """What came of a pixel size that was stated.

    Attributes
    ----------
    changed : tuple of ImageRecord
        The images that have it now, as they were before.
    contradicted : tuple of ImageRecord
        Those that keep the size of their header, which is another.
    """

    changed: tuple[ImageRecord, ...]
    contradicted: tuple[ImageRecord, ...]


def state_pixel_size(
    workspace: Workspace, pixel_size_A: float, paths: Container[str] | None = None
) -> StatedSize:
    """Give images a pixel size; a problem that they had is over until they are read again.

    Labels stay where they are: they count in pixels.

    Parameters
    ----------
    workspace
        The project.
    pixel_size_A
        Ångström.
    paths
        Of the images; None for all.
    """
    asked = [
        one
        for one in images_of(workspace)
        if (paths is None or one.path in paths) and one.stated_pixel_size_A != pixel_size_A
    ]
    # A size that is known without having been stated is that of the header; an image of two sizes
    # is none that can be read.
    of_header = [
        one for one in asked if one.stated_pixel_size_A is None and one.pixel_size_A is not None
    ]
    contradicted = [one for one in of_header if not same(one.pixel_size_A or 0.0, pixel_size_A)]
    kept = {one.id for one in of_header}
    changed = [one for one in asked if one.id not in kept]
    if changed:
        with workspace.writing() as connection:
            connection.executemany(
                "UPDATE image SET stated_pixel_size_A = ?, pixel_size_A = ?, problem = NULL "
                "WHERE id = ?",
                [(pixel_size_A, pixel_size_A, one.id) for one in changed],
            )
            note(connection, "queue")
    return StatedSize(tuple(changed), tuple(contradicted))
