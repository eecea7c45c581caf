"""Whole micrographs are kept aside, enough of them and never all."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nunatak.learning.split import (
    LEAST_LABELS,
    MOST_LABELS,
    lost_classes,
    validation_micrographs,
)

COUNTS = st.lists(st.integers(0, 300), max_size=12)


def chosen(labels: list[int], share: float = 0.25, seed: int = 0) -> list[int]:
    return validation_micrographs(labels, share=share, rng=np.random.default_rng(seed))


@given(labels=COUNTS, share=st.floats(0, 0.9), seed=st.integers(0, 20))
def test_either_side_has_labels_or_nothing_is_kept(
    labels: list[int], share: float, seed: int
) -> None:
    aside = chosen(labels, share, seed)
    assert aside == sorted(set(aside))
    assert aside == chosen(labels, share, seed)
    if not aside:
        return
    assert share > 0
    assert all(labels[index] for index in aside), "without a label it says nothing"
    kept = sum(labels[index] for index in aside)
    assert kept >= LEAST_LABELS
    assert sum(labels) - kept >= LEAST_LABELS


def test_the_share_is_met_as_well_as_whole_micrographs_allow() -> None:
    labels = [20] * 10
    assert len(chosen(labels)) in {2, 3}
    assert len(chosen(labels, 0.5)) == 5
    assert chosen([100, 3, 25, 2]) == [1, 2, 3]


def test_of_equals_the_seed_chooses() -> None:
    assert len({tuple(chosen([20] * 10, seed=seed)) for seed in range(20)}) > 3


@pytest.mark.parametrize("labels", [[5, 5], [8, 8], [10, 10], [200, 200]])
def test_of_two_like_micrographs_one_is_kept(labels: list[int]) -> None:
    assert len(chosen(labels)) == 1


@pytest.mark.parametrize("labels", [[], [0, 0], [50], [50, 0, 0], [3, 3], [50, 3]])
def test_too_little_is_not_split(labels: list[int]) -> None:
    assert chosen(labels) == []


@given(
    labels=st.lists(st.integers(0, 6), max_size=7),
    share=st.floats(0.01, 0.9),
    seed=st.integers(0, 20),
)
def test_what_can_be_split_is_split(labels: list[int], share: float, seed: int) -> None:
    sides = [sum(one) for n in range(len(labels)) for one in combinations(labels, n)]
    possible = any(LEAST_LABELS <= one <= sum(labels) - LEAST_LABELS for one in sides)
    assert bool(chosen(labels, share, seed)) == possible


@pytest.mark.parametrize("labels", [[2, 3, 5], [3, 3, 3, 3], [6, 3, 3], [1, 2, 2, 3], [3, 99, 99]])
def test_few_labels_on_each_micrograph_are_split_whatever_the_seed(labels: list[int]) -> None:
    assert all(chosen(labels, seed=seed) for seed in range(20))


def test_nothing_is_kept_if_nothing_is_wanted() -> None:
    assert chosen([20] * 10, share=0.0) == []


def test_a_thousand_labels_are_enough() -> None:
    labels = [100] * 200
    assert sum(labels[index] for index in chosen(labels)) == MOST_LABELS


@given(
    by_class=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4)), max_size=8),
    seed=st.integers(0, 5),
)
def test_no_class_loses_all_its_labels(by_class: list[tuple[int, int]], seed: int) -> None:
    counts = np.array(by_class, dtype=np.int64).reshape(-1, 2)
    labels = counts.sum(axis=1).tolist()
    aside = validation_micrographs(
        labels, share=0.25, rng=np.random.default_rng(seed), by_class=counts
    )
    assert not lost_classes(counts, aside)
    usual = chosen(labels, seed=seed)
    if usual and not lost_classes(counts, usual):
        assert aside == usual


def test_a_micrograph_that_every_class_can_spare_is_kept_in_place_of_one_that_fits_better() -> None:
    by_class = np.array([[8, 0], [2, 3], [9, 0]])
    rng = np.random.default_rng(0)
    labels = by_class.sum(axis=1).tolist()
    assert validation_micrographs(labels, share=0.25, rng=rng) == [1]
    rng = np.random.default_rng(0)
    assert validation_micrographs(labels, share=0.25, rng=rng, by_class=by_class) == [0]
