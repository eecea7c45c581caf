"""Who may use the server: the cases of other users, other sites and other names."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookies import SimpleCookie

import pytest
from browser import Browser
from fastapi import FastAPI

from nunatak.server.app import create_app
from nunatak.server.page_files import PageFiles
from nunatak.server.security import body
from nunatak.server.security.access import Access, new_token
from nunatak.server.services import Services
from nunatak.workspace.project import settings_of

EDIT = {
    "id": "edit-0001",
    "base_version": 0,
    "operations": [
        {
            "operation": "put_point",
            "point": {
                "id": "point-0001",
                "kind": "particle",
                "x": 10.0,
                "y": 20.0,
                "class_name": "particle",
            },
        }
    ],
}


@pytest.mark.parametrize("path", ["/", "/api/project", "/api/images/1/labels"])
@pytest.mark.parametrize("token", [None, "wrong", "ünïcode"])
def test_without_the_token_nothing_is_told(stranger: Browser, path: str, token: str | None) -> None:
    answer = stranger.get(path, params={} if token is None else {"token": token})
    assert answer.status_code == 401
    assert "nunatak label" in answer.text
    assert "set-cookie" not in answer.headers


def test_the_token_becomes_a_cookie_and_leaves_the_address(
    stranger: Browser, access: Access
) -> None:
    answer = stranger.get("/", params={"token": access.token})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = SimpleCookie(answer.headers["set-cookie"])[access.cookie_name]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/")
    assert access.token not in answer.headers["set-cookie"]
    assert stranger.get("/api/project").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_on_another_page_leads_on_from_a_page_of_our_own(
    stranger: Browser, access: Access, site: str
) -> None:
    # After a redirection that another site began, browsers do not send the strict cookie.
    headers = {"Sec-Fetch-Site": site}
    answer = stranger.get("/", params={"token": access.token}, headers=headers)
    assert answer.status_code == 200
    assert 'content="0; url=/"' in answer.text
    assert access.token not in answer.text
    assert "SameSite=strict" in answer.headers["set-cookie"]
    refused = stranger.get("/", params={"token": "wrong"}, headers=headers)
    assert refused.status_code == 401


def test_a_cookie_of_another_token_is_refused(stranger: Browser, access: Access) -> None:
    other = Access(token=new_token(), project=access.project)
    assert other.cookie_name == access.cookie_name
    stranger.cookies.set(access.cookie_name, other.cookie_value)
    assert stranger.get("/api/project").status_code == 401


def test_two_projects_have_cookies_of_different_names() -> None:
    token = new_token()
    names = {Access(token=token, project=name).cookie_name for name in ("a:/data", "b:/data")}
    assert len(names) == 2


def test_tokens_are_long_and_never_the_same_and_never_shown() -> None:
    token = new_token()
    assert len(token) >= 43
    assert token != new_token()
    assert token not in repr(Access(token=token, project="x"))


def test_the_token_is_never_logged(
    stranger: Browser, access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stranger.get("/", params={"token": access.token})
    stranger.get("/api/project", params={"token": access.token})
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    assert not [record for record in ours if access.token in record.getMessage()]


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "evil.com:8000",
        "127.0.0.1.evil.com",
        "localhost.evil.com",
        "127.0.0.1:8000, evil.com",
        "user@127.0.0.1",
        "10.0.0.7:8000",
        "127.0.0.1:8000/x",
        "[::1",
        "",
    ],
)
def test_another_name_for_this_machine_is_refused(client: Browser, host: str) -> None:
    answer = client.get("/api/project", headers={"Host": host})
    assert answer.status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "LOCALHOST:8765", "[::1]:8000"])
def test_the_near_end_of_a_tunnel_may_have_any_port(client: Browser, host: str) -> None:
    assert client.get("/api/project", headers={"Host": host}).status_code == 200


def test_exposed_servers_answer_to_numeric_addresses_and_still_not_to_other_names() -> None:
    exposed = Access(token=new_token(), project="x", is_exposed=True)
    assert exposed.accepts_host("10.0.0.7")
    assert exposed.accepts_host("[fe80::1]")
    assert not exposed.accepts_host("evil.com")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.com"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:8888"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/images/1/edits"),
        ("PATCH", "/api/project"),
        ("POST", "/api/images/1/wanted"),
        ("GET", "/api/events"),
        ("GET", "/api/export/labels"),
        ("GET", "/api/images/1/labels"),
    ],
)
def test_other_sites_may_neither_change_nor_read(
    client: Browser, method: str, path: str, headers: dict[str, str]
) -> None:
    content = EDIT if method != "GET" and "wanted" not in path else None
    answer = client.request(method, path, json=content, headers=headers)
    assert answer.status_code == 403
    assert client.get("/api/images/1/labels").json()["points"] == []


def test_an_address_typed_by_the_user_may_read_but_not_change(client: Browser) -> None:
    typed = {"Sec-Fetch-Site": "none"}
    assert client.get("/api/project", headers=typed).status_code == 200
    answer = client.post("/api/images/1/edits", json=EDIT, headers=typed)
    assert answer.status_code == 403


def test_the_page_itself_may_change(client: Browser) -> None:
    headers = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    answer = client.post("/api/images/1/edits", json=EDIT, headers=headers)
    assert answer.json() == {"version": 1}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "a/b"]
)
def test_only_json_is_taken(client: Browser, kind: str) -> None:
    # What a form of another site can send is none of it.
    answer = client.post(
        "/api/images/1/edits", content=b'{"id": "edit-0001"}', headers={"Content-Type": kind}
    )
    assert answer.status_code == 415


def test_no_page_of_another_site_is_invited(client: Browser) -> None:
    headers = {"Origin": "http://evil.com", "Access-Control-Request-Method": "POST"}
    answer = client.request("OPTIONS", "/api/images/1/edits", headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/assets/../../app.py",
        "/%00",
        "/index.html%00.js",
        "//etc/passwd",
        "/app.py",
        "/api/images/..%2f..%2fetc%2fpasswd/labels",
        "/api/images/%2Fetc%2Fpasswd/thumbnail",
        "/api/images/1/tiles/0/0/..%2f..%2f..%2fproject.sqlite",
        "/api/../project.sqlite",
    ],
)
def test_no_path_leads_out(client: Browser, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (404, 422)
    assert "root:" not in answer.text
    assert "SQLite" not in answer.text


def test_a_body_that_is_announced_too_long_is_refused_unread(client: Browser) -> None:
    too_long = str(body.MOST_BYTES[body.JSON] + 1)
    headers = {"Content-Type": body.JSON, "Content-Length": too_long}
    answer = client.post("/api/images/1/edits", content=b"{}", headers=headers)
    assert answer.status_code == 413
    assert "MB" in answer.json()["message"]


def test_a_body_without_an_end_is_cut_off(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(body.MOST_BYTES, body.JSON, 10_000)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1_000

    answer = client.post(
        "/api/images/1/edits", content=endless(), headers={"Content-Type": body.JSON}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/", "/api/project", "/api/nothing", "/nothing"])
def test_every_answer_carries_the_protection(client: Browser, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_refusals_carry_it_too(stranger: Browser) -> None:
    for headers in ({}, {"Host": "evil.com"}):
        answer = stranger.get("/", headers=headers)
        assert answer.status_code >= 400
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_pages_of_another_project_change_nothing(
    services: Services, access: Access, page: PageFiles, api: FastAPI
) -> None:
    own = settings_of(services.workspace).id
    guarded = create_app(services, replace(access, project_id=own), page=page, api=api)
    with Browser(guarded) as browser:
        browser.get("/", params={"token": access.token})
        for told, status in ((None, 200), (own, 200), ("another", 401), ("", 401)):
            headers = {} if told is None else {"Nunatak-Project": told}
            answer = browser.patch("/api/images/1", json={"state": "skipped"}, headers=headers)
            assert answer.status_code == status
        assert "Another project" in answer.json()["message"]
