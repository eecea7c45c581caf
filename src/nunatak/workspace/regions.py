"""Which positions lie in regions."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from nunatak.workspace.marks import Region


def inside(regions: Iterable[Region], positions_px: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which positions lie in any of some regions.

    Parameters
    ----------
    regions
        Of one image. An outline that crosses itself, as that of a brush may, encloses whatever it
        goes around.
    positions_px : ndarray, shape (n, 2) or (n, 3), pixels
        Columns x, y and, in tomograms, z.

    Returns
    -------
    ndarray, shape (n,), bool

    Examples
    --------
    >>> square = [[0, 0], [10, 0], [10, 10], [0, 10]]
    >>> region = Region(id="region-1", kind="exclude", outline=square)
    >>> inside([region], np.array([[5.0, 5.0], [15.0, 5.0]])).tolist()
    [True, False]
    """
    found = np.zeros(len(positions_px), dtype=np.bool_)
    for region in regions:
        rows = np.flatnonzero(~found & _is_near(region, positions_px))
        found[rows] = _winds_around(np.array(region.outline), positions_px[rows, :2])
    return found


def _is_near(region: Region, positions_px: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which positions lie in the box around a region, and between its slices."""
    outline = np.array(region.outline)
    low, high = outline.min(axis=0), outline.max(axis=0)
    near = ((positions_px[:, :2] >= low) & (positions_px[:, :2] <= high)).all(axis=1)
    if positions_px.shape[1] == 3 and region.z_low is not None and region.z_high is not None:
        near &= (positions_px[:, 2] >= region.z_low) & (positions_px[:, 2] <= region.z_high)
    return np.asarray(near)


def _winds_around(
    outline: NDArray[np.float64], positions_px: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Tell around which positions an outline goes at least once, by its winding number."""
    x, y = positions_px.T
    winding = np.zeros(len(positions_px), dtype=np.int64)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
        winding += (y0 <= y) & (y1 > y) & (side > 0)
        winding -= (y1 <= y) & (y0 > y) & (side < 0)
    return np.asarray(winding != 0)
