import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nunatak.detection.suppression import suppress

FloatArray = NDArray[np.float64]


def brute_force(x: FloatArray, y: FloatArray, score: FloatArray, radius: float) -> list[int]:
    taken: list[int] = []
    for i in sorted(range(len(x)), key=lambda i: (-score[i], y[i], x[i])):
        if all((x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2 >= radius**2 for j in taken):
            taken.append(i)
    return taken


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 60),
    radius=st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0, 50.0]),
    on_grid=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_equals_brute_force(seed: int, count: int, radius: float, on_grid: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 20, (2, count))
    if on_grid:  # distances exactly at the radius, and coinciding points
        x, y = np.round(x), np.round(y)
    score = rng.integers(0, 5, count) / 4.0  # ties
    kept = suppress(x, y, score, radius)
    expected = brute_force(x, y, score, radius)
    assert np.column_stack([x, y, score])[kept].tolist() == (
        np.column_stack([x, y, score])[expected].tolist()
    )


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_order_of_the_input_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.round(rng.uniform(0, 10, (2, 40)))
    score = rng.integers(0, 3, 40) / 2.0
    points = np.column_stack([x, y, score])
    shuffled = rng.permutation(points)
    assert (
        points[suppress(*points.T, radius_px=2.0)].tolist()
        == shuffled[suppress(*shuffled.T, radius_px=2.0)].tolist()
    )


def test_two_exactly_at_the_radius_both_stay() -> None:
    x = np.array([0.0, 3.0])
    y = np.array([0.0, 4.0])
    assert len(suppress(x, y, np.ones(2), 5.0)) == 2
    assert len(suppress(x, y, np.ones(2), np.nextafter(5.0, 6.0))) == 1


def test_opposite_borders_are_far_apart() -> None:
    x = np.array([0.0, 4095.0])
    assert len(suppress(x, np.zeros(2), np.array([0.9, 0.8]), 100.0)) == 2


def test_fifty_thousand_candidates_in_a_chain_take_less_than_two_seconds() -> None:
    x = np.arange(50_000) * 1.0
    start = time.perf_counter()
    kept = suppress(x, np.zeros_like(x), -x, 10.0)
    assert time.perf_counter() - start < 2.0
    assert kept.tolist() == list(range(0, 50_000, 10))
