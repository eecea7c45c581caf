import pandas as pd

from nunatak.reports.pictures import Overview, Pictures
from nunatak.reports.pruning_micrographs import (
    Change,
    changes_of,
    landmarks,
    panel_of,
    table_row,
    worst_first,
)


def change(image: str, kept: int, rejected: int, *, unjudged: int = 0) -> Change:
    return Change(image, image, kept + rejected + unjudged, kept, 0, rejected, unjudged, "ice")


def test_counts_and_the_commonest_class_of_each_micrograph() -> None:
    table = pd.DataFrame(
        {
            "image": ["g/a.mrc"] * 4 + ["g/b.mrc"],
            "predicted_class": ["particle", "ice", "off_centre", "off_centre", "particle"],
            "decision": ["keep", "reject", "reject", "reject", "review"],
        }
    )
    counts = pd.DataFrame(
        {
            "image": ["g/a.mrc", "g/b.mrc", "g/none.mrc"],
            "picks": [4, 1, 0],
            "keep": [1, 0, 0],
            "review": [0, 1, 0],
            "reject": [3, 0, 0],
            "unjudged": 0,
        }
    )
    first, second, third = changes_of(table, counts)
    assert table_row(first) == ("a.mrc", "4", "1", "0", "3", "25 %", "off centre")
    assert table_row(second) == ("b.mrc", "1", "0", "1", "0", "0 %", "–")
    assert (third.before, third.mostly) == (0, "")


def test_the_worst_are_those_that_surely_lost_most() -> None:
    changes = (
        change("few", 0, 1),
        change("many", 20, 80),
        change("good", 95, 5),
        change("unjudged", 0, 0, unjudged=9),
    )
    assert [one.image for one in worst_first(changes)] == ["many", "few", "good"]
    assert {role: one.image for role, one in landmarks(changes).items()} == {
        "worst": "many",
        "median": "few",
        "best": "good",
    }
    assert {role: one.image for role, one in landmarks(changes[:2]).items()} == {
        "worst": "many",
        "best": "few",
    }
    assert list(landmarks(changes[:1])) == ["worst"]
    assert landmarks(changes[3:]) == {}


def test_a_panel_has_a_layer_a_decision() -> None:
    picks = pd.DataFrame(
        {
            "x_px": [10.0, 20.0, 30.0],
            "y_px": [1.0, 2.0, 3.0],
            "diameter_A": 40.0,
            "probability": [0.1, 0.4, 0.9],
            "predicted_class": ["off_centre", "particle", "particle"],
            "decision": ["reject", "review", "keep"],
        }
    )
    pictures = Pictures(overviews={"a": (Overview("data:,", (100, 100), 2.0),)})
    one = Change("a", "a", 3, 1, 1, 1, 0, "off centre")
    panel = panel_of("worst", one, picks, pictures)
    assert panel.counts == "1 kept of 3 picks, 1 to review, 1 rejected"
    layers = {layer.kind: layer.circles for layer in panel.views[0].layers}
    assert list(layers) == ["selected", "review", "rejected"]
    (rejected,) = layers["rejected"]
    # 40 Å across are a radius of 10 pixels of 2 Å; SVG counts from the pixel's edge.
    assert (rejected.x, rejected.y, rejected.radius) == (10.5, 1.5, 10.0)
    assert rejected.label == "off centre 0.100"
