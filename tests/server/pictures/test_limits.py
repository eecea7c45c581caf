"""Limits of the work done at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nunatak.errors import BadInput, ResourceError
from nunatak.server.pictures.limits import Gate, Once


def test_a_full_gate_sends_away():
    gate = Gate(1, wait_s=0.01)
    with (
        gate.passing(),
        pytest.raises(ResourceError, match="busy reading"),
        gate.passing(),
    ):
        pass
    with gate.passing():
        pass


def test_a_gate_opens_again_after_an_error():
    gate = Gate(1, wait_s=0)
    for _ in range(3):
        with pytest.raises(BadInput), gate.passing():
            raise BadInput("no picture")


def test_what_two_ask_for_at_once_is_made_once():
    once, made, started, go_on = Once(), [], threading.Event(), threading.Event()

    def make():
        made.append(1)
        started.set()
        assert go_on.wait(10)
        return object()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once.make, "key", make)
        assert started.wait(10)
        second = pool.submit(once.make, "key", make)
        other = once.make("other key", lambda: "something else")
        go_on.set()
        assert first.result(10) is second.result(10)
    assert other == "something else"
    assert len(made) == 1
    assert once.make("key", lambda: "new") == "new"


def test_an_error_reaches_all_who_wait_and_nobody_after():
    once, started, go_on = Once(), threading.Event(), threading.Event()

    def fail():
        started.set()
        assert go_on.wait(10)
        raise BadInput("unreadable")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once.make, "key", fail)
        assert started.wait(10)
        second = pool.submit(once.make, "key", lambda: pytest.fail("made twice"))
        # The second one has to be waiting before the first one fails.
        while second.running() is False:
            threading.Event().wait(0.001)
        threading.Event().wait(0.05)
        go_on.set()
        for one in (first, second):
            with pytest.raises(BadInput, match="unreadable"):
                one.result(10)
    assert once.make("key", lambda: "well") == "well"
