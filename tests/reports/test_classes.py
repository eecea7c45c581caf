import numpy as np
import pandas as pd

from nunatak.picks.table import PickSet
from nunatak.reports.classes import count_classes
from nunatak.reports.galleries import CLASSES_SHOWN, choose_galleries
from nunatak.reports.summary import summarise


def pick_set(classes: list[str | None], score: list[float], selected: list[bool]) -> PickSet:
    return PickSet(
        pd.DataFrame(
            {
                "image": "a",
                "x_px": 0.0,
                "y_px": 0.0,
                "score": score,
                "selected": selected,
                "class_name": classes,
                "diameter_A": [100.0 * len(name or "") for name in classes],
            }
        )
    )


def test_each_class_is_counted_with_its_own_lowest_score() -> None:
    picks = pick_set(
        ["ab", "c", "ab", "ab", None, "c"],
        [0.9, 0.3, 0.7, 0.5, 0.2, 0.2],
        [True, True, True, False, False, False],
    )
    counted = count_classes(summarise(picks, threshold=None).table)
    assert [(one.name, one.selected, one.candidates) for one in counted] == [
        ("ab", 2, 3),
        ("c", 1, 2),
        ("no class", 0, 1),
    ]
    assert [one.lowest_score for one in counted[:2]] == [0.7, 0.3]
    assert counted[0].mean_score == 0.8
    assert counted[0].diameter_A == 200.0
    assert np.isnan(counted[2].mean_score)


def test_one_class_is_no_classes() -> None:
    picks = pick_set(["c"] * 3, [0.1] * 3, [True] * 3)
    assert count_classes(summarise(picks, threshold=None).table) == ()


def test_each_class_has_its_own_galleries() -> None:
    picks = pick_set(["a", "b", "a", "b"], [0.9, 0.3, 0.8, 0.2], [True, True, False, False])
    galleries = choose_galleries(summarise(picks, threshold=None))
    # What is selected in one class may score less than what is not in another.
    assert {one.title: one.rows["score"].tolist() for one in galleries} == {
        "a: highest": [0.9],
        "a: borderline": [0.9, 0.8],
        "b: highest": [0.3],
        "b: borderline": [0.3, 0.2],
    }


def test_classes_without_scores_are_sampled_and_many_are_cut() -> None:
    names: list[str | None] = [f"k{number:02}" for number in range(CLASSES_SHOWN + 3)]
    picks = pick_set(names, [np.nan] * len(names), [True] * len(names))
    galleries = choose_galleries(summarise(picks, threshold=None))
    assert [one.title for one in galleries] == [f"k{n:02}: picks" for n in range(CLASSES_SHOWN)]
