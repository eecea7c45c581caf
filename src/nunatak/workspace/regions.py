"""Which positions lie in regions."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from nunatak.workspace.marks import Region

_PAIRS_AT_ONCE = 1_000_000
"""Of an outline's edge and a position beside it: bounds the memory."""

_Floats = NDArray[np.float64]


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
    # By rising y, the positions beside an edge lie together.
    order = np.argsort(positions_px[:, 1], kind="stable")
    ordered = np.asarray(positions_px[order], dtype=np.float64)
    found_in_order = found.copy()
    for region in regions:
        outline = np.asarray(region.outline, dtype=np.float64)
        rows = _near(outline, region, ordered)
        rows = rows[~found_in_order[rows]]
        found_in_order[rows] = _winds_around(outline, ordered[rows, :2])
    found[order] = found_in_order
    return found


def _near(outline: _Floats, region: Region, ordered: _Floats) -> NDArray[np.intp]:
    """Return which positions lie in the box around a region, and between its slices."""
    (x_low, y_low), (x_high, y_high) = outline.min(axis=0), outline.max(axis=0)
    first = np.searchsorted(ordered[:, 1], y_low, side="left")
    end = np.searchsorted(ordered[:, 1], y_high, side="right")
    part = ordered[first:end]
    near = (part[:, 0] >= x_low) & (part[:, 0] <= x_high)
    if part.shape[1] == 3 and region.z_low is not None and region.z_high is not None:
        near &= (part[:, 2] >= region.z_low) & (part[:, 2] <= region.z_high)
    return np.asarray(first + np.flatnonzero(near))


def _winds_around(outline: _Floats, ordered: _Floats) -> NDArray[np.bool_]:
    """Tell around which positions, by rising y, an outline goes: by its winding number."""
    ends = np.roll(outline, -1, axis=0)
    firsts = np.searchsorted(ordered[:, 1], np.minimum(outline[:, 1], ends[:, 1]))
    counts = np.searchsorted(ordered[:, 1], np.maximum(outline[:, 1], ends[:, 1])) - firsts
    winding = np.zeros(len(ordered), dtype=np.int64)
    for edges in _parts(counts):
        edge = np.repeat(edges, counts[edges])
        begins = np.cumsum(counts[edges]) - counts[edges]
        row = np.arange(len(edge)) + np.repeat(firsts[edges] - begins, counts[edges])
        (x0, y0), (x1, y1), (x, y) = outline[edge].T, ends[edge].T, ordered[row].T
        side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
        rises = y1 > y0
        turn = (rises & (side > 0)).astype(np.int64) - (~rises & (side < 0))
        np.add.at(winding, row, turn)
    return np.asarray(winding != 0)


def _parts(counts: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Yield edges in groups of about so many pairs as are worked on at once."""
    edges = np.flatnonzero(counts)
    group = np.cumsum(counts[edges]) // _PAIRS_AT_ONCE
    yield from np.split(edges, np.flatnonzero(np.diff(group)) + 1)
