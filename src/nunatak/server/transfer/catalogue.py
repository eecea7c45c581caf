"""The images of a project, as files of picks are read and written with them."""

from pathlib import Path

from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord, images_of
from nunatak.workspace.project import settings_of


def catalogue_of(workspace: Workspace) -> ImageCatalogue:
    """Return the sizes of a project's micrographs or tomograms.

    Headers say them; of images that are gone or cannot be read, what the project remembers.
    """
    records = images_of(workspace)
    remembered = {
        one.path: one.shape
        for one in records
        if one.shape is not None and (one.problem is not None or not Path(one.path).exists())
    }
    images = MicrographList(
        tuple(_with_size(one, is_remembered=one.path in remembered) for one in records)
    )
    if settings_of(workspace).ndim == 3:
        volumes = {path: (shape[0], shape[1], shape[2]) for path, shape in remembered.items()}
        return ImageCatalogue.of_tomograms(images, shapes=volumes)
    shapes = {path: (shape[0], shape[1]) for path, shape in remembered.items()}
    return ImageCatalogue.listed(images, shapes=shapes)


def _with_size(record: ImageRecord, *, is_remembered: bool) -> ListedMicrograph:
    size_A = record.stated_pixel_size_A
    if size_A is None and is_remembered:
        size_A = record.pixel_size_A
    return ListedMicrograph(Path(record.path), record.path, size_A)
