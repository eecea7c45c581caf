import re

import numpy as np
import pytest

from nunatak.reports.pruning_map import MOST_DOTS, draw_map, principal_plane


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)h0", path)]


def test_the_plane_is_that_of_the_greatest_variance(rng: np.random.Generator) -> None:
    spread = np.array([0.1, 5.0, 0.2, 3.0])
    embedding = (rng.normal(size=(2000, 4)) * spread + 7).astype(np.float32)
    place, share = principal_plane(embedding)
    for axis, column in enumerate((1, 3)):
        correlation = np.corrcoef(place[:, axis], embedding[:, column])[0, 1]
        assert correlation > 0.999  # the sign is settled, too
    assert share == pytest.approx(34 / 34.05, abs=1e-3)


def test_picks_that_were_not_seen_are_not_drawn(rng: np.random.Generator) -> None:
    embedding = rng.normal(size=(10, 3)).astype(np.float32)
    embedding[0] = np.nan
    decision = np.array([""] * 1 + ["keep"] * 5 + ["reject"] * 4)
    pick_map = draw_map(
        embedding,
        [("kept", "kept", decision == "keep"), ("rejected", "rejected", decision == "reject")],
        [("good", "labelled particle", np.array([0, 1])), ("bad", "junk", np.array([0]))],
    )
    assert pick_map is not None
    # The most numerous kind lies lowest.
    assert [(dots.kind, len(places(dots.path))) for dots in pick_map.dots] == [
        ("kept", 5),
        ("rejected", 4),
    ]
    assert [dots.kind for dots in pick_map.labels] == ["good"]
    (label,) = places(pick_map.labels[0].path)
    assert label in places(pick_map.dots[0].path)
    assert "9 picks" in pick_map.alternative


def test_an_odd_pick_does_not_press_the_others_together(rng: np.random.Generator) -> None:
    embedding = rng.uniform(size=(2000, 2)).astype(np.float32)
    embedding[0] = 1e6
    pick_map = draw_map(embedding, [("kept", "kept", np.ones(2000, dtype=bool))], [])
    assert pick_map is not None
    x, y = np.array(places(pick_map.dots[0].path)).T
    assert min(x.min(), y.min()) >= 0
    assert max(x.max(), y.max()) <= 100
    assert np.ptp(np.percentile(x, [10, 90])) > 40


def test_many_picks_are_thinned_out_and_that_is_said(rng: np.random.Generator) -> None:
    n = 3 * MOST_DOTS
    embedding = rng.normal(size=(n, 2)).astype(np.float32)
    pick_map = draw_map(
        embedding,
        [("kept", "kept", np.ones(n, dtype=bool))],
        [("good", "labelled particle", np.arange(1, 40))],
    )
    assert pick_map is not None
    assert 0.9 * MOST_DOTS < len(places(pick_map.dots[0].path)) <= MOST_DOTS
    assert len(places(pick_map.labels[0].path)) == 39
    assert "6\u202f000 of 18\u202f000 picks" in pick_map.notes[1]


def test_alike_and_few_picks_do_no_harm() -> None:
    everything = np.ones(5, dtype=bool)
    same = draw_map(np.ones((5, 8), dtype=np.float32), [("kept", "kept", everything)], [])
    assert same is not None
    assert len(places(same.dots[0].path)) == 1
    one_number = draw_map(
        np.arange(5, dtype=np.float32)[:, None], [("kept", "kept", everything)], []
    )
    assert one_number is not None
    assert len(places(one_number.dots[0].path)) == 5
    assert draw_map(np.ones((2, 8), dtype=np.float32), [], []) is None
