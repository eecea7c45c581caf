"""How many pixels a length is, on the micrograph of each pick."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.images.reader import read_info
from nunatak.picks.formats.frame import by_image
from nunatak.picks.table import PickSet


def radii_px(
    picks: PickSet,
    radius_A: float,
    files: Mapping[str, ListedMicrograph],
    pixel_size_A: float | None = None,
) -> NDArray[np.float64]:
    """Return a radius in pixels of the image of each pick.

    Parameters
    ----------
    picks
        Picks on micrographs.
    radius_A
        Ångström.
    files
        The micrographs by the names in the picks, those that exist.
    pixel_size_A
        Of all micrographs, ångström; None takes what a list says, or else the table, or else the
        micrograph's header.

    Returns
    -------
    ndarray, shape (n,), float64
        One value an image, pixels; NaN where nobody knows the pixel size.
    """
    if pixel_size_A is not None:
        return np.full(len(picks), radius_A / pixel_size_A)
    stated_A = np.full(len(picks), np.nan)
    if "pixel_size_A" in picks.table:
        stated_A = picks.table["pixel_size_A"].to_numpy(np.float64)
    sizes_A = np.full(len(picks), np.nan)
    for image, rows in by_image(picks.table):
        sizes_A[rows] = _size_A(files.get(image), stated_A[rows])
    return radius_A / sizes_A


def _size_A(file: ListedMicrograph | None, stated_A: NDArray[np.float64]) -> float:
    if file is not None and file.pixel_size_A is not None:
        return file.pixel_size_A
    known_A = stated_A[stated_A > 0]
    if len(known_A):
        return float(known_A[0])
    if file is None:
        return np.nan
    try:
        return read_info(file.path).pixel_size_A or np.nan
    except BadInput:
        return np.nan  # whoever opens the micrograph says what is wrong with it
