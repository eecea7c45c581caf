"""Sets of picks over HTTP: summaries, columns, histograms, comparisons."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from browser import Browser
from made_sets import add_set
from quickest import processor_seconds

from nunatak.server.services import Services
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.decisions import Decision, PickDecision, Review, save_review
from nunatak.workspace.images import images_of, set_image_facts
from nunatak.workspace.labels import save_edit
from nunatak.workspace.marks import Edit, Point, PutPoint, PutRegion, Region
from nunatak.workspace.picks import save_image_picks, save_judgement
from nunatak.workspace.runs import add_run

TABLE = [
    {"threshold": 0.1, "precision": 0.5, "recall": 1.0, "f1": 0.67, "probability": 0.2},
    {"threshold": 0.9, "precision": 0.9, "recall": 0.5, "f1": 0.64, "probability": 0.9},
]


def mark(services: Services, *operations: PutPoint | PutRegion, version: int = 0) -> None:
    """Label the first image."""
    image = images_of(services.workspace)[0].id
    edit = Edit(id=f"edit-{version:06d}", base_version=version, operations=list(operations))
    save_edit(services.workspace, image, edit, "ada")


def region(kind: str, left: float, right: float) -> PutRegion:
    """A region over the full height."""
    outline = [[left, -0.5], [right, -0.5], [right, 299.0], [left, 299.0]]
    return PutRegion(
        operation="put_region", region=Region(id=f"region-{kind}", kind=kind, outline=outline)
    )


def decide(services: Services, number: int, said: dict[int, Decision]) -> None:
    """Say of candidates of a set whether they are kept."""
    decisions = [PickDecision(number=one, decision=word) for one, word in said.items()]
    save_review(services.workspace, number, Review(id="review-1", decisions=decisions), "ada")


def judge(
    services: Services, number: int, decision: list[str], probability: list[float] | None = None
) -> None:
    """Judge the candidates of the first image, as a pruning does."""
    save_judgement(
        services.workspace,
        number,
        images_of(services.workspace)[0].id,
        probability=np.array(probability or [0.5] * len(decision)),
        judged_class=["particle"] * len(decision),
        decision=decision,
    )


def point(x: float, kind: str = "particle") -> PutPoint:
    """A labelled place in the row of the candidates."""
    made = Point(
        id=f"point-{x:06.1f}".replace(".", "_"), kind=kind, x=x, y=50.0, class_name="particle"
    )
    return PutPoint(operation="put_point", point=made)


def the_set(client: Browser, number: int) -> dict[str, Any]:
    sets = client.get("/api/pick-sets").json()["pick_sets"]
    return next(one for one in sets if one["id"] == number)


def test_a_set_is_described_with_what_people_decided(client: Browser, services: Services) -> None:
    number = add_set(services, [0.9, 0.4])
    save_review(
        services.workspace,
        number,
        Review(id="review-1", decisions=[PickDecision(number=1, decision="reject", reason="ice")]),
        "ada",
    )
    (found,) = client.get("/api/pick-sets").json()["pick_sets"]
    assert found["id"] == number
    assert (found["candidates"], found["images"], found["kept"], found["rejected"]) == (2, 1, 0, 1)
    assert (found["is_pruned"], found["is_complete"], found["classes"]) == (
        False,
        False,
        ["particle"],
    )


def test_a_threshold_and_a_name_are_kept(client: Browser, services: Services) -> None:
    number = add_set(services, [0.9])
    changed = client.patch(f"/api/pick-sets/{number}", json={"threshold": 0.7, "name": "mine"})
    assert changed.json() == the_set(client, number)
    assert (changed.json()["threshold"], changed.json()["name"]) == (0.7, "mine")
    refused = client.patch(f"/api/pick-sets/{number}", json={"threshold": 1.5})
    assert refused.status_code == 422


def test_candidates_come_as_columns_the_best_first(client: Browser, services: Services) -> None:
    number = add_set(services, [0.3, 0.9])
    image, other = (one.id for one in images_of(services.workspace)[:2])
    found = client.get(f"/api/pick-sets/{number}/images/{image}").json()
    assert (found["x"], found["score"], found["number"]) == ([20.0, 0.0], [0.9, 0.3], [0, 1])
    assert found["is_picked"]
    assert found["z"] is found["class_index"] is found["judgement"] is None
    assert (found["said"], found["classes"]) == ([], ["particle"])
    assert not client.get(f"/api/pick-sets/{number}/images/{other}").json()["is_picked"]


def test_judgements_and_decisions_come_with_the_candidates(
    client: Browser, services: Services
) -> None:
    number = add_set(services, [0.9, 0.8])
    image = images_of(services.workspace)[0].id
    save_judgement(
        services.workspace,
        number,
        image,
        probability=np.array([0.7, np.nan]),
        judged_class=["particle", None],
        decision=["keep", "unjudged"],
    )
    said = [PickDecision(number=1, decision="reject", reason="ice")]
    save_review(services.workspace, number, Review(id="review-1", decisions=said), "ada")
    found = client.get(f"/api/pick-sets/{number}/images/{image}").json()
    assert found["judgement"] == {
        "verdict": [1, 0],
        "probability": [0.7, None],
        "class_index": [0, -1],
        "classes": ["particle"],
    }
    assert found["said"] == [{"number": 1, "decision": "reject", "reason": "ice", "by": "ada"}]
    assert the_set(client, number)["predicted_classes"] == ["particle"]


def test_what_is_not_there_is_not_found(client: Browser, services: Services) -> None:
    number = add_set(services, [0.9])
    for path in ("99/counts", "99/histogram", "99/images/1", f"{number}/images/99", "99/gallery"):
        assert client.get(f"/api/pick-sets/{path}").status_code == 404, path
    assert client.get(f"/api/pick-sets/compare?first={number}&second=99").status_code == 404


def test_a_histogram_counts_all_candidates(client: Browser, services: Services) -> None:
    number = add_set(services, [0.1, 0.6, 0.6, 1.0])
    found = client.get(f"/api/pick-sets/{number}/histogram").json()
    assert (sum(found["counts"]), len(found["edges"])) == (4, len(found["counts"]) + 1)
    selected = {one["threshold"]: one["selected"] for one in found["points"]}
    assert (selected[0.0], selected[0.5], selected[0.6], selected[1.0]) == (4, 3, 3, 1)
    assert found["precision_from"] is None
    assert found["points"][0]["precision"] is found["points"][0]["kept_precision"] is None


def test_precision_is_the_models_until_people_decide(client: Browser, services: Services) -> None:
    score = np.linspace(0.1, 0.9, 100).round(4).tolist()
    number = add_set(
        services, score, tables={"particle": TABLE}, x=np.linspace(0, 390, 100).tolist()
    )
    path = f"/api/pick-sets/{number}/histogram"
    by_model = client.get(path).json()
    assert "model's own estimate" in by_model["precision_from"]
    assert _at(by_model, 0.5)["precision"]["value"] == pytest.approx(0.66, abs=0.1)
    assert _at(by_model, 0.5)["kept_precision"] == _at(by_model, 0.5)["precision"]
    # By rank: the best 40 are right, the others are not.
    said = [
        PickDecision(number=rank, decision="keep" if rank < 40 else "reject") for rank in range(100)
    ]
    save_review(services.workspace, number, Review(id="review-1", decisions=said), "ada")
    by_people = client.get(path).json()
    assert "100 candidates" in by_people["precision_from"]
    low, middle = _at(by_people, 0.1)["precision"], _at(by_people, 0.7)["precision"]
    assert low["value"] == pytest.approx(0.4, abs=0.05)
    assert middle["value"] > 0.85
    assert low["low"] <= low["value"] <= low["high"]


def test_what_people_reject_is_not_counted_among_the_kept(
    client: Browser, services: Services
) -> None:
    score = np.linspace(0.1, 0.9, 100).round(4).tolist()
    # Half of all are right, the model says, whatever their score.
    table = [{**TABLE[0], "probability": 0.5}]
    number = add_set(
        services, score, x=np.linspace(0, 390, 100).tolist(), tables={"particle": table}
    )
    before = the_set(client, number)["stamp"]
    decide(services, number, {i: "keep" if i % 4 else "reject" for i in range(0, 100, 2)})
    assert the_set(client, number)["stamp"] > before
    found = client.get(f"/api/pick-sets/{number}/histogram").json()
    assert (sum(found["counts"]), sum(found["rejected"])) == (100, 25)
    everything = _at(found, 0.0)
    assert (everything["selected"], everything["kept"]) == (100, 75)
    assert everything["precision"]["value"] == pytest.approx(0.5, abs=0.02)
    # 25 that are right, and 50 of which half are.
    kept = everything["kept_precision"]
    assert kept["value"] == pytest.approx(2 / 3, abs=0.02)
    assert 0.5 < kept["low"] < kept["value"] < kept["high"] < 0.85
    # What a person keeps is kept whatever its score.
    assert _at(found, 1.0)["kept"] == 25
    assert _at(found, 1.0)["kept_precision"]["value"] == 1.0


def test_rejecting_junk_does_not_lower_the_precision_of_the_rest(
    client: Browser, services: Services
) -> None:
    score = np.linspace(0.5, 0.9, 100).round(4).tolist()
    table = [{**TABLE[0], "probability": 0.9}]
    number = add_set(
        services, score, x=np.linspace(0, 390, 100).tolist(), tables={"particle": table}
    )
    path = f"/api/pick-sets/{number}/histogram"
    before = _at(client.get(path).json(), 0.5)["precision"]
    decide(services, number, dict.fromkeys(range(0, 100, 10), "reject"))
    after = _at(client.get(path).json(), 0.5)
    assert after["precision"]["value"] == pytest.approx(before["value"])
    assert after["kept_precision"]["value"] == 1.0


def test_without_a_models_word_a_few_decisions_say_nothing_of_the_rest(
    client: Browser, services: Services
) -> None:
    number = add_set(services, np.linspace(0.1, 0.9, 100).round(4).tolist())
    decide(services, number, dict.fromkeys(range(30, 60), "reject"))
    here = _at(client.get(f"/api/pick-sets/{number}/histogram").json(), 0.0)
    assert here["precision"] is here["kept_precision"] is None


def test_words_in_a_completely_labelled_region_leave_it_a_sample(
    client: Browser, services: Services
) -> None:
    number = add_set(services, [0.9] * 40, x=[10.0 * i for i in range(40)])
    # Every other of the left half is right.
    mark(services, region("complete", -0.5, 198.0), *(point(20.0 * i) for i in range(10)))
    path = f"/api/pick-sets/{number}/histogram"
    before = _at(client.get(path).json(), 0.5)["precision"]
    assert before["value"] == pytest.approx(0.5, abs=0.05)
    decide(services, number, dict.fromkeys(range(1, 20, 2), "reject"))
    assert _at(client.get(path).json(), 0.5)["precision"] == before


def test_after_a_pruning_its_own_word_is_all_that_is_known(
    client: Browser, services: Services
) -> None:
    number = add_set(services, [0.9, 0.8, 0.7, 0.6], tables={"particle": TABLE})
    judge(services, number, ["keep", "keep", "review", "reject"], [0.95, 0.85, 0.5, 0.1])
    found = client.get(f"/api/pick-sets/{number}/histogram").json()
    assert found["kept_precision_from"].startswith("the pruning's own")
    assert (_at(found, 0.5)["kept"], _at(found, 0.5)["selected"]) == (3, 4)
    decide(services, number, {1: "reject", 3: "keep"})
    found = client.get(f"/api/pick-sets/{number}/histogram").json()
    assert "pruning's own" in found["kept_precision_from"]
    assert "model's own" in found["precision_from"]
    here = _at(found, 0.5)
    assert (here["selected"], here["kept"], sum(found["rejected"])) == (4, 3, 1)
    # A person asked for the last one.
    expected = pytest.approx((0.95 + 0.5 + 1.0) / 3)
    assert here["kept_precision"] == {"value": expected, "low": None, "high": None}
    # Where a share of junk was asked for, what is unsure is left out.
    judge(services, number, ["keep", "keep", "left out", "reject"], [0.95, 0.85, 0.5, 0.1])
    found = client.get(f"/api/pick-sets/{number}/histogram").json()
    assert (_at(found, 0.5)["kept"], sum(found["rejected"])) == (2, 2)
    assert _at(found, 0.5)["kept_precision"]["value"] == pytest.approx((0.95 + 1.0) / 2)
    shown = client.get(f"/api/pick-sets/{number}/gallery?selected_only=true").json()
    assert shown["total"] == 4


def test_a_completely_labelled_region_tells_what_is_right(
    client: Browser, services: Services
) -> None:
    score = [0.9] * 20
    number = add_set(services, score, x=[20.0 * i for i in range(20)])
    mark(services, region("complete", -0.5, 399.0), *(point(40.0 * i) for i in range(10)))
    found = client.get(f"/api/pick-sets/{number}/histogram").json()
    assert _at(found, 0.5)["precision"]["value"] == pytest.approx(0.5, abs=0.05)
    # Nobody rejected those that are wrong.
    assert _at(found, 0.5)["kept"] == 20
    assert _at(found, 0.5)["kept_precision"]["value"] == pytest.approx(0.5, abs=0.001)


def test_what_a_sets_model_may_have_learned_from_is_said_to_be(
    client: Browser, services: Services
) -> None:
    score, x = [0.9] * 20, [20.0 * i for i in range(20)]
    of_general, of_taught = (
        add_set(services, score, x=x, run=_begun(services, model)) for model in ("general", "run-1")
    )
    mark(services, region("complete", -0.5, 399.0), *(point(40.0 * i) for i in range(10)))
    sources = [
        client.get(f"/api/pick-sets/{number}/histogram").json()["precision_from"]
        for number in (of_general, of_taught)
    ]
    assert sources == [
        "what people said of 20 candidates of this set",
        "what people said of 20 candidates of this set, from 20 of which its model may have "
        "learned",
    ]


def _begun(services: Services, model: str) -> int:
    asked = {"kind": "pick", "model": model}
    return add_run(services.workspace, kind="pick", name=model, asked=asked, user="ada").id


def test_excluded_candidates_are_in_no_answer(client: Browser, services: Services) -> None:
    number = add_set(services, [0.9, 0.8, 0.7])  # at x 0, 20 and 40
    image = images_of(services.workspace)[0].id
    assert client.get(f"/api/pick-sets/{number}/gallery").json()["total"] == 3
    mark(services, region("exclude", 10.0, 30.0))
    found = client.get(f"/api/pick-sets/{number}/images/{image}").json()
    assert found["number"] == [0, 2]
    assert client.get(f"/api/pick-sets/{number}/gallery").json()["total"] == 2
    assert sum(client.get(f"/api/pick-sets/{number}/histogram").json()["counts"]) == 2


def test_two_sets_are_matched_within_half_a_radius(client: Browser, services: Services) -> None:
    # 160 Å at 4 Å a pixel: a radius of 20 px.
    first = add_set(services, [0.9, 0.9, 0.9, 0.1], x=[0.0, 100.0, 200.0, 300.0])
    second = add_set(services, [0.9, 0.9, 0.9], x=[9.0, 111.0, 300.0])
    found = client.get(f"/api/pick-sets/compare?first={first}&second={second}").json()
    assert (found["both"], found["only_first"], found["only_second"]) == (1, 2, 2)
    (here,) = found["images"]
    assert (here["both"], here["only_first"], here["only_second"]) == (1, 2, 2)


def test_a_set_is_compared_with_and_without_what_was_rejected(
    client: Browser, services: Services
) -> None:
    number = add_set(services, [0.9, 0.8, 0.7], x=[0.0, 100.0, 200.0])
    judge(services, number, ["keep", "reject", "reject"])
    decide(services, number, {2: "keep"})
    path = f"/api/pick-sets/compare?first={number}&second={number}"
    same = client.get(path).json()
    assert (same["both"], same["only_first"], same["only_second"]) == (3, 0, 0)
    found = client.get(f"{path}&second_kept=true").json()
    assert (found["both"], found["only_first"], found["only_second"]) == (2, 1, 0)
    found = client.get(f"{path}&first_kept=true").json()
    assert (found["both"], found["only_first"], found["only_second"]) == (2, 0, 1)


def test_an_image_without_candidates_is_compared_too(client: Browser, services: Services) -> None:
    first, second = add_set(services, [0.9]), add_set(services, [0.9])
    image = images_of(services.workspace)[1].id
    nothing = NewCandidates(x_px=np.empty(0), y_px=np.empty(0), score=np.empty(0))
    one = NewCandidates(x_px=np.array([5.0]), y_px=np.array([5.0]), score=np.array([0.9]))
    set_image_facts(services.workspace, image, shape=(300, 400), pixel_size_A=4.0)
    save_image_picks(services.workspace, first, image, nothing)
    save_image_picks(services.workspace, second, image, one)
    found = client.get(f"/api/pick-sets/compare?first={first}&second={second}").json()
    assert (found["both"], found["only_first"], found["only_second"]) == (1, 0, 1)


def test_a_hundred_thousand_candidates_are_shown_at_once(
    client: Browser, services: Services
) -> None:
    rng = np.random.default_rng(1)
    count = 100_000
    number = add_set(services, [0.9])
    image = images_of(services.workspace)[1].id
    many = NewCandidates(
        x_px=rng.uniform(0, 399, count), y_px=rng.uniform(0, 299, count), score=rng.random(count)
    )
    save_image_picks(services.workspace, number, image, many)
    paths = [f"gallery?order={order}" for order in ("score", "doubt", "class")]
    client.get(f"/api/pick-sets/{number}/histogram")  # reads them
    for path in paths:
        url = f"/api/pick-sets/{number}/{path}&selected_only=false"
        found = client.get(url).json()
        assert (found["total"], len(found["items"])) == (count + 1, 100)
        assert processor_seconds(partial(client.get, url)) < 0.3, path
    url = f"/api/pick-sets/{number}/histogram"
    assert sum(client.get(url).json()["counts"]) == count + 1
    assert processor_seconds(partial(client.get, url)) < 0.3


def _at(histogram: dict, threshold: float) -> dict:
    return next(one for one in histogram["points"] if one["threshold"] == threshold)


def test_picks_on_skipped_images_do_not_count(client: Browser, services: Services) -> None:
    number = add_set(services, [0.9, 0.8, 0.2])
    image = images_of(services.workspace)[0].id
    kept = []
    for state in ("new", "skipped", "new"):
        client.patch(f"/api/images/{image}", json={"state": state})
        answer = client.get(f"/api/pick-sets/{number}/histogram").json()
        kept.append(answer["points"][0]["kept"])
    assert kept == [3, 0, 3]
