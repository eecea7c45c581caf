import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput
from nunatak.picks.table import PickSet
from nunatak.reports.summary import short_names, summarise


def pick_set(counts: dict[str, list[float]]) -> PickSet:
    """Picks with the given scores on each image, images without a score among them."""
    rows = [(image, 0.0, 0.0, score) for image, scores in counts.items() for score in scores]
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px", "score"])
    return PickSet(table, images=tuple(counts))


def test_counts_follow_the_threshold_and_keep_empty_images() -> None:
    summary = summarise(pick_set({"b": [0.9, 0.2], "a": [], "c": [0.5]}), threshold=0.5)
    assert [(one.image, one.selected, one.candidates) for one in summary.counts] == [
        ("b", 1, 2),
        ("a", 0, 0),
        ("c", 1, 1),
    ]
    assert [one.mean_score for one in summary.counts] == pytest.approx(
        [0.9, np.nan, 0.5], nan_ok=True
    )
    assert summary.n_selected == 2


def test_landmarks_rank_by_count_then_by_mean_score() -> None:
    summary = summarise(
        pick_set({"a": [0.9], "b": [0.6, 0.7], "c": [0.8, 0.9], "d": [], "e": [0.5]}), threshold=0.0
    )
    assert [one.image for one in summary.ranked] == ["d", "e", "a", "b", "c"]
    roles = {role: one.image for role, one in summary.landmarks.items()}
    assert roles == {"best": "c", "median": "a", "worst": "d"}


@pytest.mark.parametrize(
    ("counts", "roles"),
    [({}, []), ({"a": [0.5]}, ["best"]), ({"a": [0.5], "b": []}, ["best", "worst"])],
)
def test_few_images_have_fewer_landmarks(counts: dict[str, list[float]], roles: list[str]) -> None:
    assert list(summarise(pick_set(counts), threshold=0.1).landmarks) == roles


def test_without_a_threshold_the_tables_own_selection_counts() -> None:
    picks = pick_set({"a": [0.9, 0.2]})
    assert summarise(picks, threshold=None).n_selected == 2
    picks.table["selected"] = [False, True]
    assert summarise(picks, threshold=None).n_selected == 1
    assert summarise(picks, threshold=0.1).n_selected == 2
    kept = summarise(picks, threshold=0.1, keep_selection=True)
    assert (kept.n_selected, kept.threshold) == (1, 0.1)


def test_failed_images_are_not_counted_as_empty() -> None:
    summary = summarise(pick_set({"a": [0.9], "broken": []}), threshold=0.5, without=["broken"])
    assert [one.image for one in summary.counts] == ["a"]


def test_a_threshold_needs_scores() -> None:
    picks = pick_set({"a": [0.9, np.nan]})
    with pytest.raises(BadInput, match=r"1 of 2 picks have no score, to which the threshold 0\.5"):
        summarise(picks, threshold=0.5)
    unscored = PickSet(picks.table.drop(columns="score"))
    assert not summarise(unscored, threshold=None).is_scored


def test_short_names_keep_what_tells_images_apart() -> None:
    assert short_names(["/d/a.mrc", "/d/b.mrc"]) == {"/d/a.mrc": "a.mrc", "/d/b.mrc": "b.mrc"}
    assert short_names(["a.mrc", "/d/b.mrc"]) == {"a.mrc": "a.mrc", "/d/b.mrc": "/d/b.mrc"}
    assert short_names([]) == {}
