import numpy as np
import pandas as pd

from nunatak.picks.table import PickSet
from nunatak.reports.galleries import IMAGES_OPENED, PICKS_SHOWN, Gallery, choose_galleries
from nunatak.reports.summary import summarise


def galleries_of(
    score: np.ndarray, image: np.ndarray, threshold: float | None
) -> dict[str, Gallery]:
    table = pd.DataFrame({"image": image.astype(str), "x_px": 0.0, "y_px": 0.0, "score": score})
    galleries = choose_galleries(summarise(PickSet(table), threshold=threshold))
    return {gallery.title: gallery for gallery in galleries}


def test_each_gallery_shows_what_its_title_says(rng: np.random.Generator) -> None:
    score = rng.permutation(1000) / 1000
    galleries = galleries_of(score, np.zeros(1000), threshold=0.5)
    assert galleries["Highest"].rows["score"].tolist() == [1 - n / 1000 for n in range(1, 25)]
    borderline = galleries["Borderline"].rows
    assert borderline["score"].tolist() == [(511 - n) / 1000 for n in range(24)]
    assert borderline["selected"].tolist() == [True] * 12 + [False] * 12
    rejected = galleries["Rejected"].rows
    assert not set(rejected.index) & set(borderline.index)
    assert rejected["score"].iloc[[0, -1]].tolist() == [0.487, 0.0]
    assert np.ptp(np.diff(rejected["score"])) < 0.002


def test_galleries_need_few_micrographs_and_little_room(rng: np.random.Generator) -> None:
    galleries = galleries_of(rng.uniform(size=5000), rng.integers(0, 500, 5000), threshold=0.5)
    assert list(galleries) == ["Highest", "Borderline", "Rejected"]
    for gallery in galleries.values():
        assert gallery.rows["image"].nunique() <= IMAGES_OPENED
        assert len(gallery.rows) <= PICKS_SHOWN


def test_what_does_not_exist_has_no_gallery() -> None:
    assert list(galleries_of(np.array([0.8, 0.9]), np.zeros(2), threshold=0.5)) == ["Highest"]
    assert list(galleries_of(np.array([0.1]), np.zeros(1), threshold=0.5)) == ["Borderline"]
    assert galleries_of(np.array([]), np.array([]), threshold=0.5) == {}


def test_picks_rejected_at_the_border_are_not_borderline() -> None:
    table = pd.DataFrame({"image": "a", "x_px": 0.0, "y_px": 0.0, "score": [0.9, 0.8, 0.6, 0.3]})
    table["selected"] = [False, True, True, False]
    summary = summarise(PickSet(table), threshold=0.5, keep_selection=True)
    galleries = {gallery.title: gallery for gallery in choose_galleries(summary)}
    assert galleries["Borderline"].rows["score"].tolist() == [0.8, 0.6, 0.3]
    assert galleries["Rejected"].rows["score"].tolist() == [0.9]


def test_picks_without_scores_are_sampled() -> None:
    galleries = galleries_of(np.full(100, np.nan), np.repeat(np.arange(50), 2), threshold=None)
    rows = galleries["Picks"].rows
    assert set(rows["image"]) == {"0", "7", "14", "21", "28", "35", "42", "49"}
