"""Three sources of one pixel size, and what happens when they disagree."""

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nunatak.errors import Mismatch, UsageError
from nunatak.images.pixel_size import agree, square, stated

PATH = Path("a.mrc")
sizes = st.floats(0.05, 100)


@given(sizes, st.floats(-0.0099, 0.0099))
def test_one_percent_apart_is_the_same_and_the_option_goes_first(size_A, difference):
    other_A = size_A * (1 + difference)
    assert agree(size_A, None, other_A, path=PATH) == other_A
    assert agree(size_A, other_A, None, path=PATH) == other_A


@given(sizes, st.floats(1.011, 10))
def test_further_apart_is_refused_whoever_says_it(size_A, factor):
    for header, listed, option in permutations((size_A, size_A * factor, None)):
        with pytest.raises(Mismatch):
            agree(header, listed, option, path=PATH)


@pytest.mark.parametrize("said", list(permutations((1.5, None, None))))
def test_one_statement_is_enough(said):
    assert agree(*said, path=PATH) == 1.5


def test_nobody_says_anything():
    assert agree(None, None, None, path=PATH) is None


def test_message_shows_both_values_and_their_origins():
    with pytest.raises(Mismatch) as caught:
        agree(1.0, None, 1.06, path=PATH)
    assert str(caught.value) == (
        "a.mrc: two pixel sizes: --pixel-size says 1.06 Å, its header says 1 Å (6.0% apart). "
        "A header of exactly 1 Å is often a placeholder. Check which is right; if it is yours, "
        "give --pixel-size with --override-pixel-size."
    )
    with pytest.raises(Mismatch, match=r"the list says 1\.06 Å, its header says 2\.12 Å"):
        agree(2.12, 1.06, None, path=PATH)


def test_override_takes_the_option_then_the_list():
    assert agree(1.0, 2.0, 3.0, path=PATH, override=True) == 3.0
    assert agree(1.0, 2.0, None, path=PATH, override=True) == 2.0
    assert agree(1.0, None, None, path=PATH, override=True) == 1.0


@pytest.mark.parametrize("option", [0.0, -1.0, float("nan"), float("inf")])
def test_an_option_that_is_no_size(option):
    with pytest.raises(UsageError, match="not a pixel size"):
        agree(None, None, option, path=PATH, override=True)


def test_square_pixels():
    assert square(1.5, 1.5, path=PATH) == 1.5
    assert square(1.5, 1.51, path=PATH) == pytest.approx(1.505)
    assert square(1.5, None, path=PATH) == 1.5
    assert square(None, 1.5, path=PATH) == 1.5
    assert square(None, None, path=PATH) is None
    assert square(1.5, 1.6, path=PATH, override=True) is None
    with pytest.raises(Mismatch, match=r"1\.5 Å in x and 1\.6 Å in y"):
        square(1.5, 1.6, path=PATH)


@pytest.mark.parametrize("value", [0.0, -1.06, float("nan"), float("inf"), 1e-40, 1e30])
def test_nonsense_is_not_stated(value):
    assert stated(value) is None
