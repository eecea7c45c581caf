"""Batches made ahead."""

import threading
from functools import partial

import pytest
import torch
from toy_training import spots_at

from nunatak.training.prefetch import prefetched


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_content_and_order_do_not_depend_on_the_workers(workers: int) -> None:
    with prefetched(partial(spots_at, seed=9), last=6, workers=workers) as batch_at:
        for step in [1, 2, 3, 4, 5, 6]:
            expected = spots_at(step, seed=9)
            found = batch_at(step)
            assert torch.equal(found.image, expected.image)
            assert torch.equal(found.target, expected.target)


def test_no_two_steps_and_no_two_ranks_share_their_random_numbers() -> None:
    with prefetched(spots_at, last=8, workers=3) as batch_at:
        images = [batch_at(step).image for step in range(1, 9)]
    images += [spots_at(step, rank=1).image for step in range(1, 9)]
    assert len({image.numpy().tobytes() for image in images}) == 16


def test_it_works_ahead_but_not_beyond_the_last_step() -> None:
    made: list[int] = []
    all_made = threading.Event()

    def batch_at(step: int) -> int:
        made.append(step)
        if step == 5:
            all_made.set()
        return step

    with prefetched(batch_at, last=5, workers=2) as ahead:
        assert ahead(3) == 3  # as after a resumption
        assert all_made.wait(10)  # though nobody asked for it yet
        assert [ahead(step) for step in (4, 5)] == [4, 5]
    assert sorted(made) == [3, 4, 5]


def test_a_step_can_be_asked_for_again() -> None:
    with prefetched(lambda step: step, last=3, workers=1) as ahead:
        assert [ahead(step) for step in (1, 1, 3, 2)] == [1, 1, 3, 2]


def test_an_error_comes_where_the_batch_is_wanted() -> None:
    def batch_at(step: int) -> int:
        if step == 2:
            raise ValueError("no such batch")
        return step

    with prefetched(batch_at, last=3, workers=1) as ahead:
        assert ahead(1) == 1
        with pytest.raises(ValueError, match="no such batch"):
            ahead(2)
