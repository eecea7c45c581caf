"""Boxes and diameters where only the particles' diameter is known."""

import pandas as pd
import pytest

from nunatak.picks.formats import format_named
from nunatak.picks.formats.box_side import box_side_px

BARE = pd.DataFrame({"image": ["a.mrc"], "x_px": 1.0, "y_px": 2.0})
SIZED = BARE.assign(diameter_A=180.0, pixel_size_A=1.5)


@pytest.mark.parametrize(
    ("format_name", "table", "side_px"),
    [
        ("eman-box", SIZED, 180),
        ("cryolo-cbox", BARE, 180),
        ("cryoppp", SIZED, None),
        ("cryoppp", BARE, 120),
        ("cryoppp", SIZED.assign(diameter_A=float("nan")), 120),
    ],
)
def test_a_diameter_stays_a_diameter(
    format_name: str, table: pd.DataFrame, side_px: int | None
) -> None:
    assert box_side_px(table, format_named(format_name), 120.0) == side_px
