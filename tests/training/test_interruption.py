"""Signals become requests."""

import os
import signal
import threading

import pytest

from nunatak.training.interruption import StopRequest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_request(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with StopRequest() as stop:
        assert not stop.requested
        os.kill(os.getpid(), number)
        assert stop.requested
    assert signal.getsignal(number) is before


def test_who_asks_twice_does_not_wait() -> None:
    with StopRequest():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_where_nothing_can_be_lost_it_stops_at_once() -> None:
    with StopRequest() as stop:
        with pytest.raises(KeyboardInterrupt), stop.anywhere():
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt), stop.anywhere():
            pytest.fail("begun although a stop was requested")


def test_other_threads_are_left_alone() -> None:
    requests: list[bool] = []

    def work() -> None:
        with StopRequest() as stop:
            requests.append(stop.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert requests == [False]
