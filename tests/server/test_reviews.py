"""Galleries and decisions over HTTP."""

import numpy as np
from browser import Browser
from made_sets import add_set

from nunatak.server.services import Services
from nunatak.workspace.images import images_of
from nunatak.workspace.picks import save_judgement

SCORES = [0.9, 0.7, 0.53, 0.45, 0.2]
"""The threshold is 0.5."""


def numbers(client: Browser, number: int, **query: object) -> list[int]:
    """Return a gallery's candidates, in order."""
    found = client.get(f"/api/pick-sets/{number}/gallery", params=query).json()
    return [item["number"] for item in found["items"]]


def review(client: Browser, number: int, name: str, *decisions: dict) -> int:
    """Send decisions and return the status."""
    body = {"id": name, "decisions": list(decisions)}
    return client.post(f"/api/pick-sets/{number}/reviews", json=body).status_code


def test_a_gallery_is_sorted_by_score_or_doubt(client: Browser, services: Services) -> None:
    number = add_set(services, SCORES)
    assert numbers(client, number) == [0, 1, 2]
    assert numbers(client, number, descending=False) == [2, 1, 0]
    assert numbers(client, number, selected_only=False) == [0, 1, 2, 3, 4]
    assert numbers(client, number, selected_only=False, order="doubt")[:2] == [2, 3]


def test_a_gallery_comes_in_parts(client: Browser, services: Services) -> None:
    number = add_set(services, SCORES)
    assert numbers(client, number, offset=1, limit=1) == [1]
    assert numbers(client, number, offset=50) == []
    assert client.get(f"/api/pick-sets/{number}/gallery?limit=401").status_code == 422


def test_a_gallery_is_filtered(client: Browser, services: Services) -> None:
    number = add_set(services, SCORES)
    first, second = (one.id for one in images_of(services.workspace)[:2])
    assert len(numbers(client, number, image=first)) == 3
    assert numbers(client, number, image=second) == []
    assert numbers(client, number, class_name="another") == []
    review(client, number, "review-1", {"number": 0, "decision": "keep"})
    assert numbers(client, number, undecided_only=True) == [1, 2]
    assert numbers(client, number, decision="keep") == [0]
    assert numbers(client, number, decision="reject") == []


def test_a_pruned_gallery_goes_by_probability_and_class(
    client: Browser, services: Services
) -> None:
    number = add_set(services, SCORES)
    save_judgement(
        services.workspace,
        number,
        images_of(services.workspace)[0].id,
        probability=np.array([0.1, 0.95, 0.5, np.nan, np.nan]),
        judged_class=["ice", "particle", "particle", None, None],
        decision=["reject", "keep", "review", "unjudged", "unjudged"],
    )
    assert numbers(client, number, order="doubt")[0] == 2
    assert numbers(client, number, order="class") == [0, 1, 2]
    assert numbers(client, number, predicted_class="particle") == [1, 2]
    found = client.get(f"/api/pick-sets/{number}/gallery").json()["items"]
    assert [item["predicted_class"] for item in found] == ["ice", "particle", "particle"]


def test_decisions_are_kept_and_taken_back(client: Browser, services: Services) -> None:
    number = add_set(services, SCORES)
    said = {"number": 1, "decision": "reject", "reason": "ice"}
    assert review(client, number, "review-1", said) == 204
    item = client.get(f"/api/pick-sets/{number}/gallery").json()["items"][1]
    assert (item["decision"], item["reason"]) == ("reject", "ice")
    assert review(client, number, "review-2", {"number": 1, "decision": None}) == 204
    # Sent again after a dropped connection, the first one changes nothing.
    assert review(client, number, "review-1", said) == 204
    item = client.get(f"/api/pick-sets/{number}/gallery").json()["items"][1]
    assert (item["decision"], item["reason"]) == (None, None)


def test_a_word_that_was_not_seen_is_not_replaced(client: Browser, services: Services) -> None:
    number = add_set(services, SCORES)
    theirs = {"number": 1, "decision": "reject", "reason": "carbon", "seen": "none"}
    assert review(client, number, "review-1", theirs) == 204
    mine = [{"number": one, "decision": "keep", "seen": "none"} for one in (0, 1)]
    body = {"id": "review-2", "decisions": mine}
    answer = client.post(f"/api/pick-sets/{number}/reviews", json=body)
    assert answer.status_code == 409
    said = {"number": 1, "decision": "reject", "reason": "carbon", "by": "ada"}
    assert answer.json()["present"] == [said]
    assert "decided otherwise on 1" in answer.json()["message"]
    # Nothing of it was saved.
    assert numbers(client, number, decision="keep") == []
    # Whoever saw the word, says the same, or insists, is taken at their word.
    assert review(client, number, "review-3", mine[0]) == 204
    same = {"number": 1, "decision": "reject", "seen": "none"}
    assert review(client, number, "review-4", same) == 204
    assert review(client, number, "review-5", {**mine[1], "seen": "reject"}) == 204
    assert review(client, number, "review-6", {"number": 1, "decision": "reject"}) == 204
    assert numbers(client, number, decision="keep") == [0]
    # Where nobody says anything any more, nothing is replaced.
    assert review(client, number, "review-7", {"number": 1, "decision": None}) == 204
    assert review(client, number, "review-8", {**mine[1], "seen": "reject"}) == 204


def test_a_review_is_saved_whole_or_not_at_all(client: Browser, services: Services) -> None:
    number = add_set(services, SCORES)
    decisions = ({"number": 0, "decision": "keep"}, {"number": 99, "decision": "keep"})
    assert review(client, number, "review-1", *decisions) == 422
    assert numbers(client, number, decision="keep") == []
    assert review(client, 99, "review-1", decisions[0]) == 404


def test_pictures_of_candidates_come_as_one_sheet(client: Browser, services: Services) -> None:
    number = add_set(services, SCORES)
    path = f"/api/pick-sets/{number}/pictures?numbers="
    answer = client.get(f"{path}2,0&columns=2&tile_px=32")
    assert answer.headers["content-type"] == "image/jpeg"
    assert client.get(f"{path}99").status_code == 404
    assert client.get(f"{path}1;DROP").status_code == 422
