"""What RELION's files need to know of tomograms: a project keeps its own copy of tomograms.star."""

from pathlib import Path

from nunatak.errors import BadInput, UsageError
from nunatak.files import written_whole
from nunatak.picks.formats.tomograms.tomograms_star import read_tomograms_star
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.tomogram_facts import TomogramFacts
from nunatak.server.transfer.catalogue import catalogue_of
from nunatak.workspace.connection import Workspace
from nunatak.workspace.project import settings_of

FILE = "tomograms.star"


def keep_tomograms_star(workspace: Workspace, path: Path) -> None:
    """Copy a tomograms.star into the project, in place of an earlier one.

    Parameters
    ----------
    workspace
        A project of tomograms.
    path
        The file.

    Raises
    ------
    UsageError
        If the project is of micrographs.
    BadInput
        If the file is missing, damaged, or does not say the binning of these tomograms.
    """
    if settings_of(workspace).ndim != 3:
        raise UsageError(f"{path}: --tomograms-star belongs to tomograms, not to micrographs.")
    read_tomograms_star(path, images=catalogue_of(workspace))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}). Check the name.") from error
    with written_whole(workspace.folder / FILE) as temporary:
        temporary.write_bytes(content)


def has_tilt_series(workspace: Workspace) -> bool:
    """Tell whether the project has a tomograms.star."""
    return (workspace.folder / FILE).is_file()


def facts_of(workspace: Workspace, images: ImageCatalogue) -> TomogramFacts:
    """Return what the project knows beyond its tomograms.

    Parameters
    ----------
    workspace
        The project.
    images
        Its images.

    Raises
    ------
    BadInput
        If its tomograms.star was damaged since.
    """
    if not has_tilt_series(workspace):
        return TomogramFacts()
    series = read_tomograms_star(workspace.folder / FILE, images=images)
    return TomogramFacts(tilt_series=series)
