"""Choosing some of many that stand for all."""

import pytest

from nunatak.sampling import evenly


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (0, 5, []),
        (1, 5, [0]),
        (5, 5, [0, 1, 2, 3, 4]),
        (1001, 5, [0, 250, 500, 750, 1000]),
        (9, 1, [0]),
        (9, 0, []),
    ],
)
def test_what_is_chosen_spans_the_items(count: int, most: int, expected: list[int]) -> None:
    assert evenly(count, most) == expected


def test_none_is_chosen_twice() -> None:
    for count in range(40):
        for most in range(40):
            chosen = evenly(count, most)
            assert chosen == sorted(set(chosen))
            assert len(chosen) == min(count, most)
            assert not chosen or most == 1 or (chosen[0], chosen[-1]) == (0, count - 1)
