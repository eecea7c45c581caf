"""Find the image files that picks name."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from nunatak.errors import Mismatch
from nunatak.images.zarr_metadata import is_zarr
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.names import NameIndex
from nunatak.picks.table import PickSet

_log = logging.getLogger(__name__)


def locate_images(picks: PickSet, images: Iterable[str] = ()) -> PickSet:
    """Return the picks with names under which their images can be opened from here.

    Parameters
    ----------
    picks
        Images named in any way; relative paths may count from a folder above the file (RELION
        names micrographs from the root of the project).
    images
        Micrographs or tomograms to look the names up in. None: the names are paths.

    Returns
    -------
    PickSet
        A copy; images that were not found keep their names.

    Raises
    ------
    Mismatch
        If no image is found, or two names would become one image.
    """
    files = list(images)
    if files:
        resolution = NameIndex(files).resolve_all(picks.images)
        path_of, reasons = resolution.found, resolution.unmatched
    else:
        path_of = _under_a_common_root(picks)
        missing = [name for name in picks.images if name not in path_of]
        reasons = dict.fromkeys(
            missing,
            "The picks name images that are not here. Give their folder "
            f"(--{IMAGE_NOUN[picks.ndim]}s).",
        )
    if picks.images and not path_of:
        name, reason = next(iter(reasons.items()))
        raise Mismatch(f"{name}: no image found. {reason.removeprefix(f'{name}: ')}")
    if reasons:
        _log.warning("%d of %d images were not found", len(reasons), len(picks.images))
    located = picks.table["image"].map(lambda name: path_of.get(name, name))
    return replace(
        picks,
        table=picks.table.assign(image=located),
        images=tuple(path_of.get(name, name) for name in picks.images),
    )


def _under_a_common_root(picks: PickSet) -> dict[str, str]:
    """Return the files that exist, counted from here or from a folder above the pick file."""
    roots = [Path()]
    if picks.source is not None:
        roots += picks.source.resolve().parents
    first = next(iter(picks.images), "")
    root = next((root for root in roots if _is_image(root / first)), Path())
    return {name: str(root / name) for name in picks.images if _is_image(root / name)}


def _is_image(path: Path) -> bool:
    return path.is_file() or is_zarr(path)
