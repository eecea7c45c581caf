"""Pictures that are in use."""

import pytest

from nunatak.server.pictures.cache import PictureCache
from nunatak.server.pictures.shelf import Bounds, Shelf


class Kept:
    """Takes no memory."""

    memory_bytes = 0


def test_what_another_thread_made_meanwhile_is_not_made_again(tmp_path, monkeypatch):
    shelf = Shelf(PictureCache(tmp_path / "cache"), "kind", lambda _: None, Bounds(2, 1))
    made = Kept()

    def after_the_other(_version, make):
        shelf.keep("v", made)
        return make()

    monkeypatch.setattr(shelf._once, "make", after_the_other)
    assert shelf.get("v", lambda: pytest.fail("made twice"), lambda _: None) is made
