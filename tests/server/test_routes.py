"""The project, its queue and its labels over HTTP."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Browser

from nunatak.errors import BadInput, Interrupted, Mismatch, NunatakError, ResourceError
from nunatak.server import problems
from nunatak.server.bodies.events import Event
from nunatak.server.bodies.labels import Edit
from nunatak.server.services import Services
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import set_image_facts, set_state, wanted_image
from nunatak.workspace.labels import save_edit
from nunatak.workspace.pick_counts import PickCount, count_picks
from nunatak.workspace.pick_sets import add_pick_set, change_pick_set
from nunatak.workspace.picks import save_image_picks


def point(number: int, x: float = 10.0, **more: Any) -> dict[str, Any]:
    values = {"id": f"point-{number:04d}", "kind": "particle", "x": x, "y": 20.0}
    return {"operation": "put_point", "point": {**values, "class_name": "particle", **more}}


def edit(number: int, base_version: int, *operations: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"edit-{number:04d}",
        "base_version": base_version,
        "operations": [*operations] or [point(number)],
    }


def test_a_project_is_described(client: Browser) -> None:
    project = client.get("/api/project").json()
    assert project["ndim"] == 2
    assert project["classes"] == [{"name": "particle", "diameter_A": 160.0}]
    assert project["counts"] == {"new": 3, "labelled": 0, "reviewed": 0, "skipped": 0}
    assert project["user"] == "ada"
    assert len(project["id"]) >= 16


def test_settings_change_and_stale_changes_are_refused(client: Browser) -> None:
    change = {"base_version": 1, "classes": [{"name": "ring", "diameter_A": 120.5}]}
    changed = client.patch("/api/project", json=change)
    assert changed.status_code == 200
    assert (changed.json()["version"], changed.json()["classes"]) == (2, change["classes"])
    again = client.patch("/api/project", json=change)
    assert again.status_code == 409
    assert "another window" in again.json()["message"]


def test_the_project_is_renamed(client: Browser) -> None:
    changed = client.patch("/api/project", json={"base_version": 1, "name": "  Apoferritin, May "})
    assert changed.json()["name"] == client.get("/api/project").json()["name"] == "Apoferritin, May"
    for name in ("", " ", "x" * 81):
        answer = client.patch("/api/project", json={"base_version": 2, "name": name})
        assert answer.status_code == 422, name
    kept = client.patch("/api/project", json={"base_version": 2, "contrast": "light"})
    assert kept.json()["name"] == "Apoferritin, May"


def test_an_emptied_field_takes_the_expected_number_back(client: Browser) -> None:
    def change(version: int, **values: Any) -> Any:
        answer = client.patch("/api/project", json={"base_version": version, **values})
        return answer.json()["expected_particles"]

    assert change(1, expected_particles=300) == 300
    assert change(2, contrast="light") == 300
    assert change(3, expected_particles=None) is None


def test_a_first_diameter_lets_picking_begin(
    client: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr(type(services.runs), "project_changed", lambda _: told.append(1))
    client.patch("/api/project", json={"base_version": 1, "contrast": "light"})
    assert told == [1]


def test_an_edit_is_saved_and_read_again(client: Browser) -> None:
    assert client.post("/api/images/1/edits", json=edit(1, 0)).json() == {"version": 1}
    labels = client.get("/api/images/1/labels").json()
    assert labels["version"] == 1
    assert (labels["points"][0]["x"], labels["points"][0]["by"]) == (10.0, "ada")
    summary = client.get("/api/images/1").json()
    assert (summary["labels"], summary["state"], summary["version"]) == (1, "labelled", 1)
    assert client.get("/api/project").json()["counts"]["labelled"] == 1


def test_who_made_a_point_is_not_taken_from_the_request(client: Browser) -> None:
    client.post("/api/images/1/edits", json=edit(1, 0, point(1, by="eve", at="1999")))
    assert client.get("/api/images/1/labels").json()["points"][0]["by"] == "ada"


def test_two_tabs_conflict_and_nothing_is_lost(client: Browser) -> None:
    client.post("/api/images/1/edits", json=edit(1, 0))
    late = client.post("/api/images/1/edits", json=edit(2, 0))
    assert late.status_code == 409
    assert late.json()["labels"]["version"] == 1
    assert [one["id"] for one in late.json()["labels"]["points"]] == ["point-0001"]
    assert client.post("/api/images/1/edits", json=edit(3, 1, point(2))).status_code == 200
    assert client.get("/api/images/1").json()["labels"] == 2


def test_an_edit_that_comes_again_after_a_dropped_tunnel_is_saved_once(client: Browser) -> None:
    for _ in range(3):
        assert client.post("/api/images/1/edits", json=edit(1, 0)).json() == {"version": 1}
    assert len(client.get("/api/images/1/labels").json()["points"]) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (point(1, x=400.0), "400"),
        (point(1, z=5.0), "z"),
        (point(1, class_name="ghost"), "ghost"),
        (point(1, kind="maybe"), "kind"),
        (point(1, colour="red"), "colour"),
        ({"operation": "explode"}, "operation"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_whole(
    client: Browser, services: Services, change: dict[str, Any], word: str
) -> None:
    set_image_facts(services.workspace, 1, shape=(300, 400), pixel_size_A=4.0)
    answer = client.post("/api/images/1/edits", json=edit(1, 0, point(2), change))
    assert answer.status_code == 422
    assert word in answer.json()["message"]
    assert client.get("/api/images/1/labels").json()["points"] == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-1e7"])
def test_numbers_that_are_none_are_refused(client: Browser, number: str) -> None:
    text = json.dumps(edit(1, 0)).replace('"x": 10.0', f'"x": {number}')
    answer = client.post(
        "/api/images/1/edits", content=text, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000, b'"\\ud800"', b"null"])
def test_what_is_no_json_is_refused(client: Browser, content: bytes) -> None:
    answer = client.post(
        "/api/images/1/edits", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert answer.json()["message"]


@pytest.mark.parametrize("number", [0, 99, 2**53, 2**63, 10**30, -1, "x", "1.5", "NaN"])
@pytest.mark.parametrize("path", ["/api/images/{}", "/api/images/{}/labels"])
def test_images_that_are_not_there(client: Browser, path: str, number: object) -> None:
    answer = client.get(path.format(number))
    assert answer.status_code in (404, 422)
    assert answer.json()["message"]


def test_states_change(client: Browser) -> None:
    changed = client.patch("/api/images/2", json={"state": "skipped"})
    assert changed.json()["state"] == "skipped"
    assert client.patch("/api/images/2", json={"state": "eaten"}).status_code == 422
    assert client.get("/api/images/2").json()["state"] == "skipped"


def test_the_image_that_is_looked_at_is_wanted(client: Browser, services: Services) -> None:
    assert client.post("/api/images/2/wanted").status_code == 204
    assert client.post("/api/images/77/wanted").status_code == 404
    assert wanted_image(services.workspace) == 2


def test_hostile_names_are_data(client: Browser) -> None:
    name = "<script>alert(1)</script>'; DROP TABLE point; --"
    change = {"base_version": 1, "classes": [{"name": name}]}
    assert client.patch("/api/project", json=change).json()["classes"][0]["name"] == name
    answer = client.get("/api/project")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


def counts_of(client: Browser, pick_set: int, images: str = "") -> dict[int, tuple[int, int]]:
    """Return what a set shows, by image: how many are kept, and rejected."""
    query = {"images": images} if images else {}
    answer = client.get(f"/api/pick-sets/{pick_set}/counts", params=query)
    assert answer.status_code == 200, answer.text
    columns = answer.json()
    kept = zip(columns["kept"], columns["rejected"], strict=True)
    return dict(zip(columns["image"], kept, strict=True))


def test_picks_of_any_set_are_counted_as_they_come(client: Browser, services: Services) -> None:
    first = add_pick_set(services.workspace, name="general", threshold=0.5, classes=["particle"])
    assert counts_of(client, first) == {}
    save_image_picks(services.workspace, first, 1, NewCandidates(*_columns([0.9, 0.5, 0.1])))
    assert counts_of(client, first) == {1: (2, 0)}
    save_image_picks(services.workspace, first, 3, NewCandidates(*_columns([])))
    assert counts_of(client, first) == {1: (2, 0), 3: (0, 0)}
    assert counts_of(client, first, "3,2") == {3: (0, 0)}
    second = add_pick_set(services.workspace, name="new", threshold=0.5, classes=["particle"])
    save_image_picks(services.workspace, second, 1, NewCandidates(*_columns([0.7])))
    assert counts_of(client, second) == {1: (1, 0)}
    change_pick_set(services.workspace, first, threshold=0.05)
    assert counts_of(client, first) == {1: (3, 0), 3: (0, 0)}
    said = {"id": "review-01", "decisions": [{"number": 1, "decision": "reject"}]}
    assert client.post(f"/api/pick-sets/{first}/reviews", json=said).status_code == 204
    assert counts_of(client, first) == {1: (2, 1), 3: (0, 0)}
    region = {"id": "region-01", "kind": "exclude", "outline": [[0, 0], [20, 0], [20, 20], [0, 20]]}
    put = {"operation": "put_region", "region": region}
    assert client.post("/api/images/1/edits", json=edit(1, 0, put)).status_code == 200
    assert counts_of(client, first) == {1: (1, 1), 3: (0, 0)}
    assert counts_of(client, second) == {1: (0, 0)}


@pytest.mark.parametrize("query", ["images=", "images=a", "images=1,", "images=-1"])
def test_counts_that_cannot_be_asked_for(client: Browser, services: Services, query: str) -> None:
    add_pick_set(services.workspace, name="general", threshold=0.5, classes=["particle"])
    assert client.get(f"/api/pick-sets/1/counts?{query}").status_code == 422
    assert client.get("/api/pick-sets/2/counts").status_code == 404


def test_counts_are_read_anew_only_where_something_changed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def counted(workspace: Workspace, number: int, images: Any = None) -> dict[int, PickCount]:
        asked.append(images)
        return count_picks(workspace, number, images)

    monkeypatch.setattr("nunatak.server.pick_counter.count_picks", counted)
    counter, workspace = services.pick_counter, services.workspace
    number = add_pick_set(workspace, name="general", threshold=0.5, classes=["particle"])
    other = add_pick_set(workspace, name="new", threshold=0.5, classes=["particle"])
    counter.counts(number)
    save_image_picks(workspace, number, 1, NewCandidates(*_columns([0.9])))
    save_image_picks(workspace, other, 2, NewCandidates(*_columns([0.9])))
    set_state(workspace, 3, "skipped", "ada")
    assert counter.counts(number).image == [1]
    assert counter.counts(number).image == [1]
    assert asked == [None, {1}]
    change_pick_set(workspace, number, threshold=0.95)
    assert counter.counts(number).kept == [0]
    monkeypatch.setattr("nunatak.server.pick_counter.MOST_CHANGES", 2)
    for version in range(3):
        save_edit(workspace, 1, Edit.model_validate(edit(version, version)), "ada")
    counter.counts(number)
    assert asked == [None, {1}, None, None]


def test_who_worked_on_an_image_last_is_told(client: Browser) -> None:
    assert client.get("/api/images/1").json()["changed"] is None
    assert client.post("/api/images/1/edits", json=edit(1, 0)).status_code == 200
    answer = client.patch("/api/images/2", json={"state": "reviewed"})
    assert answer.json()["changed"]["by"] == "ada"
    found = [one["changed"] for one in client.get("/api/images").json()["images"]]
    assert [one and one["by"] for one in found] == ["ada", "ada", None]


def _columns(scores: list[float]) -> tuple[Any, ...]:
    places = np.linspace(10.0, 50.0, len(scores))
    return places, places, np.array(scores)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("a"), 422),
        (Mismatch("a"), 409),
        (ResourceError("a"), 503),
        (Interrupted("a"), 503),
        (NunatakError("a"), 500),
    ],
)
def test_each_error_has_its_status(error: NunatakError, status: int) -> None:
    assert problems.status_of(error) == status


def test_what_nobody_foresaw_is_logged_and_not_shown(
    client: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("nunatak.workspace.labels.labels_of", broken)
    answer = client.get("/api/images/1/labels")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "secret of the house" in caplog.text


def test_a_locked_database_is_a_sentence_and_can_be_tried_again(
    client: Browser, project: Path, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    monkeypatch.setattr(services.workspace, "_wait_s", 0.05)
    services.workspace._idle.clear()
    holder = sqlite3.connect(project / "project.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        answer = client.post("/api/images/1/edits", json=edit(1, 0))
    finally:
        holder.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "locked" in answer.json()["message"]
    assert client.post("/api/images/1/edits", json=edit(1, 0)).status_code == 200


def test_large_answers_are_compressed(client: Browser, services: Services) -> None:
    many = [point(number, x=number / 10) for number in range(500)]
    save_edit(services.workspace, 1, Edit.model_validate(edit(1, 0, *many)), "ada")
    answer = client.get("/api/images/1/labels")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["points"]) == 500


def test_picks_are_told_of_where_an_exclusion_comes_and_goes(
    client: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Event] = []
    monkeypatch.setattr(services.events, "publish", told.append)

    def region(kind: str) -> dict[str, Any]:
        outline = [[0, 0], [50, 0], [50, 50]]
        values = {"id": "region-01", "kind": kind, "outline": outline}
        return {"operation": "put_region", "region": values}

    gone = {"operation": "remove", "ids": ["region-01"]}
    steps = [point(1), region("exclude"), region("complete"), gone, region("exclude"), gone]
    for number, step in enumerate(steps):
        answer = client.post("/api/images/1/edits", json=edit(number, number, step))
        assert answer.status_code == 200, answer.text
    picks = [event for event in told if event.about == "picks"]
    assert picks == [Event(about="picks", image=1)] * 4
