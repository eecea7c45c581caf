"""From which probability on a teacher is believed."""

import pytest
import torch

from nunatak.learning.volumes.volume_learner import SCORE_BINS
from nunatak.learning.volumes.volume_thresholds import by_number, score_histogram


def counts(*bins: tuple[float, float]) -> torch.Tensor:
    """Histogram with so many at so high probabilities."""
    histogram = torch.zeros(SCORE_BINS)
    for probability, number in bins:
        histogram[round(probability * SCORE_BINS)] = number
    return histogram


def test_by_number_a_share_of_the_expected_is_taken() -> None:
    detections = torch.stack([counts((0.2, 100), (0.5, 4), (0.8, 5)), counts((0.9, 1))])
    thresholds = by_number(detections, torch.tensor([10.0, 2.0]), fallback=0.7)
    # Six of ten are labelled at most: the five best. Of the other class too few are known.
    assert thresholds.high == pytest.approx((0.52, 0.7))
    assert thresholds.low == pytest.approx((0.3 * 0.52, 0.3 * 0.7))


def test_a_teacher_that_finds_too_little_is_not_believed_in_everything() -> None:
    detections = torch.stack([counts((0.1, 5), (0.5, 2))])
    high = by_number(detections, torch.tensor([100.0]), fallback=0.7).high
    assert high == pytest.approx((0.2,))


def test_the_histogram_counts_by_class() -> None:
    score = torch.tensor([0.0, 0.999, 1.0, 0.5])
    histogram = score_histogram(score, torch.tensor([0, 1, 1, 0]), 2)
    assert histogram[0].nonzero().flatten().tolist() == [0, SCORE_BINS // 2]
    assert histogram[1, SCORE_BINS - 1] == 2
    assert histogram.sum() == 4
