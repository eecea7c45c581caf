"""The order in which images are picked."""

import pytest

from nunatak.server.runs.image_queue import ImageQueue


def queue(waiting: str, wanted: list[str | None], *, images: int = 9) -> ImageQueue:
    """A queue of images a, b, c, d, of which somebody looks at one after the other."""
    looked_at = iter(wanted)
    left = iter(range(images))
    return ImageQueue(
        "abcd",
        set(waiting),
        wanted=lambda: next(looked_at, None),
        may_go_on=lambda: next(left, None) is not None,
    )


def test_images_come_in_the_users_order() -> None:
    assert list(queue("dba", [])) == ["a", "b", "d"]


def test_what_is_looked_at_comes_next_and_then_what_follows() -> None:
    assert list(queue("abcd", ["c", "c", "c", "c"])) == ["c", "d", "a", "b"]
    assert list(queue("abcd", ["b", "d", None, None])) == ["b", "d", "a", "c"]


def test_an_image_that_is_not_there_changes_nothing() -> None:
    assert list(queue("ab", ["x", "x"])) == ["a", "b"]


def test_nothing_comes_once_nobody_waits_for_it() -> None:
    some = queue("abcd", [], images=1)
    assert list(some) == ["a"]
    assert len(some) == 3


def test_an_empty_queue_has_nothing_to_take() -> None:
    with pytest.raises(IndexError, match="no image waits"):
        queue("", []).take()
