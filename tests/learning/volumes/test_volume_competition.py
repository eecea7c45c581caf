"""Thresholds and the candidates that keep their place under them."""

from collections.abc import Sequence

import numpy as np

from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.learning.volumes.volume_competition import placed, settled
from nunatak.learning.volumes.volume_validation import thresholds_by_number

RADIUS_PX = (4.0, 4.0)


def candidates(*rows: tuple[float, float, int]) -> VolumeCandidates:
    """Make candidates on a line: place, score, class; best first."""
    ordered = sorted(rows, key=lambda row: -row[1])
    place, score, kind = (np.array(column) for column in zip(*ordered, strict=True))
    xyz_px = np.stack([place, np.zeros(len(place)), np.zeros(len(place))], axis=1)
    return VolumeCandidates(xyz_px.astype(np.float64), score, kind)


SHADOWED = candidates(
    # Particles of the first class, each with a fainter shadow of the second.
    *[(20.0 * number, 0.9 - 0.01 * number, 0) for number in range(4)],
    *[(20.0 * number + 1, 0.6, 1) for number in range(4)],
    # Faint ones of the first, and two of the second that nothing else looks like.
    (80.0, 0.55, 0),
    (200.0, 0.45, 0),
    (100.0, 0.5, 1),
    (120.0, 0.4, 1),
)


def test_candidates_keep_their_place_by_what_lies_above_their_thresholds() -> None:
    kept = placed(SHADOWED, [0.5, 0.5], RADIUS_PX)
    assert kept.score.tolist() == [0.9, 0.89, 0.88, 0.87, 0.55, 0.5, 0.45, 0.4]
    assert kept.class_index.tolist() == [0, 0, 0, 0, 0, 1, 0, 1]
    # A threshold that is low enough lets the shadows win, whatever their scores.
    shadows = placed(SHADOWED, [0.95, 0.1], RADIUS_PX)
    assert shadows.score.tolist() == [0.6, 0.6, 0.6, 0.6, 0.55, 0.5, 0.45, 0.4]


def test_thresholds_are_chosen_by_those_that_keep_their_place() -> None:
    expected = np.array([6.0, 2.0])
    chosen = settled(
        [SHADOWED],
        RADIUS_PX,
        choose=lambda found: thresholds_by_number(found, expected),
        thresholds_of=lambda thresholds: thresholds,
    )
    # By themselves the best two of the second class are shadows.
    assert thresholds_by_number([SHADOWED], expected) == (0.45, 0.6)
    assert chosen == (0.45, 0.4)


def test_choosing_ends_where_thresholds_repeat_or_never_settle() -> None:
    shown: list[Sequence[VolumeCandidates]] = []

    def unsteady(found: Sequence[VolumeCandidates]) -> list[float]:
        shown.append(found)
        return [0.1 + 0.2 * (len(shown) % 2)] * 2

    settled([SHADOWED], RADIUS_PX, choose=unsteady, thresholds_of=lambda chosen: chosen)
    assert len(shown) == 4
    shown.clear()

    def steady(found: Sequence[VolumeCandidates]) -> list[float]:
        shown.append(found)
        return [0.5, 0.5]

    settled([SHADOWED], RADIUS_PX, choose=steady, thresholds_of=lambda chosen: chosen)
    assert len(shown) == 2
    assert len(shown[0][0]) == 12
    assert len(shown[1][0]) == 8
