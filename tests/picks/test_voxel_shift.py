"""Roundings of one voxel size, and how far they move picks."""

import pandas as pd
import pytest

from nunatak.picks.table import PickSet
from nunatak.picks.voxel_shift import shift_note


def picks(size_A: float | None, furthest_px: float = 1000.0) -> PickSet:
    table = pd.DataFrame({"image": ["a", "a"], "x_px": [5.0, furthest_px], "y_px": 1.0})
    return PickSet(table.assign(z_px=2.0, pixel_size_A=size_A))


def test_two_roundings_of_one_size_are_said_with_what_they_do() -> None:
    note = shift_note(picks(10.012), picks(10.0))
    assert note is not None
    assert "voxels of 10.012 Å, the truth in voxels of 10 Å" in note
    assert "up to 12 Å away" in note
    assert "--tomograms" in note


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (picks(10.012), picks(10.012)),
        (picks(10.012, furthest_px=400.0), picks(10.0)),  # 0.48 voxels
        (picks(None), picks(10.0)),
        (picks(10.012), PickSet(picks(10.0).table.drop(columns="z_px"))),
        (picks(10.012), PickSet(picks(10.0).table.drop(columns="pixel_size_A"))),
    ],
)
def test_nothing_is_said_where_nothing_moves(one: PickSet, other: PickSet) -> None:
    assert shift_note(one, other) is None


def test_every_size_is_compared_with_the_nearest_of_the_others() -> None:
    two = PickSet(pd.concat([picks(10.012).table, picks(13.48).table.assign(image="b")]))
    assert shift_note(two, two) is None
    rounded = PickSet(pd.concat([picks(10.012).table, picks(13.5).table.assign(image="b")]))
    note = shift_note(two, rounded)
    assert note is not None
    assert "voxels of 13.48 Å, the truth in voxels of 13.5 Å" in note
