import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quickest import processor_seconds

from nunatak.errors import BadInput
from nunatak.picks.matching import credited, match


def best_by_brute_force(candidates, truths, radius):
    """Size and total squared distance of the best matching, by trying every assignment."""
    squared = ((candidates[:, None] - truths[None]) ** 2).sum(axis=-1)
    best = (0, 0.0)
    slots = [*range(len(truths)), *[-1] * len(candidates)]
    for chosen in set(itertools.permutations(slots, len(candidates))):
        pairs = [(i, j) for i, j in enumerate(chosen) if j >= 0]
        if all(squared[i, j] <= radius**2 for i, j in pairs):
            cost = float(sum(squared[i, j] for i, j in pairs))
            best = min(best, (-len(pairs), cost))
    return -best[0], best[1]


points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=4)


@settings(max_examples=150, deadline=None)
@given(candidates=points, truths=points, radius=st.sampled_from([1.0, 1.5, 2.5, 10.0]))
def test_match_is_as_good_as_brute_force(candidates, truths, radius):
    candidates_px = np.array(candidates, dtype=float).reshape(-1, 2)
    truths_px = np.array(truths, dtype=float).reshape(-1, 2)
    found = match(candidates_px, truths_px, radius)
    size, cost = best_by_brute_force(candidates_px, truths_px, radius)
    assert len(found) == size
    assert (found.distance_px**2).sum() == pytest.approx(cost, abs=1e-9)
    assert len(set(found.candidate)) == len(set(found.truth)) == size
    offsets = candidates_px[found.candidate] - truths_px[found.truth]
    assert np.allclose(np.linalg.norm(offsets, axis=1), found.distance_px)


@settings(max_examples=150, deadline=None)
@given(
    candidates=st.lists(st.tuples(*[st.integers(0, 12)] * 2), min_size=1, max_size=25),
    truths=st.lists(st.tuples(*[st.integers(0, 12)] * 2), min_size=1, max_size=15),
    radius=st.sampled_from([1.0, 2.0, 3.5, 6.0]),
    data=st.data(),
)
def test_credited_counts_the_largest_matching_at_every_threshold(candidates, truths, radius, data):
    score = np.array(
        data.draw(st.lists(st.integers(0, 8), min_size=len(candidates), max_size=len(candidates)))
    )
    candidates_px = np.array(candidates, dtype=float)
    marked = credited(candidates_px, score, truths, radius)
    for threshold in np.unique(score):
        passing = score >= threshold
        assert marked[passing].sum() == len(match(candidates_px[passing], truths, radius))


def test_more_matches_win_over_a_shorter_distance():
    found = match([[0.0, 0.0], [4.0, 0.0]], [[1.0, 0.0], [-3.0, 0.0]], radius_px=4.0)
    assert found.candidate.tolist() == [0, 1]
    assert found.truth.tolist() == [1, 0]


def test_a_later_candidate_makes_an_earlier_one_step_aside():
    # The best-scored candidate reaches both truths, the second only the nearer one.
    assert credited([[1.0], [0.0]], [0.9, 0.8], [[0.5], [2.0]], radius_px=1.0).all()


def test_the_radius_is_inclusive_and_coincident_points_match():
    assert len(match([[0.0, 0.0]], [[3.0, 4.0]], radius_px=5.0)) == 1
    assert match([[2.0, 2.0]], [[2.0, 2.0]], radius_px=1.0).distance_px.tolist() == [0.0]


@pytest.mark.parametrize(
    ("candidates", "truths"), [([], [[1.0, 1.0]]), ([[1.0, 1.0]], []), ([], [])]
)
def test_empty_sets_match_nothing(candidates, truths):
    assert len(match(candidates, truths, 3.0)) == 0
    assert credited(candidates, [1.0] * len(candidates), truths, 3.0).tolist() == [False] * len(
        candidates
    )


def test_bad_arguments_are_refused_with_what_was_found():
    with pytest.raises(BadInput, match=r"must be positive, found 0 px"):
        match([[0.0, 0.0]], [[0.0, 0.0]], 0)
    with pytest.raises(BadInput, match=r"shapes \(1, 3\) and \(1, 2\)"):
        match([[0.0, 0.0, 0.0]], [[0.0, 0.0]], 1)
    with pytest.raises(BadInput, match=r"1 candidates came with scores of shape \(2,\)"):
        credited([[0.0, 0.0]], [1.0, 2.0], [[0.0, 0.0]], 1)


@pytest.mark.parametrize("radius_px", [15.0, 60.0])
def test_ten_thousand_candidates_take_well_under_a_second(radius_px):
    rng = np.random.default_rng(1)
    candidates, truths = rng.uniform(0, 4000, (10_000, 2)), rng.uniform(0, 4000, (5_000, 2))
    score = rng.uniform(size=10_000)

    def both():
        marked = credited(candidates, score, truths, radius_px)
        assert marked.sum() == len(match(candidates, truths, radius_px))

    assert processor_seconds(both) < 1.0
