import numpy as np
import pytest
from quickest import processor_seconds

from nunatak.errors import BadInput, Mismatch
from nunatak.workspace.changes import changes_since, last_number
from nunatak.workspace.columns import JUDGED, NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import Review, decisions_of, save_review
from nunatak.workspace.errors import NotFound
from nunatak.workspace.pick_counts import PickCount, count_picks
from nunatak.workspace.pick_sets import add_pick_set, change_pick_set, pick_set_of, pick_sets_of
from nunatak.workspace.picks import (
    all_picks,
    image_picks,
    picked_images,
    save_image_picks,
    save_judgement,
)


def found(*scores: float) -> NewCandidates:
    score = np.array(scores, dtype=np.float32)
    return NewCandidates(x_px=10.0 * np.arange(len(score)), y_px=np.zeros(len(score)), score=score)


@pytest.fixture
def picked(workspace: Workspace) -> Workspace:
    """Pick set 1: three candidates on image 1, none on image 2, image 3 not picked yet."""
    add_pick_set(
        workspace, name="general", threshold=0.5, classes=["particle"], provenance={"step": 7}
    )
    save_image_picks(workspace, 1, 1, found(0.25, 0.75, 0.5))
    save_image_picks(workspace, 1, 2, found())
    return workspace


def test_candidates_come_best_first_with_their_numbers(picked: Workspace) -> None:
    columns = image_picks(picked, 1, 1)
    assert columns is not None
    assert columns.number.tolist() == [0, 1, 2]
    assert columns.score.tolist() == [0.75, 0.5, 0.25]
    assert columns.x_px.tolist() == [10, 20, 0]
    assert columns.class_index.tolist() == [0, 0, 0]
    assert columns.z_px is columns.probability is columns.judged is columns.judged_index is None
    assert columns.positions_px.tolist() == [[10, 0], [20, 0], [0, 0]]
    assert len(columns) == 3


def test_an_image_without_candidates_is_not_one_that_waits(picked: Workspace) -> None:
    empty = image_picks(picked, 1, 2)
    assert empty is not None
    assert len(empty) == 0
    assert image_picks(picked, 1, 3) is None
    assert picked_images(picked, 1) == {1, 2}
    assert count_picks(picked, 1) == {1: PickCount(2, 0), 2: PickCount(0, 0)}


def test_a_set_knows_what_it_is(picked: Workspace) -> None:
    record = pick_set_of(picked, 1)
    assert (record.name, record.threshold, record.classes) == ("general", 0.5, ("particle",))
    assert (record.candidates, record.images, record.is_complete) == (3, 2, False)
    assert record.provenance == {"step": 7}
    add_pick_set(picked, name="second", threshold=0.3, classes=["a", "b"])
    assert [one.name for one in pick_sets_of(picked)] == ["second", "general"]


def test_numbers_go_on_and_never_change(picked: Workspace) -> None:
    assert save_image_picks(picked, 1, 3, found(0.9, 0.8))
    assert not save_image_picks(picked, 1, 1, found(0.1))
    picks = all_picks(picked, 1)
    assert {image: one.number.tolist() for image, one in picks.items()} == {
        1: [0, 1, 2],
        2: [],
        3: [3, 4],
    }


def test_changes_of_a_set_stay_and_are_told(picked: Workspace) -> None:
    before, stamp = last_number(picked), pick_set_of(picked, 1).stamp
    changed = change_pick_set(picked, 1, threshold=0.75, is_complete=True)
    assert (changed.threshold, changed.is_complete, changed.name) == (0.75, True, "general")
    assert change_pick_set(picked, 1, name="best", is_complete=False).is_complete is False
    assert pick_set_of(picked, 1).threshold == 0.75
    assert pick_set_of(picked, 1).stamp == stamp + 2
    assert [(one.about, one.id) for one in changes_since(picked, before)] == [("picks", 1)] * 2
    assert count_picks(picked, 1) == {1: PickCount(1, 0), 2: PickCount(0, 0)}


def test_candidates_of_tomograms_have_a_z(tomograms: Workspace) -> None:
    add_pick_set(tomograms, name="general", threshold=0.5, classes=["a", "b"])
    save_image_picks(
        tomograms,
        1,
        1,
        NewCandidates(
            x_px=np.array([1.0, 2.0]),
            y_px=np.array([3.0, 4.0]),
            z_px=np.array([5.0, 6.0]),
            score=np.array([0.1, 0.9]),
            class_index=np.array([0, 1]),
        ),
    )
    columns = image_picks(tomograms, 1, 1)
    assert columns is not None
    assert columns.positions_px.tolist() == [[2, 4, 6], [1, 3, 5]]
    assert columns.class_index.tolist() == [1, 0]
    with pytest.raises(BadInput, match="without z"):
        save_image_picks(tomograms, 1, 1, found(0.5))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"z_px": np.zeros(2)}, "with z"),
        ({"y_px": np.zeros(3)}, "different lengths"),
        ({"score": np.array([0.5, np.nan])}, "finite"),
        ({"x_px": np.array([0.5, np.inf])}, "finite"),
        ({"class_index": np.array([0, 1])}, "beyond the 1"),
        ({"class_index": np.array([0, -1])}, "beyond the 1"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    workspace: Workspace, wrong: dict[str, np.ndarray], said: str
) -> None:
    add_pick_set(workspace, name="general", threshold=0.5, classes=["particle"])
    columns = {"x_px": np.zeros(2), "y_px": np.zeros(2), "score": np.zeros(2), **wrong}
    with pytest.raises(BadInput, match=said):
        save_image_picks(workspace, 1, 1, NewCandidates(**columns))
    assert picked_images(workspace, 1) == set()


def test_a_set_needs_a_class(workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="no class"):
        add_pick_set(workspace, name="general", threshold=0.5, classes=[])


def test_unknown_sets_and_images_are_reported(picked: Workspace) -> None:
    for ask in (pick_set_of, all_picks, picked_images, count_picks, decisions_of):
        with pytest.raises(NotFound, match="no pick set 9"):
            ask(picked, 9)
    with pytest.raises(NotFound, match="no image 9"):
        image_picks(picked, 1, 9)
    with pytest.raises(NotFound, match="no pick set 9"):
        change_pick_set(picked, 9, name="x")


def judge(workspace: Workspace, probability: list[float]) -> None:
    save_judgement(
        workspace,
        1,
        1,
        probability=np.array(probability),
        judged_class=["particle", "ice", None],
        decision=["keep", "reject", "unjudged"],
    )


def test_a_judgement_stands_beside_the_candidates(picked: Workspace) -> None:
    judge(picked, [0.5, 0.5, 0.5])
    judge(picked, [0.9, 0.1, np.nan])
    columns, record = image_picks(picked, 1, 1), pick_set_of(picked, 1)
    assert record.is_pruned
    assert record.judged_classes == ("particle", "ice")
    assert columns is not None
    assert columns.probability is not None
    assert columns.judged is not None
    assert columns.judged_index is not None
    np.testing.assert_array_equal(columns.probability, [0.9, 0.1, np.nan])
    assert columns.judged_index.tolist() == [0, 1, -1]
    assert [JUDGED[one] for one in columns.judged] == ["keep", "reject", "unjudged"]
    assert all_picks(picked, 1)[2].probability is None


def test_a_judgement_that_cannot_be_is_refused(picked: Workspace) -> None:
    with pytest.raises(BadInput, match="between 0 and 1"):
        judge(picked, [0.9, 1.1, np.nan])
    with pytest.raises(Mismatch, match="2 candidates for an image with 3"):
        save_judgement(
            picked, 1, 1, probability=np.ones(2), judged_class=["a", "a"], decision=["keep"] * 2
        )
    with pytest.raises(Mismatch, match="1 candidates for an image with 0"):
        save_judgement(picked, 1, 3, probability=np.ones(1), judged_class=["a"], decision=["keep"])
    with pytest.raises(BadInput, match="'good' is not known"):
        save_judgement(
            picked, 1, 1, probability=np.ones(3), judged_class=["a"] * 3, decision=["good"] * 3
        )
    assert not pick_set_of(picked, 1).is_pruned


def review(name: str, *decisions: tuple[int, str | None, str | None]) -> Review:
    return Review.model_validate(
        {
            "id": f"review-{name}",
            "decisions": [
                {"number": number, "decision": said, "reason": reason}
                for number, said, reason in decisions
            ],
        }
    )


def test_decisions_are_found_again_and_the_last_word_counts(picked: Workspace) -> None:
    save_review(picked, 1, review("one", (0, "keep", None), (2, "reject", "ice")), "maria")
    assert decisions_of(picked, 1) == {0: ("keep", None), 2: ("reject", "ice")}
    save_review(picked, 1, review("two", (0, "reject", "carbon"), (2, None, None)), "paul")
    with Workspace(picked.folder) as again:
        assert decisions_of(again, 1) == {0: ("reject", "carbon")}


def test_a_review_that_is_sent_again_changes_nothing(picked: Workspace) -> None:
    first = review("one", (0, "keep", None))
    save_review(picked, 1, first, "maria")
    save_review(picked, 1, review("two", (0, "reject", None)), "paul")
    stamp = pick_set_of(picked, 1).stamp
    save_review(picked, 1, first, "maria")
    assert decisions_of(picked, 1) == {0: ("reject", None)}
    assert pick_set_of(picked, 1).stamp == stamp
    with pytest.raises(BadInput, match="another content"):
        save_review(picked, 1, review("one", (1, "keep", None)), "maria")


def test_a_review_of_a_candidate_that_is_not_there_saves_nothing(picked: Workspace) -> None:
    with pytest.raises(BadInput, match="no candidate 3"):
        save_review(picked, 1, review("one", (0, "keep", None), (3, "keep", None)), "maria")
    assert decisions_of(picked, 1) == {}


def test_a_pruning_leaves_decisions_of_people_alone(picked: Workspace) -> None:
    save_review(picked, 1, review("one", (1, "keep", None)), "maria")
    judge(picked, [0.9, 0.1, 0.5])
    assert decisions_of(picked, 1) == {1: ("keep", None)}


def test_very_many_candidates_are_read_at_once(
    workspace: Workspace, rng: np.random.Generator
) -> None:
    count = 100_000
    add_pick_set(workspace, name="general", threshold=0.5, classes=["particle"])
    x, y, score = rng.random((3, count))
    save_image_picks(workspace, 1, 1, NewCandidates(x_px=x, y_px=y, score=score))
    assert processor_seconds(lambda: image_picks(workspace, 1, 1)) < 0.3
    columns = image_picks(workspace, 1, 1)
    assert columns is not None
    np.testing.assert_array_equal(columns.score, np.sort(score)[::-1])


def test_a_column_of_the_wrong_length_is_damage(picked: Workspace) -> None:
    with picked.writing() as connection:
        connection.execute("UPDATE candidates SET x = x'00' WHERE image = 1")
    with pytest.raises(BadInput, match="damaged"):
        image_picks(picked, 1, 1)


def test_no_two_sets_have_one_name(workspace: Workspace) -> None:
    def add(name: str) -> str:
        number = add_pick_set(workspace, name=name, threshold=0.5, classes=["particle"])
        return pick_set_of(workspace, number).name

    assert [add("Model 1"), add("model 1"), add("Model 1")] == [
        *("Model 1", "model 1 (2)", "Model 1 (3)")
    ]
    assert [add("x" * 80), add("x" * 80)] == ["x" * 80, "x" * 76 + " (2)"]
    assert change_pick_set(workspace, 3, name="MODEL 1").name == "MODEL 1 (3)"
    assert change_pick_set(workspace, 1, name="MODEL 1").name == "MODEL 1"
    assert change_pick_set(workspace, 1, threshold=0.4).name == "MODEL 1"
