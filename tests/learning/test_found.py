"""What a detector finds on working images, and which labels it finds."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from nunatak.detection.cut_particles import CutPenalty
from nunatak.geometry import Scale
from nunatak.learning.found import Found, find_on, label_scores
from nunatak.learning.working_images import WorkingImage

SIDE = 80


class OneBump:
    """Stands in for a scorer: certain of one place, doubtful of another."""

    stride, origin_px = 2, 0.5
    cut: CutPenalty | None = None

    def logits(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        rows, columns = np.indices((SIDE // 2, SIDE // 2))
        scores = np.full(rows.shape, -8.0)
        for x, y, height in ((10, 12, 3.0), (30, 28, 0.0)):
            squared = (rows - y) ** 2 + (columns - x) ** 2
            scores = np.maximum(scores, height - squared / 2)
        return scores[None].astype(np.float32)


def image_with(labels: Sequence[tuple[float, float]]) -> WorkingImage:
    places = np.array(labels, np.float32).reshape(-1, 2)
    pixels = np.zeros((SIDE, SIDE), np.float32)
    return WorkingImage("a", pixels, Scale(pixels.shape, pixels.shape), places, places[:0])


def found_with(labels: Sequence[tuple[float, float]], floor: float = 0.05) -> Found:
    return find_on(OneBump(), image_with(labels), diameter_px=20.0, floor=floor)  # type: ignore[arg-type]


def test_candidates_are_in_pixels_of_the_image_best_first() -> None:
    found = found_with([])
    np.testing.assert_allclose(found.xy_px, [[20.5, 24.5], [60.5, 56.5]], atol=0.05)
    np.testing.assert_allclose(found.score, [0.953, 0.5], atol=0.01)
    assert len(found.label_score) == 0


def test_a_label_has_the_score_of_its_candidate_and_0_without_one() -> None:
    found = found_with([(60.0, 58.0), (20.5, 24.5 + 6), (24.0, 24.0)])
    assert found.label_score[0] == pytest.approx(0.5, abs=0.01)
    assert found.label_score[1] == 0.0, "6 px are more than a quarter of the diameter"
    assert found.label_score[2] == pytest.approx(0.953, abs=0.01)


def test_one_candidate_stands_for_one_label() -> None:
    found = found_with([(20.5, 24.5), (21.5, 24.5)])
    assert sorted(found.label_score) == pytest.approx([0.0, 0.953], abs=0.01)


def test_nothing_below_the_floor() -> None:
    found = found_with([(60.5, 56.5)], floor=0.7)
    assert len(found.score) == 1
    assert found.label_score == [0.0]


def test_what_the_edge_cuts_scores_less() -> None:
    class Cutting(OneBump):
        cut = CutPenalty(60.0, 4.0)

    found = find_on(Cutting(), image_with([]), diameter_px=20.0, floor=0.05)  # type: ignore[arg-type]
    lost = Cutting.cut.at(*found.xy_px.T, (SIDE, SIDE))
    assert lost.min() > 0.1
    np.testing.assert_allclose(found.score, expit([3.0, 0.0] - lost), atol=0.01)


def test_label_scores_follow_the_images() -> None:
    both = [found_with([(20.5, 24.5)]), found_with([(60.5, 56.5), (5.0, 5.0)])]
    np.testing.assert_allclose(label_scores(both), [0.953, 0.5, 0.0], atol=0.01)
    assert label_scores([]).shape == (0,)
