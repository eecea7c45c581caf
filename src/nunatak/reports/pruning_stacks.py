"""Draw particle images that another program has extracted."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import NunatakError
from nunatak.images.reader import native, open_image
from nunatak.images.stable import unchanged_while_reading
from nunatak.picks.table import PickSet
from nunatak.pruning.image_files import files_named
from nunatak.pruning.particle_names import particle_names
from nunatak.reports.crops import CROP_DIAMETERS, pick_picture
from nunatak.reports.pictures import Pictures

_log = logging.getLogger(__name__)


def draw_stacks(picks: PickSet, rows: pd.DataFrame) -> Pictures:
    """Draw the particle images of some picks, whole.

    Parameters
    ----------
    picks
        All picks, with particle images (see `nunatak.pruning.particle_names`).
    rows
        Rows of their table, with its index.

    Returns
    -------
    Pictures
        A stack that cannot be read is among its problems.

    Raises
    ------
    BadInput
        If a name of an image cannot be read.
    """
    names = particle_names(picks)
    stack = names.stack.iloc[rows.index]
    files = files_named([str(name) for name in names.stack.unique()], picks.source)
    result = Pictures()
    for name, part in stack.groupby(stack, sort=False):
        numbers = part.index.to_numpy(np.int64)
        if name not in files:
            result.problems[str(name)] = f"{name}: there is no such file."
            continue
        try:
            result.picks |= _drawn(files[name], numbers, names.section[numbers])
        except NunatakError as error:
            _log.warning("not shown in the report: %s", error)
            result.problems[str(name)] = str(error)
    return result


def _drawn(path: Path, numbers: NDArray[np.int64], sections: NDArray[np.int64]) -> dict[int, str]:
    """Draw sections of a stack; those beyond its end are left out, and counted as not shown."""
    with unchanged_while_reading(path) as state:
        pixels, _ = open_image(path, state).load()
        stack = pixels[None] if pixels.ndim == 2 else pixels
        pictures = {}
        for number, section in zip(numbers.tolist(), sections.tolist(), strict=True):
            if section < len(stack):
                image = np.asarray(native(stack[section]), dtype=np.float32)
                ny, nx = image.shape
                size_px = min(ny, nx) / CROP_DIAMETERS
                pictures[number] = pick_picture(image, nx // 2, ny // 2, diameter_px=size_px)
    return pictures
