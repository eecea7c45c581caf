"""Formats with one file an image: which image a file belongs to, which file an image gets."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from nunatak.errors import Mismatch, UsageError
from nunatak.picks.context import FormatContext
from nunatak.picks.names import stem_of
from nunatak.picks.table import PickSet


def stem_before(path: Path, endings: Iterable[str]) -> str | None:
    """Return a file's name without its ending, or None if it has none of the endings.

    Examples
    --------
    >>> stem_before(Path("info/mic_1_info.json"), ["_info.json"])
    'mic_1'
    """
    for ending in endings:
        if path.name.lower().endswith(ending) and len(path.name) > len(ending):
            return path.name[: -len(ending)]
    return None


def image_of(path: Path, endings: Iterable[str], context: FormatContext) -> str:
    """Return the image that a file of one image belongs to.

    Parameters
    ----------
    path
        The file.
    endings
        Endings of file names in this format.
    context
        May name the image; otherwise it is looked up by the file's stem, or is the stem where
        no images are known.

    Raises
    ------
    Mismatch
        If no image or several have this stem.
    """
    if context.image is not None:
        return context.image
    stem = stem_before(path, endings) or path.stem
    return images_named([stem], path, context)[stem]


def images_named(names: Iterable[str], path: Path, context: FormatContext) -> dict[str, str]:
    """Return the image that each name in a file means; the name itself if none are known.

    Parameters
    ----------
    names
        Paths or stems, as the file has them.
    path
        The file, named in an error.
    context
        Knows the images.

    Raises
    ------
    Mismatch
        If names fit no image, or several; the message counts them.
    """
    if not len(context.images):
        return {name: name for name in names}
    resolution = context.images.index.resolve_all(names)
    if resolution.unmatched:
        n_names = len(resolution.found) + len(resolution.unmatched)
        count = f"{len(resolution.unmatched)} of {n_names} image names: " if n_names > 1 else ""
        raise Mismatch(f"{path}: {count}{next(iter(resolution.unmatched.values()))}")
    return resolution.found


def paths_for(picks: PickSet, path: Path, ending: str, context: FormatContext) -> dict[str, Path]:
    """Return the file that each image gets.

    Parameters
    ----------
    picks
        Images without picks get a file as well: they were looked at.
    path
        A folder; or the file itself, if there is only one image and the name has the ending.
    ending
        Ending of file names in this format.
    context
        Says whether existing files may be replaced.

    Raises
    ------
    Mismatch
        If two images would share a file.
    UsageError
        If a single file is named for several images, or a file exists.
    """
    images = picks.images
    if path.name.lower().endswith(ending) and not path.is_dir():
        if len(images) != 1:
            raise UsageError(
                f"{path}: this format holds one image a file, but there are {len(images)} images. "
                "Name a folder to write to and the format."
            )
        paths = {images[0]: path}
    else:
        refuse_shared_file_names(images)
        paths = {image: path / f"{stem_of(image)}{ending}" for image in images}
    refuse_existing(paths.values(), context)
    return paths


def refuse_shared_file_names(images: Iterable[str]) -> None:
    """Refuse images whose picks would lie in one file (see `refuse_shared_stems`)."""
    refuse_shared_stems(images, "the file name")


def refuse_shared_stems(images: Iterable[str], what: str) -> None:
    """Refuse images that a format which knows only stems would merge.

    Raises
    ------
    Mismatch
        If two images have the same stem.
    """
    sharing: dict[str, list[str]] = defaultdict(list)
    for image in images:
        sharing[stem_of(image)].append(image)
    for stem, names in sharing.items():
        if len(names) > 1:
            raise Mismatch(
                f"{' and '.join(names[:3])} are different images, but {what} in this format is "
                f"{stem} for all of them. Write them separately, into separate places."
            )


def refuse_existing(paths: Iterable[Path], context: FormatContext) -> None:
    """Refuse to replace files unless the context allows it.

    Raises
    ------
    UsageError
        If a file exists.
    """
    if context.overwrite:
        return
    existing = [path for path in paths if path.exists()]
    if existing:
        others = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise UsageError(
            f"{existing[0]}{others} exists already. Write elsewhere, or give --overwrite."
        )
