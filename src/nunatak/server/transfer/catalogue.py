"""The images of a project, as files of picks are read and written with them."""

from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import images_of, listed
from nunatak.workspace.project import settings_of


def catalogue_of(workspace: Workspace) -> ImageCatalogue:
    """Return the sizes of a project's micrographs or tomograms."""
    images = listed(images_of(workspace))
    if settings_of(workspace).ndim == 3:
        return ImageCatalogue.of_tomograms(images)
    return ImageCatalogue.listed(images)
