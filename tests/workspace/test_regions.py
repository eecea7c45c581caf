import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nunatak.workspace.marks import Region
from nunatak.workspace.regions import inside

SQUARE = [[10.0, 10.0], [20.0, 10.0], [20.0, 20.0], [10.0, 20.0]]
C_SHAPE = [
    *([0.0, 0.0], [30.0, 0.0], [30.0, 10.0], [10.0, 10.0]),
    *([10.0, 20.0], [30.0, 20.0], [30.0, 30.0], [0.0, 30.0]),
]


def region(outline: list[list[float]], **more: float) -> Region:
    return Region(id="region-1", kind="exclude", outline=outline, **more)


@pytest.mark.parametrize("outline", [C_SHAPE, C_SHAPE[::-1], C_SHAPE[3:] + C_SHAPE[:3]])
def test_a_hollow_is_outside(outline: list[list[float]]) -> None:
    places = np.array([[5.0, 15.0], [20.0, 15.0], [20.0, 5.0], [20.0, 25.0], [40.0, 15.0]])
    assert inside([region(outline)], places).tolist() == [True, False, True, True, False]


def test_an_outline_that_crosses_itself_encloses_what_it_goes_around() -> None:
    twice = [*SQUARE, *SQUARE]
    assert inside([region(twice)], np.array([[15.0, 15.0]])).tolist() == [True]


def test_any_region_will_do() -> None:
    other = region([[x + 100, y] for x, y in SQUARE])
    places = np.array([[15.0, 15.0], [115.0, 15.0], [60.0, 15.0]])
    assert inside([region(SQUARE), other], places).tolist() == [True, True, False]
    assert inside([], places).tolist() == [False] * 3
    assert inside([other], np.zeros((0, 2))).tolist() == []


def test_a_region_ends_with_its_slices() -> None:
    places = np.array([[15.0, 15.0, z] for z in (4.0, 5.0, 8.0, 9.0)])
    assert inside([region(SQUARE, z_low=5, z_high=8)], places).tolist() == [
        *(False, True, True, False)
    ]


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_a_triangle_is_where_three_halves_of_the_plane_meet(x: float, y: float) -> None:
    corners = np.array([[-30.0, -20.0], [40.0, -10.0], [0.0, 35.0]])
    sides = [
        (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
        for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)
    ]
    if min(map(abs, sides)) > 1e-6:
        found = inside([region(corners.tolist())], np.array([[x, y]]))
        assert bool(found[0]) == (min(sides) > 0)
