"""Write labels or picks as a file that the browser can save."""

import io
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from nunatak.errors import BadInput, UsageError
from nunatak.picks.formats import relion_autopick
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.doors import write_picks
from nunatak.picks.formats.registry import FORMATS, format_named, refuse_dimensions
from nunatak.picks.formats.tomograms import relion4_star, relion5_star
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet
from nunatak.server.bodies.transfer import ExportFormat
from nunatak.workspace.connection import Workspace
from nunatak.workspace.exchange import labels_as_picks
from nunatak.workspace.images import images_of, listed
from nunatak.workspace.project import settings_of

USUAL_FORMATS = {2: "relion-star", 3: "csv"}

BOX_IN_DIAMETERS = 1.5
"""Side of the boxes in formats that have boxes: what is usual for extraction."""

_NEEDS_TILT_SERIES = (
    "needs RELION's tomograms.star, which the project does not have. Export CSV, and turn it into "
    "this format with 'nunatak convert --tomograms-star'."
)
_OUT_OF_REACH = {
    # Its files name each other by where they lie.
    relion_autopick.FORMAT.name: "belongs into the folder of a project. Export another format, and "
    "turn it into this one there with 'nunatak convert'.",
    relion5_star.FORMAT.name: _NEEDS_TILT_SERIES,
    relion4_star.FORMAT.name: _NEEDS_TILT_SERIES,
}
"""Formats for which more is needed than a project knows: why, and what to do."""

_BOX_WITHOUT_SIZE_PX = 2
_ZIP = "application/zip"
_FILE = "application/octet-stream"


@dataclass(frozen=True)
class ExportedFile:
    """A file to be saved.

    Attributes
    ----------
    name : str
        Plain ASCII.
    content : bytes
    media_type : str
    """

    name: str
    content: bytes
    media_type: str


def formats_for(ndim: int) -> list[ExportFormat]:
    """Return the formats that picks can be written in, the usual one first."""
    formats = [
        fmt
        for fmt in FORMATS.values()
        if ndim in fmt.capabilities.dimensions
        and fmt.capabilities.writable
        and fmt.name not in _OUT_OF_REACH
    ]
    formats.sort(key=lambda fmt: fmt.name != USUAL_FORMATS[ndim])
    return [ExportFormat(name=fmt.name, tells_apart=_tells_apart(fmt)) for fmt in formats]


def exported_labels(
    workspace: Workspace, file_format: str | None, *, particles_only: bool
) -> ExportedFile:
    """Write labels in a format.

    Parameters
    ----------
    workspace
        The project whose labels these are.
    file_format
        None for the usual one.
    particles_only
        Whether places that are no particle are left out; they are so in any case where the
        format cannot tell them from particles.

    Raises
    ------
    BadInput, UsageError
        As of `exported`.
    """
    chosen = format_named(file_format or USUAL_FORMATS[settings_of(workspace).ndim])
    with_negatives = _tells_apart(chosen) and not particles_only
    picks = labels_as_picks(workspace, with_negatives=with_negatives)
    return exported(workspace, picks, "labels", chosen.name)


def exported(
    workspace: Workspace, picks: PickSet, stem: str, file_format: str | None
) -> ExportedFile:
    """Write picks in a format; several files come as one archive.

    Parameters
    ----------
    workspace
        The project whose picks these are.
    picks
        What to write; images by their paths.
    stem
        Of the file's name.
    file_format
        None for the usual one.

    Raises
    ------
    BadInput
        If there is nothing to write, or the format cannot hold it.
    UsageError
        If there is no such format, or it is for the other kind of images.
    """
    settings = settings_of(workspace)
    chosen = format_named(file_format or USUAL_FORMATS[settings.ndim])
    refuse_dimensions(picks, chosen)
    if chosen.name in _OUT_OF_REACH:
        raise UsageError(f"{chosen.title}: {_OUT_OF_REACH[chosen.name]}")
    if not len(picks):
        raise BadInput("There is nothing to export yet: none was labelled or selected.")
    images = listed(images_of(workspace))
    catalogue = (
        ImageCatalogue.of_tomograms(images) if settings.ndim == 3 else ImageCatalogue.listed(images)
    )
    largest_A = max((one.diameter_A or 0.0 for one in settings.classes), default=0.0)
    with tempfile.TemporaryDirectory(prefix="nunatak-export-") as name:
        folder = Path(name)
        try:
            write_picks(
                picks,
                _target(folder, stem, chosen),
                chosen.name,
                images=catalogue,
                box_px=_box_px(picks, largest_A, catalogue),
            )
        except (BadInput, UsageError) as error:
            # The folder means nothing to the user.
            raise BadInput(str(error).replace(f"{folder}/", "")) from error
        return _packed(folder, stem, chosen)


def _tells_apart(chosen: PickFormat) -> bool:
    """Whether a format has columns that say which rows are no particle, and what they are."""
    return chosen.capabilities.class_name and chosen.capabilities.preserves_columns


def _target(folder: Path, stem: str, chosen: PickFormat) -> Path:
    """Return what to write: a file, or for formats of one file an image the folder of them."""
    if not chosen.capabilities.multi_image:
        return folder
    return folder / f"{stem}{chosen.suffixes[0]}"


def _box_px(picks: PickSet, diameter_A: float, catalogue: ImageCatalogue) -> int:
    """Return an even side of a box, pixels."""
    size_A = catalogue.pixel_size_A(picks.images[0])
    if not size_A:
        return _BOX_WITHOUT_SIZE_PX
    return max(_BOX_WITHOUT_SIZE_PX, 2 * round(BOX_IN_DIAMETERS * diameter_A / size_A / 2))


def _packed(folder: Path, stem: str, chosen: PickFormat) -> ExportedFile:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    # The name of a file of one image says which image that is: such a file keeps it in an archive.
    if len(files) == 1 and chosen.capabilities.multi_image:
        return ExportedFile(f"{stem}{chosen.suffixes[0]}", files[0].read_bytes(), _FILE)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files:
            packed.write(path, path.relative_to(folder).as_posix())
    return ExportedFile(f"{stem}.zip", archive.getvalue(), _ZIP)
