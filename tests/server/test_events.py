"""Events: from whoever changes something to every page that listens."""

import asyncio
import http.client
import json
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from fastapi import FastAPI
from waiting import wait_for

from nunatak.errors import ResourceError
from nunatak.server import events as events_module
from nunatak.server.app import create_app
from nunatak.server.bodies.events import Event
from nunatak.server.events import DatabaseWatcher, EventHub, Listener
from nunatak.server.page_files import PageFiles
from nunatak.server.routes import events as route
from nunatak.server.security.access import Access
from nunatak.server.serve import PageServer
from nunatak.server.services import Services
from nunatak.server.sockets import listening_port
from nunatak.workspace.changes import Change
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import set_state

PATIENCE_S = 20.0


@pytest.fixture
def port(services: Services, access: Access, api: FastAPI, page: PageFiles) -> Iterator[int]:
    """Where a real server listens."""
    with closing(listening_port("127.0.0.1", 0, None)) as listening:
        server = PageServer(create_app(services, access, page=page, api=api), services.events)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@contextmanager
def stream(port: int, access: Access) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    cookie = f"{access.cookie_name}={access.cookie_value}"
    connection.request("GET", "/api/events", headers={"Cookie": cookie})
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()
        connection.close()


def next_event(answer: http.client.HTTPResponse) -> dict[str, object]:
    while not (line := answer.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    event: dict[str, object] = json.loads(line.removeprefix(b"data: "))
    return event


def test_changes_of_this_server_and_of_others_are_told(
    port: int, access: Access, services: Services
) -> None:
    with stream(port, access) as answer, Workspace(services.workspace.folder) as other:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.readline() == b"retry: 1000\n"
        wait_for(lambda: services.events.n_listeners == 1)
        services.events.publish(Event(about="run", id=7))
        assert next_event(answer) == {"about": "run", "id": 7, "image": None, "version": None}
        set_state(other, 2, "skipped", "ada")  # as another process would
        assert (event := next_event(answer))["about"] == "queue"
        assert event["id"] == 2


def test_a_page_that_goes_is_forgotten(port: int, access: Access, services: Services) -> None:
    with stream(port, access) as answer:
        answer.readline()
        wait_for(lambda: services.events.n_listeners == 1)
    wait_for(lambda: services.events.n_listeners == 0)


def test_pages_begin_anew_with_a_backup(port: int, access: Access, services: Services) -> None:
    backup = services.workspace.folder / "backup.sqlite"
    shutil.copy(services.workspace.database, backup)
    with stream(port, access) as answer:
        set_state(services.workspace, 1, "reviewed", "ada")
        assert next_event(answer)["about"] == "queue"
        backup.replace(services.workspace.database)
        assert b"data" not in answer.read()  # it ends
    with stream(port, access) as answer:
        set_state(services.workspace, 1, "skipped", "ada")
        assert next_event(answer)["about"] == "queue"


def test_quiet_streams_are_kept_alive(
    port: int, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "SECONDS_BETWEEN_COMMENTS", 0.05)
    with stream(port, access) as answer:
        lines = [answer.readline() for _ in range(5)]
    assert lines[2] == b": still here\n"


def test_there_is_an_end_to_the_number_of_windows(
    port: int, access: Access, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    monkeypatch.setattr(route, "MOST_STREAMS", 1)
    with stream(port, access) as first:
        first.readline()
        wait_for(lambda: services.events.n_listeners == 1)
        with stream(port, access) as second:
            assert second.status == 503
            assert b"Close some" in second.read()


def test_the_server_ends_though_pages_listen(
    services: Services, access: Access, api: FastAPI, page: PageFiles
) -> None:
    listening = listening_port("127.0.0.1", 0, None)
    server = PageServer(create_app(services, access, page=page, api=api), services.events)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    with stream(listening.getsockname()[1], access) as answer:
        answer.readline()
        began = time.monotonic()
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert time.monotonic() - began < 3.0
        assert answer.read() == b"\n"
    listening.close()


def test_a_page_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "MOST_WAITING", 3)

    async def told() -> list[Event | None]:
        hub = EventHub()
        listener: Listener = hub.join()
        for number in range(10):
            hub.publish(Event(about="labels", id=number))
        await asyncio.sleep(0)
        return [event async for event in listener.events(0.01)]

    assert asyncio.run(told()) == []


def test_the_same_event_waits_once() -> None:
    async def told() -> list[Event | None]:
        hub = EventHub()
        listener = hub.join()
        for _ in range(10):
            hub.publish(Event(about="labels", id=1))
        hub.close()
        return [event async for event in listener.events(0.01)]

    assert asyncio.run(told()) == [Event(about="labels", id=1)]


def test_raw_requests_that_are_no_http_do_not_stop_the_server(port: int, access: Access) -> None:
    for junk in (b"\x00" * 64, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"G" * 200_000):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as raw:
            try:
                raw.sendall(junk)
                raw.settimeout(1.0)
                raw.recv(100)
            except (TimeoutError, ConnectionError):
                pass
    with stream(port, access) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: 127.0"])
def test_connections_that_ask_for_nothing_are_closed(
    port: int, access: Access, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr("nunatak.server.silence.MOST_SECONDS", 0.3)
    with (
        stream(port, access) as answer,
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as silent,
    ):
        silent.sendall(begun)
        assert silent.recv(100) == b""
        assert answer.readline() == b"retry: 1000\n"  # a stream is an answer under way


def test_those_without_a_token_keep_no_connection(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = b"".join(iter(lambda: stranger.recv(10_000), b""))
    assert answer.startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    "path", ["/../../../etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/assets/%2e%2e/%2e%2e/app.py"]
)
def test_raw_paths_lead_nowhere(port: int, access: Access, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    cookie = f"{access.cookie_name}={access.cookie_value}"
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    assert answer.status == 404
    assert b"root" not in answer.read()
    assert "server" not in answer.headers
    connection.close()


@pytest.mark.parametrize(
    "trouble", [ResourceError("away"), sqlite3.OperationalError("away: no such table")]
)
def test_a_disk_that_is_away_for_a_while_is_waited_for(
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: Exception,
) -> None:
    answers: list[list[Change] | Exception] = [
        trouble,
        trouble,
        [Change(number=8, about="labels", id=1, version=2)],
    ]

    def changes(_workspace: Workspace, _seen: int) -> list[Change]:
        answer = answers.pop(0) if answers else []
        if isinstance(answer, Exception):
            raise answer
        return answer

    told: list[Event] = []
    monkeypatch.setattr(events_module, "changes_since", changes)
    monkeypatch.setattr(events_module, "SECONDS_BETWEEN_LOOKS", 0.01)
    hub = EventHub()
    monkeypatch.setattr(hub, "publish", told.append)
    with closing(DatabaseWatcher(services.workspace, hub)) as watcher:
        watcher.start()
        wait_for(lambda: bool(told))
    assert told == [Event(about="labels", id=1, version=2)]
    assert len([one for one in caplog.records if one.name == events_module.__name__]) == 1
