import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from nunatak.detection.candidates import Candidates, find_candidates, selected
from nunatak.geometry import Scale


def bumps(shape: tuple[int, int], points: list[tuple[float, float, float]]) -> np.ndarray:
    """Logits -8 with a parabolic bump (x, y, height) at each point, two map pixels wide."""
    rows, columns = np.indices(shape)
    logits = np.full(shape, -8.0)
    for x, y, height in points:
        bump = height - 0.5 * ((rows - y) ** 2 + (columns - x) ** 2)
        logits = np.maximum(logits, bump)
    return logits[None].astype(np.float32)


@given(
    source=st.tuples(st.integers(300, 5000), st.integers(300, 5000)),
    working=st.tuples(st.integers(41, 130), st.integers(41, 130)),
    where=st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)),
)
@settings(max_examples=60, deadline=None)
def test_a_position_survives_the_way_through_map_and_image(
    source: tuple[int, int], working: tuple[int, int], where: tuple[float, float]
) -> None:
    # The same physical point, as a fraction of the image's outer edges, in every frame.
    maps = (-(-working[0] // 2), -(-working[1] // 2))
    y_map = where[0] * working[0] / 2 - 0.5
    x_map = where[1] * working[1] / 2 - 0.5
    found = find_candidates(
        bumps(maps, [(x_map, y_map, 2.0)]),
        Scale(source, working),
        stride=2,
        origin_px=0.5,
        floor=0.5,
        min_distance_px=0.0,
    )
    assert found.x_px[0] == pytest.approx(
        where[1] * source[1] - 0.5, abs=source[1] / working[1] / 20
    )
    assert found.y_px[0] == pytest.approx(
        where[0] * source[0] - 0.5, abs=source[0] / working[0] / 20
    )


def test_score_is_the_probability_and_the_best_comes_first() -> None:
    scale = Scale((80, 80), (80, 80))
    found = find_candidates(
        bumps((40, 40), [(5, 5, -1.0), (20, 20, 3.0), (30, 5, 0.0), (5, 30, -4.0)]),
        scale,
        stride=2,
        origin_px=0.5,
        floor=0.1,
        min_distance_px=4.0,
    )
    np.testing.assert_allclose(found.score, expit([3.0, 0.0, -1.0]), atol=1e-6)
    assert found.x_px.tolist() == [40.5, 60.5, 10.5]
    assert found.y_px.tolist() == [40.5, 10.5, 10.5]


def test_classes_compete_for_a_place() -> None:
    shape = (40, 40)
    logits = np.concatenate(
        [bumps(shape, [(10, 10, 1.0), (30, 30, 2.0)]), bumps(shape, [(11, 10, 3.0)])]
    )
    found = find_candidates(
        logits, Scale((80, 80), (80, 80)), stride=2, origin_px=0.5, floor=0.1, min_distance_px=8.0
    )
    assert found.class_index.tolist() == [1, 0]
    assert found.x_px.tolist() == [22.5, 60.5]


def test_a_peak_in_the_padding_is_no_candidate() -> None:
    # 78 columns were scored as 80: the centre of the last map pixel lies outside the image.
    scale = Scale((160, 156), (80, 78))
    logits = bumps((40, 40), [(39, 20, 2.0), (30, 20, 1.0)])
    found = find_candidates(logits, scale, stride=2, origin_px=0.5, floor=0.1, min_distance_px=4.0)
    assert len(found) == 1
    assert found.x_px[0] == pytest.approx(121.5)


def test_nothing_found() -> None:
    found = find_candidates(
        np.full((2, 9, 9), -9, np.float32),
        Scale((18, 18), (18, 18)),
        stride=2,
        origin_px=0.5,
        floor=0.1,
        min_distance_px=4.0,
    )
    assert len(found) == 0
    assert selected(found, (18, 18), threshold=0.5).tolist() == []


def test_selection_by_threshold_border_and_number() -> None:
    candidates = Candidates(
        x_px=np.array([50.0, -0.5, 50.0, 89.5, 90.0, 10.0]),
        y_px=np.array([50.0, 50.0, 189.0, 100.0, 100.0, 10.0]),
        score=np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4]),
        class_index=np.zeros(6, dtype=np.int64),
    )
    shape = (200, 100)
    everything = selected(candidates, shape, threshold=0.0)
    assert everything.all()
    assert selected(candidates, shape, threshold=0.5).tolist() == [True] * 5 + [False]
    assert selected(candidates, shape, threshold=0.0, border_px=10.0).tolist() == [
        *(True, False, True, True),
        *(False, True),
    ]
    limited = selected(candidates, shape, threshold=0.0, border_px=10.0, most=3)
    assert limited.tolist() == [True, False, True, True, False, False]
