"""Which pick a position means: the nearest one, where one is near enough.

Where several picks lie at one place, as in a table with rows that occur twice, the positions at
that place mean them in turn, so that a table of labels that is the table of picks fits row by row.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.picks.table import PickSet
from nunatak.pruning.kinds import by_image_and_kind, kinds_of
from nunatak.pruning.turns import in_turn

_DECIMALS = 3
"""Of a pixel: places that agree in so many are one, however a table was written."""


def nearest_picks(
    picks: PickSet,
    radius_px: NDArray[np.float64],
    images: pd.Series,
    positions_px: NDArray[np.float64],
    kinds: NDArray[np.object_],
) -> NDArray[np.int64]:
    """Return the row of the pick that each position means.

    Parameters
    ----------
    picks
        The picks.
    radius_px : ndarray, shape (n,), float64
        How far a position may lie from its pick, pixels; of each pick. Of an image (in a tomogram,
        of a kind of particle in it) the least counts.
    images
        Names of images as in the picks, shape (m,); missing where a position means no pick.
    positions_px : ndarray, shape (m, ndim), float64
        Columns x, y[, z].
    kinds : ndarray of str, shape (m,)
        See `nunatak.pruning.kinds.kinds_of`: a position of one kind means no pick of another; an
        empty one means any.

    Returns
    -------
    ndarray, shape (m,), int64
        -1 where no pick is near enough.
    """
    positions_on = images.groupby(images).indices
    kind_of, places_px = kinds_of(picks.table), picks.positions_px
    row = np.full(len(images), -1, dtype=np.int64)
    nearest = np.full(len(images), np.inf)
    for rows in by_image_and_kind(picks.table):
        asked = positions_on.get(picks.table["image"].iloc[rows[0]], np.empty(0, dtype=np.int64))
        kind = kind_of[rows[0]]
        if kind:
            asked = asked[(kinds[asked] == kind) | (kinds[asked] == "")]
        if len(asked) == 0:
            continue
        reach = np.nextafter(float(radius_px[rows].min()), np.inf)
        distance, index = KDTree(places_px[rows]).query(
            positions_px[asked], distance_upper_bound=reach
        )
        closer = distance < nearest[asked]
        row[asked[closer]] = rows[np.asarray(index)[closer]]
        nearest[asked[closer]] = np.asarray(distance)[closer]
    return _in_turn_at_one_place(picks, row, positions_px)


def _in_turn_at_one_place(
    picks: PickSet, row: NDArray[np.int64], positions_px: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Let positions that lie at one place with several picks mean these one after the other."""
    places = picks.positions_px.round(_DECIMALS)
    images = picks.table["image"].to_numpy()
    keys = pd.DataFrame(places).assign(image=images, kind=kinds_of(picks.table))
    place = np.asarray(keys.groupby(list(keys), sort=False).ngroup(), dtype=np.int64)
    is_there = row >= 0
    is_there[is_there] = (positions_px[is_there].round(_DECIMALS) == places[row[is_there]]).all(1)
    settled = row.copy()
    settled[is_there] = in_turn(place, place[row[is_there]])
    return settled


def place_of(pick: pd.Series) -> str:
    """Write the position of a pick: ``"x 10.0, y 20.0"``, with z in a tomogram."""
    return ", ".join(f"{axis} {pick[f'{axis}_px']:.1f}" for axis in "xyz" if f"{axis}_px" in pick)
