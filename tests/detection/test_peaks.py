import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nunatak.detection.peaks import find_peaks

Map = NDArray[np.float32]


def gaussian(shape: tuple[int, int], y: float, x: float, sigma: tuple[float, float]) -> Map:
    rows, columns = np.indices(shape)
    exponent = ((rows - y) / sigma[0]) ** 2 + ((columns - x) / sigma[1]) ** 2
    return np.exp(-0.5 * exponent).astype(np.float32)


@given(y=st.floats(5, 12), x=st.floats(6, 18))
@settings(max_examples=50, deadline=None)
def test_parabola_is_located_exactly(y: float, x: float) -> None:
    rows, columns = np.indices((18, 25))
    u, v = rows - y, columns - x
    peaks = find_peaks((5 - 0.1 * u**2 - 0.07 * v**2 - 0.05 * u * v).astype(np.float32), 4.5)
    best = np.argmax(peaks.value)
    assert peaks.y[best] == pytest.approx(y, abs=1e-4)
    assert peaks.x[best] == pytest.approx(x, abs=1e-4)


@given(y=st.floats(5, 12), x=st.floats(6, 18))
@settings(max_examples=50, deadline=None)
def test_gaussian_is_located_to_a_twentieth_of_a_pixel(y: float, x: float) -> None:
    peaks = find_peaks(gaussian((18, 25), y, x, (2.0, 2.5)), 0.5)
    assert len(peaks.x) == 1
    assert peaks.y[0] == pytest.approx(y, abs=0.05)
    assert peaks.x[0] == pytest.approx(x, abs=0.05)


def brute_force(score_map: Map, floor: float) -> list[set[tuple[int, int]]]:
    """The pixels of each peak: flood fill of equal values that touches nothing higher."""
    ny, nx = score_map.shape
    seen: set[tuple[int, int]] = set()
    peaks = []
    for start in np.ndindex(ny, nx):
        if start in seen:
            continue
        group, stack, higher = {start}, [start], False
        while stack:
            r, c = stack.pop()
            for i in range(max(r - 1, 0), min(r + 2, ny)):
                for j in range(max(c - 1, 0), min(c + 2, nx)):
                    higher |= bool(score_map[i, j] > score_map[r, c])
                    if score_map[i, j] == score_map[r, c] and (i, j) not in group:
                        group.add((i, j))
                        stack.append((i, j))
        seen |= group
        if not higher and score_map[start] > floor:
            peaks.append(group)
    return peaks


@given(seed=st.integers(0, 2**32 - 1), levels=st.integers(1, 6))
@settings(max_examples=150, deadline=None)
def test_every_plateau_is_one_peak_and_no_shoulder_is_any(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    score_map = rng.integers(0, levels, (7, 9)).astype(np.float32)
    peaks = find_peaks(score_map, 0.5)
    expected = brute_force(score_map, 0.5)
    assert len(peaks.x) == len(expected)
    values = sorted(float(score_map[min(group)]) for group in expected)
    assert sorted(peaks.value.tolist()) == values
    for group in expected:
        nearby = [np.maximum(abs(peaks.y - i), abs(peaks.x - j)).min() for i, j in group]
        assert min(nearby) <= 1.0


@pytest.mark.parametrize("corner", [(0, 0), (0, 8), (6, 0), (6, 8)])
def test_a_maximum_in_a_corner_is_a_peak_there(corner: tuple[int, int]) -> None:
    peaks = find_peaks(gaussian((7, 9), *corner, (1.5, 1.5)), 0.5)
    assert (peaks.y.tolist(), peaks.x.tolist()) == ([corner[0]], [corner[1]])


def test_position_along_an_edge_is_still_refined() -> None:
    peaks = find_peaks(gaussian((9, 20), 0.0, 10.3, (2.0, 2.0)), 0.5)
    assert peaks.y.tolist() == [0.0]
    assert peaks.x[0] == pytest.approx(10.3, abs=0.05)


def test_the_floor_is_exclusive_and_an_empty_map_has_no_peak() -> None:
    score_map = np.zeros((5, 5), dtype=np.float32)
    assert find_peaks(score_map, 0.0).x.size == 0
    score_map[2, 2] = 0.25
    assert find_peaks(score_map, 0.25).x.size == 0
    assert find_peaks(score_map, 0.2).value.tolist() == [0.25]


def test_works_on_logits_below_zero() -> None:
    peaks = find_peaks(gaussian((9, 9), 4.0, 4.0, (1.5, 1.5)) - 7.0, -6.5)
    assert peaks.value.tolist() == [-6.0]
