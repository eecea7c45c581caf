"""Which picks of several sets are one particle."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nunatak.picks.merge_clusters import clusters


def groups(cluster: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(cluster == one).tolist()) for one in np.unique(cluster)}


def test_a_chain_of_picks_does_not_join_two_particles() -> None:
    # Each pick is within 5 px of the next, but the particles at 0 and 12 are two.
    points = [[0.0, 0.0], [4.0, 0.0], [8.0, 0.0], [12.0, 0.0]]
    found = clusters(points, [0, 1, 2, 3], 5.0)
    assert groups(found) == {frozenset({0, 1}), frozenset({2, 3})}


def test_a_set_has_one_pick_in_a_particle_the_nearest() -> None:
    found = clusters([[0.0, 0.0], [3.0, 0.0], [1.0, 0.0]], [0, 1, 1], 5.0)
    assert groups(found) == {frozenset({0, 2}), frozenset({1})}


def test_a_close_pair_is_not_given_up_for_two_wide_ones() -> None:
    # Sets 0 at 0 and 28, 1 at 5 and -22: two pairs of 23 and 22 px are possible.
    found = clusters([[0.0], [28.0], [5.0], [-22.0]], [0, 0, 1, 1], 25.0)
    assert groups(found) == {frozenset({0, 2}), frozenset({1}), frozenset({3})}


def test_the_radius_is_included_and_counts_in_space() -> None:
    points = [[0.0, 0.0, 0.0], [3.0, 4.0, 12.0]]
    assert clusters(points, [0, 1], 13.0).tolist() == [0, 0]
    assert clusters(points, [0, 1], 12.99).tolist() == [0, 1]


def test_nothing_is_no_cluster() -> None:
    assert clusters(np.empty((0, 2)), np.empty(0, dtype=int), 3.0).tolist() == []


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 3)), max_size=25),
    st.integers(1, 15),
)
def test_every_cluster_is_small_holds_a_set_once_and_cannot_grow(
    picks: list[tuple[int, int, int]], radius_px: int
) -> None:
    points = np.array([pick[:2] for pick in picks], dtype=float).reshape(-1, 2)
    number = np.array([pick[2] for pick in picks], dtype=int)
    found = groups(clusters(points, number, radius_px))

    def may_be_one(rows: frozenset[int]) -> bool:
        near = all(
            np.linalg.norm(points[a] - points[b]) <= radius_px for a, b in combinations(rows, 2)
        )
        return near and len({number[row] for row in rows}) == len(rows)

    assert all(may_be_one(rows) for rows in found)
    assert not any(may_be_one(one | other) for one, other in combinations(found, 2))


def test_the_order_of_the_sets_has_no_influence(rng: np.random.Generator) -> None:
    points, number = rng.uniform(0, 60, (80, 2)), rng.integers(0, 4, 80)
    order = rng.permutation(80)
    shuffled = clusters(points[order], 3 - number[order], 9.0)
    same = {frozenset(order[list(rows)].tolist()) for rows in groups(shuffled)}
    assert same == groups(clusters(points, number, 9.0))
    assert max(map(len, same)) == 4


def test_two_jittered_copies_of_particles_are_matched_one_to_one(
    rng: np.random.Generator,
) -> None:
    # Neighbours touch: 10 px apart, each pick off by up to 1.2 px a coordinate.
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(-1, 2) * 10.0
    copies = np.concatenate([grid + rng.uniform(-0.8, 0.8, grid.shape) for _ in range(3)])
    found = clusters(copies, np.repeat([0, 1, 2], 64), 2.5)
    assert found.reshape(3, 64).tolist() == [list(range(64))] * 3


@pytest.mark.parametrize("n_sets", [2, 5])
def test_all_picks_at_one_place(n_sets: int) -> None:
    found = clusters(np.zeros((2 * n_sets, 2)), np.repeat(np.arange(n_sets), 2), 1.0)
    assert sorted(len(rows) for rows in groups(found)) == [n_sets, n_sets]
