"""Floods of requests, slow requests, and the files of the page."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from nunatak.server.page_files import PageFiles
from nunatak.server.security import body, flood
from nunatak.server.security.access import Access, new_token
from nunatak.server.security.body import BodyRefused, whole_body
from nunatak.server.security.guard import Guard

TILE = "/api/images/1/tiles/0/0/0"
HERE = "http://127.0.0.1:8000"


class Counting:
    """An application that takes a while, and knows how many requests it works on at once."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0
        self.done = asyncio.Event()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        if scope["path"] == TILE:
            await self.done.wait()
        self.now -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


def with_cookie(app: Any) -> httpx.AsyncClient:
    access = Access(token=new_token(), project="x")
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Guard(app, access)),
        base_url=HERE,
        cookies={access.cookie_name: access.cookie_value},
    )


def test_a_flood_of_pictures_leaves_room_for_saving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "MOST_WAITING", 20)

    async def flooded() -> tuple[int, int, int, list[int]]:
        app = Counting()
        async with with_cookie(app) as client:
            tiles = [asyncio.create_task(client.get(TILE)) for _ in range(60)]
            await asyncio.sleep(0.05)
            saved = await client.post("/api/images/1/edits", json={})
            at_work = app.now
            app.done.set()
            answers = await asyncio.gather(*tiles)
        refused = [one for one in answers if one.status_code == 503]
        waits = [int(one.headers["retry-after"]) for one in refused]
        return saved.status_code, at_work, app.most, waits

    status, at_work, most, waits = asyncio.run(flooded())
    assert status == 200
    assert at_work == flood.MOST_AT_WORK
    assert most <= flood.MOST_AT_WORK + 1  # and the edit
    assert waits == [1] * (60 - flood.MOST_AT_WORK - 20)


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "MOST_SECONDS", 0.05)

    async def flooded() -> list[int]:
        app = Counting()
        async with with_cookie(app) as client:
            tiles = [asyncio.create_task(client.get(TILE)) for _ in range(flood.MOST_AT_WORK + 3)]
            await asyncio.sleep(0.3)
            app.done.set()
            return [(await one).status_code for one in tiles]

    assert sorted(asyncio.run(flooded())) == [200] * flood.MOST_AT_WORK + [503] * 3


@pytest.mark.parametrize(
    ("path", "is_picture"),
    [
        (TILE, True),
        ("/api/images/7/thumbnail", True),
        ("/api/images/7/slices/xz/3", True),
        ("/api/pick-sets/2/pictures", True),
        ("/api/images/7/labels", False),
        ("/api/images", False),
        ("/api/pick-sets/2/reviews", False),
        ("/", False),
    ],
)
def test_what_counts_as_a_picture(path: str, is_picture: bool) -> None:
    async def entered() -> bool:
        gate = flood.PictureGate()
        gate._n_waiting = flood.MOST_WAITING
        try:
            async with gate.passing(path):
                return False
        except flood.Flooded:
            return True

    assert asyncio.run(entered()) == is_picture


def receiving(*messages: Message, then_s: float = 0.0) -> Callable[[], Awaitable[Message]]:
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.sleep(then_s)
            return {"type": "http.disconnect"}
        return waiting.pop(0)

    return receive


HEADERS = {"content-type": "application/json", "content-length": "4"}


def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(body.MOST_SECONDS, body.JSON, 0.05)
    slow = receiving({"type": "http.request", "body": b"{", "more_body": True}, then_s=60.0)
    with pytest.raises(BodyRefused) as refused:
        asyncio.run(whole_body("/api/project", HEADERS, slow))
    assert refused.value.status == 408


def test_a_client_that_goes_is_not_waited_for() -> None:
    gone = receiving({"type": "http.request", "body": b"{", "more_body": True})
    with pytest.raises(ClientDisconnect):
        asyncio.run(whole_body("/api/project", HEADERS, gone))


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "9" * 400])
def test_lengths_that_are_none(length: str) -> None:
    with pytest.raises(BodyRefused):
        asyncio.run(whole_body("/api/project", {**HEADERS, "content-length": length}, receiving()))


def test_imports_may_be_larger_and_are_no_json() -> None:
    length = str(body.MOST_BYTES[body.JSON] + 1)
    headers = {"content-type": body.FILE, "content-length": length}
    content = receiving({"type": "http.request", "body": b"x", "more_body": False})

    async def handed_on() -> list[Message]:
        receive = await whole_body("/api/import/labels", headers, content)
        return [await receive(), await receive()]

    first, second = asyncio.run(handed_on())
    assert first["body"] == b"x"
    assert second["type"] == "http.disconnect"
    with pytest.raises(BodyRefused) as refused:
        asyncio.run(whole_body("/api/import/labels", HEADERS, content))
    assert refused.value.status == 415


def test_websockets_are_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    guard = Guard(Counting(), Access(token=new_token(), project="x"))
    asyncio.run(guard({"type": "websocket", "path": "/"}, receiving(), send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.fixture
def built(tmp_path: Path) -> PageFiles:
    """A page as it is built."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "assets" / "index-Ab12.js").write_text("let x = 1;" * 200)
    (tmp_path / "secret").symlink_to("/etc/passwd")
    return PageFiles.read(tmp_path)


def asked(page: PageFiles, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(page), base_url=HERE) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(answer())


def test_the_page_is_never_kept_and_its_parts_for_ever(built: PageFiles) -> None:
    index = asked(built, "/")
    assert index.headers["cache-control"] == "no-store"
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    script = asked(built, "/assets/index-Ab12.js")
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")


def test_the_page_is_sent_compressed_to_those_who_can(built: PageFiles) -> None:
    raw = asked(built, "/assets/index-Ab12.js", **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in raw.headers
    packed = asked(built, "/assets/index-Ab12.js", **{"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == raw.content
    assert int(packed.headers["content-length"]) < len(gzip.compress(raw.content)) + 1


def test_links_are_no_part_of_the_page(built: PageFiles) -> None:
    assert asked(built, "/secret").status_code == 404


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_the_page_can_only_be_read(built: PageFiles, method: str) -> None:
    assert asked(built, "/", method).status_code == 405


def test_a_page_that_was_not_built_is_explained(tmp_path: Path) -> None:
    answer = asked(PageFiles.read(tmp_path), "/")
    assert answer.status_code == 503
    assert "npm run build" in answer.json()["message"]


def test_the_shipped_page_asks_for_nothing_elsewhere(page: PageFiles) -> None:
    index = asked(page, "/").text
    assert "http://" not in index
    assert "https://" not in index
    assert "<script>" not in index  # the policy forbids scripts in the page itself
