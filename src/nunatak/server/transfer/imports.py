"""Read labels from a file that the browser sends."""

import re
import tempfile
from pathlib import Path, PurePosixPath

from nunatak.errors import BadInput, UsageError
from nunatak.images.copick_config import is_copick_config
from nunatak.picks.context import FormatContext
from nunatak.picks.formats.doors import read_with
from nunatak.server.transfer.catalogue import catalogue_of
from nunatak.server.transfer.tilt_series import facts_of
from nunatak.server.transfer.unpacking import unpacked
from nunatak.workspace.connection import Workspace
from nunatak.workspace.import_counts import ImportCounts
from nunatak.workspace.imports import add_labels

MOST_PICKS = 1_000_000
"""More than people label; a small compressed file can hold more than fits into the memory."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\]")
_LONGEST_NAME = 200
"""Bytes; what is longer no file system takes, with something added."""


def import_file(workspace: Workspace, name: str, content: bytes, user: str) -> ImportCounts:
    """Add the picks in a file, or in the files of a ZIP archive, to the labels.

    Parameters
    ----------
    workspace
        The project.
    name
        Of the file: says its format, and the image of formats of one file an image.
    content
        Of the file.
    user
        To whom the labels are ascribed.

    Raises
    ------
    BadInput
        If it is in no known format, damaged, or about other images.
    """
    catalogue = catalogue_of(workspace)
    with tempfile.TemporaryDirectory(prefix="nunatak-import-") as folder:
        path = Path(folder) / plain_name(name)
        prefix = f"{path.parent}/"  # means nothing to the user
        if path.suffix.lower() == ".zip":
            path.mkdir()
            path = unpacked(content, path.name, path)
        else:
            path.write_bytes(content)
        if path.is_file() and is_copick_config(path):
            raise BadInput(
                f"{name}: the configuration of a copick project, which names other files. Import "
                "the files of picks themselves, or add them with 'nunatak convert'."
            )
        try:
            picks = read_with(
                path,
                FormatContext(
                    images=catalogue, most_rows=MOST_PICKS, tomograms=facts_of(workspace, catalogue)
                ),
            )
            if len(picks) > MOST_PICKS:
                raise BadInput(
                    f"{name}: {len(picks)} picks, and at most {MOST_PICKS} are taken at once as "
                    "labels. Give a file of fewer."
                )
            counts = add_labels(workspace, picks, user)
        except (BadInput, UsageError) as error:
            raise BadInput(str(error).replace(prefix, "")) from error
        notes = [note.replace(prefix, "") for note in (*picks.notes, *counts.notes)]
        return counts.model_copy(update={"notes": notes})


def plain_name(name: str) -> str:
    r"""Return the last part of a file's name, fit for a folder of its own.

    Raises
    ------
    BadInput
        If nothing is left of it.

    Examples
    --------
    >>> plain_name("../../etc/mic_1.star"), plain_name("C:\\data\\mic_1.box")
    ('mic_1.star', 'mic_1.box')
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = _UNFIT.sub("_", last)
    if plain in ("", ".", "..") or len(plain.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        raise BadInput("The file has no usable name. Give it a short one that ends as its format.")
    return plain
