import numpy as np
import pytest
from workspace_edits import edit, point, put, put_region, remove

from nunatak.workspace.changes import changes_since, last_number
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import PickDecision, Review, save_review
from nunatak.workspace.errors import NotFound
from nunatak.workspace.exchange import picks_as_table
from nunatak.workspace.images import images_of
from nunatak.workspace.labels import save_edit
from nunatak.workspace.pick_counts import PickCount, count_picks
from nunatak.workspace.pick_sets import add_pick_set, change_pick_set
from nunatak.workspace.picks import save_image_picks, save_judgement

LEFT = [[-1.0, -1.0], [15.0, -1.0], [15.0, 20.0], [-1.0, 20.0]]
"""Around the first two candidates."""


def found(*scores: float) -> NewCandidates:
    """Candidates at x = 0, 10, 20 and so on, the best first."""
    score = np.array(scores)
    return NewCandidates(x_px=10.0 * np.arange(len(score)), y_px=np.zeros(len(score)), score=score)


@pytest.fixture
def picked(workspace: Workspace) -> Workspace:
    """Set 1: five candidates on image 1, numbers 0 to 4, two on image 2, image 3 not picked."""
    add_pick_set(workspace, name="general", threshold=0.5, classes=["particle"])
    save_image_picks(workspace, 1, 1, found(0.9, 0.8, 0.7, 0.6, 0.1))
    save_image_picks(workspace, 1, 2, found(0.9, 0.2))
    return workspace


def decide(workspace: Workspace, **words: str | None) -> None:
    """Decide about candidates, as ``n3="keep"``."""
    decisions = [
        PickDecision.model_validate({"number": int(name[1:]), "decision": word})
        for name, word in words.items()
    ]
    number = last_number(workspace)
    save_review(workspace, 1, Review(id=f"review-{number:04d}", decisions=decisions), "maria")


def judge(workspace: Workspace, *words: str) -> None:
    probability = np.full(len(words), 0.5)
    kinds = ["particle"] * len(words)
    save_judgement(workspace, 1, 1, probability=probability, judged_class=kinds, decision=words)


def test_picks_from_the_threshold_on_are_counted(picked: Workspace) -> None:
    assert count_picks(picked, 1) == {1: PickCount(4, 0), 2: PickCount(1, 0)}
    change_pick_set(picked, 1, threshold=0.7)
    assert count_picks(picked, 1) == {1: PickCount(3, 0), 2: PickCount(1, 0)}
    assert count_picks(picked, 1, [2, 3]) == {2: PickCount(1, 0)}
    assert count_picks(picked, 1, []) == {}


def test_a_persons_word_goes_before_a_prunings(picked: Workspace) -> None:
    judge(picked, "reject", "reject", "review", "keep", "unjudged")
    assert count_picks(picked, 1)[1] == PickCount(2, 2)
    decide(picked, n0="keep", n2="reject", n4="keep", n6="keep")
    assert count_picks(picked, 1) == {1: PickCount(3, 2), 2: PickCount(2, 0)}
    decide(picked, n0=None)
    assert count_picks(picked, 1)[1] == PickCount(2, 3)


def test_what_is_excluded_is_no_pick_whatever_anybody_said(picked: Workspace) -> None:
    judge(picked, "keep", "reject", "reject", "keep", "keep")
    decide(picked, n0="keep")
    save_edit(picked, 1, edit(0, put_region("1", LEFT, kind="complete")), "maria")
    assert count_picks(picked, 1)[1] == PickCount(2, 2)
    save_edit(picked, 1, edit(1, put_region("1", LEFT)), "maria")
    assert count_picks(picked, 1)[1] == PickCount(1, 1)
    save_edit(picked, 1, edit(2, remove("region-0001")), "maria")
    assert count_picks(picked, 1)[1] == PickCount(2, 2)


def test_slices_bound_an_excluded_region(tomograms: Workspace) -> None:
    add_pick_set(tomograms, name="general", threshold=0.5, classes=["particle"])
    x = np.array([5.0, 5.0, 5.0])
    candidates = NewCandidates(x_px=x, y_px=x, z_px=np.array([1.0, 5.0, 9.0]), score=x / 5)
    save_image_picks(tomograms, 1, 1, candidates)
    save_edit(tomograms, 1, edit(0, put_region("1", LEFT, z_low=0.0, z_high=5.0)), "maria")
    assert count_picks(tomograms, 1) == {1: PickCount(1, 0)}


def test_counts_are_those_of_the_file_that_is_exported(picked: Workspace) -> None:
    judge(picked, "reject", "keep", "review", "keep", "unjudged")
    decide(picked, n1="reject", n4="keep", n5="reject", n6="keep")
    points = put(point("1", 10, 10))
    save_edit(picked, 2, edit(0, *points, put_region("1", LEFT)), "maria")
    names = picks_as_table(picked, 1, "kept").table["image"].value_counts()
    counts = count_picks(picked, 1)
    for image in images_of(picked)[:2]:
        assert counts[image.id].kept == names.get(image.path, 0)


def test_what_a_pruning_leaves_out_is_no_pick_until_a_person_keeps_it(picked: Workspace) -> None:
    judge(picked, "keep", "left out", "left out", "reject", "left out")
    assert count_picks(picked, 1)[1] == PickCount(1, 1)
    assert picks_as_table(picked, 1, "kept").table["x_px"].tolist() == [0, 0]
    decide(picked, n1="keep", n2="reject")
    assert count_picks(picked, 1)[1] == PickCount(2, 2)
    assert picks_as_table(picked, 1, "kept").table["x_px"].tolist() == [0, 10, 0]
    # They are still there, in the words of `nunatak prune`.
    said = picks_as_table(picked, 1, "all").table["decision"].tolist()
    assert said[:5] == ["keep", "keep", "reject", "reject", "review"]


def test_many_images_are_counted_as_few_are(
    picked: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = count_picks(picked, 1, [1, 2])
    monkeypatch.setattr("nunatak.workspace.pick_counts._SINGLY", 1)
    assert count_picks(picked, 1, [1, 2]) == few == count_picks(picked, 1)


def test_an_unknown_set_is_reported(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        count_picks(workspace, 9)


def test_a_few_decisions_are_told_of_where_they_are(
    picked: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[int | None]:
        changes = changes_since(picked, before)
        return [one.image for one in changes if (one.about, one.id) == ("picks", 1)]

    before = last_number(picked)
    decide(picked, n4="keep", n5="keep", n6="keep")
    assert told() == [1, 2]
    before = last_number(picked)
    decide(picked, n0="keep")
    assert told() == [1]
    before = last_number(picked)
    monkeypatch.setattr("nunatak.workspace.decisions._NAMED_SINGLY", 1)
    decide(picked, n0="reject", n1="reject")
    assert told() == [None]
