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


@pytest.mark.parametrize("pairs_at_once", [1, 7, 1_000_000])
def test_many_positions_in_ragged_outlines_are_told_as_one_by_one(
    monkeypatch: pytest.MonkeyPatch, pairs_at_once: int
) -> None:
    monkeypatch.setattr("nunatak.workspace.regions._PAIRS_AT_ONCE", pairs_at_once)
    rng = np.random.default_rng(6)
    # Whole numbers: corners, edges along an axis and positions meet often.
    outlines = [rng.integers(0, 12, (corners, 2)).astype(float) for corners in (3, 5, 9, 30)]
    places = rng.integers(0, 12, (300, 2)).astype(float)
    expected = [any(_goes_around(outline, place) for outline in outlines) for place in places]
    regions = [region(outline.tolist()) for outline in outlines]
    assert inside(regions, places).tolist() == expected
    assert 0 < sum(expected) < 300


def _goes_around(outline: np.ndarray, place: np.ndarray) -> bool:
    """Tell by the textbook's rule, edge by edge."""
    winding = 0
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        side = (x1 - x0) * (place[1] - y0) - (place[0] - x0) * (y1 - y0)
        winding += bool(y0 <= place[1] < y1 and side > 0)
        winding -= bool(y1 <= place[1] < y0 and side < 0)
    return winding != 0


def test_thousands_of_corners_and_positions_are_told_at_once() -> None:
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    radius = 100 + 20 * np.sin(9 * angle)
    star = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    places = np.random.default_rng(6).uniform(-150, 150, (20_000, 2))
    found = inside([region(star.tolist())] * 20, places)
    here = np.arctan2(places[:, 1], places[:, 0])
    edge = 100 + 20 * np.sin(9 * here)
    away = np.hypot(*places.T)
    is_clear = np.abs(away - edge) > 0.1
    assert (found == (away < edge))[is_clear].all()
