"""Runs over HTTP."""

import pytest
from browser import Browser

from nunatak.server.runs.orders import LESSON
from nunatak.server.runs.process import LOG
from nunatak.server.services import Services
from nunatak.workspace.runs import add_run, change_run


def test_a_run_is_asked_for_shown_and_stopped(client: Browser) -> None:
    answer = client.post("/api/runs", json={"kind": "pick"})
    assert answer.status_code == 201
    run = answer.json()
    assert (run["kind"], run["state"], run["progress"]) == ("pick", "waiting", None)
    assert client.get("/api/runs").json()["runs"] == [run]
    stopped = client.post(f"/api/runs/{run['id']}/stop", json={}).json()
    assert (stopped["state"], stopped["message"]) == ("stopped", "Stopped before it began.")


def test_the_end_of_a_log_is_shown(client: Browser, services: Services) -> None:
    run = client.post("/api/runs", json={"kind": "pick"}).json()["id"]
    assert client.get(f"/api/runs/{run}/log").json() == ""
    folder = services.workspace.run_folder(run)
    folder.mkdir(parents=True)
    (folder / LOG).write_bytes(b"x" * 70_000 + "the end \u2713".encode())
    said = client.get(f"/api/runs/{run}/log").json()
    assert said.endswith("the end \u2713")
    assert len(said.encode()) == 65_536


def test_what_is_missing_is_said(client: Browser) -> None:
    refused = client.post("/api/runs", json={"kind": "train"})
    assert refused.status_code == 409
    assert "No particle is labelled yet" in refused.json()["message"]
    assert client.post("/api/runs", json={"kind": "prune", "pick_set": 9}).status_code == 404
    assert client.post("/api/runs", json={"kind": "bake"}).status_code == 422
    assert client.post("/api/runs/9/stop", json={}).status_code == 404
    assert client.get("/api/runs/9/log").status_code == 404


def test_a_failed_run_says_why(client: Browser, services: Services) -> None:
    run = client.post("/api/runs", json={"kind": "pick"}).json()["id"]
    change_run(services.workspace, run, state="failed", message="The disk is full.")
    (found,) = client.get("/api/runs").json()["runs"]
    assert (found["state"], found["message"]) == ("failed", "The disk is full.")
    assert found["ended_at"] is not None


def test_a_stopped_training_goes_on_over_http(client: Browser, services: Services) -> None:
    run = client.post("/api/runs", json={"kind": "pick"}).json()["id"]
    refused = client.post(f"/api/runs/{run}/continue", json={})
    assert refused.status_code == 409
    assert "nothing to go on with" in refused.json()["message"]
    assert client.post("/api/runs/9/continue", json={}).status_code == 404
    asked = {"kind": "train"}
    training = add_run(services.workspace, kind="train", name="mine", asked=asked, user="ada").id
    change_run(services.workspace, training, state="stopped")
    folder = services.workspace.run_folder(training)
    folder.mkdir(parents=True)
    (folder / LESSON).touch()
    assert client.get("/api/runs").json()["runs"][0]["can_continue"]
    going = client.post(f"/api/runs/{training}/continue", json={}).json()
    assert (going["state"], going["can_continue"]) == ("waiting", False)


def test_an_image_that_is_skipped_no_more_may_be_due(
    client: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr(services.runs, "picks_may_be_due", lambda: told.append(1))
    counts = []
    for state in ("skipped", "skipped", "new", "reviewed"):
        assert client.patch("/api/images/1", json={"state": state}).status_code == 200
        counts.append(len(told))
    assert counts == [0, 0, 1, 1]
