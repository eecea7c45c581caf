import numpy as np
import pandas as pd

from nunatak.reports.galleries import IMAGES_OPENED, PICKS_SHOWN
from nunatak.reports.pruning_galleries import Opened, choose_galleries


def table_of(
    probability: np.ndarray, image: np.ndarray, predicted_class: np.ndarray | str
) -> pd.DataFrame:
    decision = np.select([probability >= 0.6, probability >= 0.2], ["keep", "review"], "reject")
    return pd.DataFrame(
        {
            "image": image.astype(str),
            "probability": probability,
            "predicted_class": predicted_class,
            "decision": decision,
        }
    )


def test_each_gallery_shows_what_its_title_says(rng: np.random.Generator) -> None:
    probability = rng.permutation(1000) / 1000
    kinds = np.where(probability >= 0.2, "particle", rng.choice(["ice", "off_centre"], 1000))
    table = table_of(probability, np.zeros(1000), kinds)
    galleries = {one.title: one.rows for one in choose_galleries(table, Opened([]))}
    assert set(galleries) == {
        "Kept: particle",
        "Borderline: particle",
        "Rejected: ice",
        "Rejected: off centre",
    }
    for title, rows in galleries.items():
        assert len(rows) == PICKS_SHOWN
        assert rows["decision"].nunique() == rows["predicted_class"].nunique() == 1
        assert rows["probability"].is_monotonic_decreasing
        assert title.endswith(rows["predicted_class"].iloc[0].replace("_", " "))
    assert galleries["Kept: particle"]["probability"].iloc[[0, -1]].tolist() == [0.999, 0.6]


def test_classes_with_the_most_picks_come_first_and_unjudged_picks_not_at_all() -> None:
    kinds = np.array(["gold"] * 2 + ["ice"] * 5 + ["unjudged"])
    table = table_of(np.array([0.1] * 7 + [np.nan]), np.zeros(8), kinds)
    table.loc[7, "decision"] = "unjudged"
    titles = [one.title for one in choose_galleries(table, Opened([]))]
    assert titles == ["Rejected: ice", "Rejected: gold"]
    assert choose_galleries(table.iloc[:0], Opened([])) == []


def test_all_galleries_together_need_few_micrographs(rng: np.random.Generator) -> None:
    classes = np.array(["particle", "ice", "carbon", "gold", "aggregate", "empty"])
    table = table_of(
        rng.uniform(size=20_000), rng.integers(0, 400, 20_000), rng.choice(classes, 20_000)
    )
    galleries = choose_galleries(table, Opened(["7", "8"]))
    images = pd.concat([one.rows["image"] for one in galleries])
    assert len(galleries) == 2 + 4 + 6
    assert images.nunique() <= 2 * IMAGES_OPENED
    assert {"7", "8"} <= set(images)


def test_a_class_that_lives_elsewhere_is_shown_from_there() -> None:
    image = np.repeat(np.arange(20), 5)
    kinds = np.where(image == 19, "gold", "ice")
    galleries = choose_galleries(table_of(np.full(100, 0.1), image, kinds), Opened(["0"]))
    assert set(galleries[1].rows["image"]) == {"19"}
