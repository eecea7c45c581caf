"""The side of boxes around picks whose particles' diameter is known."""

import numpy as np
import pandas as pd

from nunatak.picks.formats.base import PickFormat

BOX_IN_DIAMETERS = 1.5
"""Side of the boxes in formats that have boxes: what is usual for extraction."""


def box_side_px(table: pd.DataFrame, fmt: PickFormat, diameter_px: float) -> int | None:
    """Return what to write as the side of a box, where nobody asked for a certain one.

    Parameters
    ----------
    table
        The picks.
    fmt
        In which they are written.
    diameter_px
        Of the particles, pixels of the file.

    Returns
    -------
    int or None
        An even side of 1.5 diameters. Where a format holds the particle's diameter in its place,
        that diameter; or None, if each pick's own is known.
    """
    if not fmt.capabilities.columns_under_box:
        return max(2, 2 * round(BOX_IN_DIAMETERS * diameter_px / 2))
    return None if _knows_diameters(table) else max(1, round(diameter_px))


def _knows_diameters(table: pd.DataFrame) -> bool:
    needed = ("diameter_A", "pixel_size_A")
    return all(name in table.columns and bool(np.isfinite(table[name]).all()) for name in needed)
