"""What tells one version of an image's file from the next."""

import hashlib
import os
from pathlib import Path

from nunatak.images.stable import file_state, unreadable
from nunatak.images.zarr_metadata import V2_ARRAY, V2_ATTRIBUTES, V2_GROUP, V3_NAME, is_zarr

_METADATA = (V3_NAME, V2_GROUP, V2_ATTRIBUTES, V2_ARRAY)


def version_of(path: Path) -> str:
    """Name the present version of an image.

    A name of its own for each path, size and time of change; of an OME-Zarr, those of the
    metadata of the image and of its levels count, not those of thousands of chunks.

    Parameters
    ----------
    path
        Of the file or the folder.

    Raises
    ------
    BadInput
        If it is not there, or cannot be reached.
    """
    try:
        files = _metadata(path) if is_zarr(path) else [path]
    except OSError as error:
        raise unreadable(path, error) from error
    states = [(os.fsencode(file), file_state(file)) for file in files]
    return hashlib.sha256(repr(states).encode()).hexdigest()[:24]


def _metadata(folder: Path) -> list[Path]:
    folders = [folder, *sorted(child for child in folder.iterdir() if child.is_dir())]
    named = [one / name for one in folders for name in _METADATA]
    return [file for file in named if file.is_file()]
