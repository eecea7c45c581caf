"""Read and write picks in any format."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import pandas as pd

from nunatak.errors import FormatError, Mismatch, UsageError
from nunatak.geometry import Orientation
from nunatak.images.copick_config import is_copick_config
from nunatak.picks.context import FormatContext
from nunatak.picks.counted import counted
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats import relion_autopick
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.limits import refuse_more
from nunatak.picks.formats.registry import (
    FORMATS,
    format_for_writing,
    format_named,
    format_of,
    refuse_dimensions,
)
from nunatak.picks.formats.tomograms import (
    copick_choice,
    copick_json,
    copick_sizes,
    copick_tomograms,
)
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet, empty_table
from nunatak.picks.tomogram_facts import TomogramFacts

AnyPath = str | PathLike[str]


def read_picks(
    path: AnyPath | Sequence[AnyPath],
    format: str | None = None,
    *,
    images: ImageCatalogue | Iterable[AnyPath] | None = None,
    image: str | None = None,
    grid: FileGrid | None = None,
    orientation: Orientation | None = None,
    refined: bool = False,
    tomograms: TomogramFacts | None = None,
) -> PickSet:
    """Read picks in nunatak's frame.

    Parameters
    ----------
    path
        A file, a folder of files of one format, an AutoPick job, the configuration of a copick
        project, whose radii become ``diameter_A``, or several of these.
    format
        Name of the format; None tells it by name and content.
    images
        The images, or a catalogue of their sizes: for formats that name stems, mirror an axis
        or count in fractions. Without them, a copick project's own tomograms say their sizes.
    image
        The image of a file that belongs to one image and does not name it.
    grid
        In what the file counts; None means pixels of the stored image.
    orientation
        How the file's axes relate to the stored image; None is the format's own convention.
    refined
        Subtract RELION's refined origins from the coordinates.
    tomograms
        What files of picks in tomograms leave unsaid.

    Returns
    -------
    PickSet
        All picks; ``images`` includes images with an empty file.

    Raises
    ------
    FormatError
        If a file is damaged or in no known format.
    Mismatch
        If an image or its size is needed and unknown, or files contradict each other.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "mic_1.box"
    >>> _ = path.write_text("90 40 20 20")
    >>> read_picks(path).table
       image   x_px  y_px
    0  mic_1  100.0  50.0
    """
    context = FormatContext(
        images=_catalogue(images),
        image=image,
        grid=grid or FileGrid(),
        orientation=orientation,
        refined=refined,
        tomograms=tomograms or TomogramFacts(),
    )
    return read_with(path, context, format)


def read_with(
    path: AnyPath | Sequence[AnyPath],
    context: FormatContext,
    format: str | None = None,
) -> PickSet:
    """Read picks as `read_picks` does, with a context made beforehand."""
    found = copick_choice.chosen(files_of(path, format), context.tomograms)
    given = paths_given(path)
    if context.image is None:
        context = replace(context, images=copick_tomograms.known(context.images, found, given))
    if context.most_rows is not None:
        for file, _ in found:
            refuse_more(file, context.most_rows)
    if len(found) > 1 and context.image is not None:
        raise UsageError(f"--image names one image, but there are {len(found)} files of picks.")
    parts = [fmt.read(file, context) for file, fmt in found]
    parts = copick_sizes.with_diameters(parts, found, given)
    if not context.tomograms.joins_copick_owners:
        copick_choice.refuse_joined(found, parts)
    joined = copick_choice.notes_on_joined(found, parts)
    picks = combined(parts)
    return replace(picks, notes=[*joined, *picks.notes]) if joined else picks


def write_picks(
    picks: PickSet,
    path: AnyPath,
    format: str | None = None,
    *,
    images: ImageCatalogue | Iterable[AnyPath] | None = None,
    box_px: int | None = None,
    grid: FileGrid | None = None,
    orientation: Orientation | None = None,
    round_coordinates: bool | None = None,
    overwrite: bool = True,
    tomograms: TomogramFacts | None = None,
) -> list[Path]:
    """Write picks; each file appears whole or not at all.

    Parameters
    ----------
    picks
        What to write, in nunatak's frame.
    path
        A file, or a folder for formats of one file an image.
    format
        Name of the format; None takes that of the suffix.
    images
        The images, or a catalogue of their sizes: for formats that mirror an axis or count in
        fractions.
    box_px
        Box side in the file's pixels, for formats that hold boxes.
    grid
        In what the file shall count; None means pixels of the stored image.
    orientation
        How the file's axes shall relate to the stored image; None is the format's convention.
    round_coordinates
        Write whole numbers; None takes the format's habit.
    overwrite
        Replace files that exist.
    tomograms
        As in `read_picks`.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    UsageError
        If the format is not stated, a box size is missing, or a file may not be replaced.
    Mismatch
        If an image's size is needed and unknown, or two images would become one.
    ResourceError
        If a file cannot be written.
    """
    context = FormatContext(
        images=_catalogue(images),
        box_px=box_px,
        grid=grid or FileGrid(),
        orientation=orientation,
        round_coordinates=round_coordinates,
        overwrite=overwrite,
        tomograms=tomograms or TomogramFacts(),
    )
    target = Path(path)
    fmt = format_for_writing(target, picks.ndim) if format is None else format_named(format)
    refuse_dimensions(picks, fmt)
    return fmt.write(picks, target, context)


def files_of(
    path: AnyPath | Sequence[AnyPath],
    format: str | None = None,
) -> list[tuple[Path, PickFormat]]:
    """Return each pick file with its format; folders are replaced by what lies in them.

    The configuration of a copick project stands for the picks in all its roots, and so does the
    folder that it lies in, if it holds no other picks.

    Raises
    ------
    FormatError
        If a folder holds no picks, or picks of several formats.
    BadInput
        If a copick project holds no picks.
    """
    named = None if format is None else format_named(format)
    found: list[tuple[Path, PickFormat]] = []
    for entry in paths_given(path):
        is_job = (entry / relion_autopick.LIST_NAME).is_file()
        if entry.is_dir() and not is_job:
            found += _in_folder(entry, named)
        elif named in (None, copick_json.FORMAT) and is_copick_config(entry):
            files = copick_choice.files_of_project(entry)
            found += [(file, copick_json.FORMAT) for file in files]
        else:
            found.append((entry, named or format_of(entry)))
    return found


def combined(parts: Sequence[PickSet]) -> PickSet:
    """Join the picks of several files.

    Raises
    ------
    Mismatch
        If their optics groups differ: the same group number would mean two things.
    """
    if len(parts) == 1:
        return parts[0]
    if len({part.ndim for part in parts}) > 1:
        raise Mismatch(
            "Some files hold picks on micrographs and others picks in tomograms, which cannot be "
            "joined. Read them one by one."
        )
    optics = [part.optics for part in parts if part.optics is not None]
    if any(not groups.equals(optics[0]) for groups in optics[1:]):
        raise Mismatch(
            "The files have different optics groups and cannot be joined. Convert them one by one."
        )
    tables = [part.table for part in parts if len(part)]
    return PickSet(
        pd.concat(tables, ignore_index=True) if tables else empty_table(parts[0].ndim),
        optics=optics[0] if optics else None,
        images=tuple(name for part in parts for name in part.images),
        source=None,
        notes=_notes(parts),
    )


def paths_given(path: AnyPath | Sequence[AnyPath]) -> list[Path]:
    """Return what was given, one path or several, as a list."""
    return [Path(path)] if isinstance(path, str | PathLike) else [*map(Path, path)]


def _notes(parts: Sequence[PickSet]) -> list[str]:
    """Return the notes of all files; what several say in the same words is said once."""
    files: dict[str, list[str]] = {}
    for part in parts:
        for note in part.notes:
            begin = f"{part.source}: "
            named = note.startswith(begin)
            files.setdefault(note.removeprefix(begin), []).extend([begin] * named)
    return [
        f"{begins[0].removesuffix(': ')} and {counted(len(begins) - 1, 'other file')}: {text}"
        if len(begins) > 1
        else f"{''.join(begins)}{text}"
        for text, begins in files.items()
    ]


def _in_folder(folder: Path, named: PickFormat | None) -> list[tuple[Path, PickFormat]]:
    wanted = [named] if named is not None else list(FORMATS.values())
    direct = [fmt for fmt in wanted if fmt is named or not fmt.nested]
    suffixes = tuple(dict.fromkeys(suffix for fmt in direct for suffix in fmt.suffixes))
    files = [
        entry
        for entry in sorted(folder.iterdir())
        if entry.is_file() and entry.name.lower().endswith(suffixes)
    ]
    if copick_json.FORMAT in direct:
        files = [file for file in files if not is_copick_config(file)]
    if not files:
        files = sorted(
            entry for fmt in wanted for pattern in fmt.nested for entry in folder.glob(pattern)
        )
    if not files and copick_json.FORMAT in wanted:
        of_project = copick_choice.files_of_project(folder)
        if of_project:
            return [(file, copick_json.FORMAT) for file in of_project]
    if not files:
        raise FormatError(folder, f"no file of picks in this folder ({', '.join(suffixes)})")
    found = [(file, named or format_of(file)) for file in files]
    formats = {fmt.title for _, fmt in found}
    if len(formats) > 1:
        raise FormatError(
            folder,
            f"files of several formats: {', '.join(sorted(formats))}",
            hint="Name the format (--from)",
        )
    return found


def _catalogue(images: ImageCatalogue | Iterable[AnyPath] | None) -> ImageCatalogue:
    if isinstance(images, ImageCatalogue):
        return images
    return ImageCatalogue(paths=[Path(image) for image in images or ()])
