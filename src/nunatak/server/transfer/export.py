"""Write labels or picks as a file that the browser can save."""

import io
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.picks.formats import relion_autopick
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.box_side import box_side_px
from nunatak.picks.formats.doors import write_picks
from nunatak.picks.formats.registry import FORMATS, format_named, refuse_dimensions
from nunatak.picks.formats.tomograms import czii_csv, relion4_star, relion5_star
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet
from nunatak.server.bodies.transfer import ExportFormat
from nunatak.server.transfer.catalogue import catalogue_of
from nunatak.server.transfer.tilt_series import facts_of, has_tilt_series
from nunatak.workspace.connection import Workspace
from nunatak.workspace.exchange import labels_as_picks
from nunatak.workspace.project import settings_of

_USUAL_FORMAT = {2: "relion-star", 3: "csv"}

_KEEP_FOLDERS = {2: ("relion-star", "csv"), 3: ("csv",)}

_NEED_TILT_SERIES = (relion5_star.FORMAT.name, relion4_star.FORMAT.name)

_NEED_CLASSES = (czii_csv.FORMAT.name,)

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


def formats_for(ndim: int, *, has_tilt_series: bool = False) -> list[ExportFormat]:
    """Return the formats that a project's picks can be written in, the usual one first.

    Parameters
    ----------
    ndim
        2 for micrographs, 3 for tomograms.
    has_tilt_series
        Whether the project has a tomograms.star.
    """
    usual = _usual_format(ndim, has_tilt_series=has_tilt_series)
    formats = [
        fmt
        for fmt in FORMATS.values()
        if ndim in fmt.capabilities.dimensions
        and fmt.capabilities.writable
        and _out_of_reach(fmt, has_tilt_series=has_tilt_series) is None
    ]
    formats.sort(key=lambda fmt: fmt.name != usual)
    return [ExportFormat(name=fmt.name, tells_apart=_tells_apart(fmt)) for fmt in formats]


def _usual_format(ndim: int, *, has_tilt_series: bool) -> str:
    """Return the name of the format that most users of such a project want."""
    return relion5_star.FORMAT.name if has_tilt_series else _USUAL_FORMAT[ndim]


def _out_of_reach(chosen: PickFormat, *, has_tilt_series: bool) -> str | None:
    """Say why a format needs more than the project knows, and what to do; None if it does not."""
    if chosen.name == relion_autopick.FORMAT.name:
        # Its files name each other by where they lie.
        return (
            "belongs into the folder of a project. Export another format, and turn it into this "
            "one there with 'nunatak convert'."
        )
    if chosen.name in _NEED_TILT_SERIES and not has_tilt_series:
        return (
            "needs RELION's tomograms.star, which the project does not have. Start 'nunatak label' "
            "with --tomograms-star, or export CSV and use 'nunatak convert --tomograms-star'."
        )
    return None


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
    chosen = _chosen(workspace, file_format)
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
    chosen = _chosen(workspace, file_format)
    refuse_dimensions(picks, chosen)
    if reason := _out_of_reach(chosen, has_tilt_series=has_tilt_series(workspace)):
        raise UsageError(f"{chosen.title}: {reason}")
    if not len(picks):
        raise BadInput("There is nothing to export yet: none was labelled or selected.")
    _refuse_shared_names(picks, chosen)
    if chosen.name in _NEED_CLASSES and len(settings.classes) == 1:
        picks = _named(picks, settings.classes[0].name)
    catalogue = catalogue_of(workspace)
    largest_A = settings.largest_diameter_A or 0.0
    with tempfile.TemporaryDirectory(prefix="nunatak-export-") as name:
        folder = Path(name)
        try:
            write_picks(
                picks,
                _target(folder, stem, chosen),
                chosen.name,
                images=catalogue,
                box_px=_box_px(picks, chosen, largest_A, catalogue),
                tomograms=facts_of(workspace, catalogue),
            )
        except (BadInput, UsageError) as error:
            # The folder means nothing to the user.
            raise BadInput(str(error).replace(f"{folder}/", "")) from error
        return _packed(folder, stem, chosen)


def _chosen(workspace: Workspace, file_format: str | None) -> PickFormat:
    ndim, with_series = settings_of(workspace).ndim, has_tilt_series(workspace)
    return format_named(file_format or _usual_format(ndim, has_tilt_series=with_series))


def _tells_apart(chosen: PickFormat) -> bool:
    """Whether a format has columns that say which rows are no particle, and what they are."""
    return chosen.capabilities.class_name and chosen.capabilities.preserves_columns


def _target(folder: Path, stem: str, chosen: PickFormat) -> Path:
    """Return what to write: a file, or for formats of one file an image the folder of them."""
    if not chosen.capabilities.multi_image:
        return folder
    return folder / f"{stem}{chosen.suffixes[0]}"


def _refuse_shared_names(picks: PickSet, chosen: PickFormat) -> None:
    """Refuse images that the format takes for one, in words that help in the page."""
    try:
        chosen.refuse_images(picks.images)
    except Mismatch as error:
        keeping = [FORMATS[name].title for name in _KEEP_FOLDERS[picks.ndim]]
        raise BadInput(
            f"{error} The page cannot: export {' or '.join(keeping)}, which "
            f"{'keep' if len(keeping) > 1 else 'keeps'} the folders of images."
        ) from error


def _named(picks: PickSet, class_name: str) -> PickSet:
    """Call picks what the project calls its one kind, where nothing says otherwise."""
    if "class_name" in picks.table:
        return picks
    return replace(picks, table=picks.table.assign(class_name=class_name))


def _box_px(
    picks: PickSet, chosen: PickFormat, diameter_A: float, catalogue: ImageCatalogue
) -> int | None:
    size_A = _some_pixel_size_A(picks, catalogue)
    if size_A is None:
        return _BOX_WITHOUT_SIZE_PX
    return box_side_px(picks.table, chosen, diameter_A / size_A)


def _some_pixel_size_A(picks: PickSet, catalogue: ImageCatalogue) -> float | None:
    """Return the pixel size of the first image of which one is known."""
    if "pixel_size_A" in picks.table:
        known_A = picks.table["pixel_size_A"].dropna()
        if len(known_A):
            return float(known_A.iloc[0])
    for image in picks.images:
        try:
            return catalogue.pixel_size_A(image)
        except BadInput:
            continue  # One image that is gone is no reason to write none of the others.
    return None


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
