"""How many pixels a length is, on the image of each pick."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.images.reader import read_info
from nunatak.picks.formats.frame import by_image
from nunatak.picks.table import PickSet
from nunatak.pruning.particle_names import lacks_places


def radii_px(
    picks: PickSet,
    radius_A: float | NDArray[np.float64],
    files: Mapping[str, ListedMicrograph],
    pixel_size_A: float | None = None,
) -> NDArray[np.float64]:
    """Return a radius in pixels of the image of each pick.

    Parameters
    ----------
    picks
        On micrographs or in tomograms.
    radius_A
        One for all, or that of each pick, shape (n,); ångström.
    files
        The images by the names in the picks, those that exist.
    pixel_size_A
        Of all images, ångström; None takes what a list says, or else the table, or else the
        image's header.

    Returns
    -------
    ndarray, shape (n,), float64
        Pixels (voxels); NaN where nobody knows the size of a pixel, and of particle images whose
        places are not known: no distance between them means anything.
    """
    if lacks_places(picks):
        return np.full(len(picks), np.nan)
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
        return np.nan  # whoever opens the image says what is wrong with it
