"""From which probability on a teacher is believed."""

import pytest
import torch

from nunatak.learning.volumes.volume_learner import SCORE_BINS
from nunatak.learning.volumes.volume_thresholds import by_number, by_precision, score_histogram


def counts(*bins: tuple[float, float]) -> torch.Tensor:
    """Histogram with so many at so high probabilities."""
    histogram = torch.zeros(SCORE_BINS)
    for probability, number in bins:
        histogram[round(probability * SCORE_BINS)] = number
    return histogram


def test_each_class_has_the_threshold_from_which_on_it_is_right() -> None:
    detections = torch.stack([counts((0.3, 50), (0.6, 20)), counts((0.4, 30), (0.8, 10))])
    hits = torch.stack([counts((0.3, 10), (0.6, 19)), counts((0.4, 29), (0.8, 9))])
    thresholds = by_precision(detections, hits, fallback=0.7)
    # A threshold is the highest that leaves out nothing good: just above the bad ones.
    assert 0.3 < thresholds.high[0] <= 0.6
    assert thresholds.high[0] == pytest.approx(0.32)
    assert thresholds.high[1] == pytest.approx(0.1)  # right from the first candidate on
    assert thresholds.low == pytest.approx([0.3 * 0.32, 0.03])


def test_a_class_with_few_candidates_goes_by_all_of_them() -> None:
    detections = torch.stack([counts((0.2, 40), (0.5, 40)), counts((0.9, 2))])
    hits = torch.stack([counts((0.5, 39)), counts((0.9, 2))])
    high = by_precision(detections, hits, fallback=0.7).high
    assert high[0] == pytest.approx(high[1])
    assert high[1] == pytest.approx(0.22)


def test_without_anything_to_go_by_the_threshold_is_the_given_one() -> None:
    none = torch.zeros(2, SCORE_BINS)
    assert by_precision(none, none, fallback=0.7).high == pytest.approx((0.7, 0.7))
    few = torch.stack([counts((0.9, 5))])
    assert by_precision(few, 0 * few, fallback=0.6).high == pytest.approx((0.6,))


def test_a_class_that_is_known_to_be_wrong_does_not_go_by_the_others() -> None:
    detections = torch.stack([counts((0.65, 200)), counts((0.3, 40), (0.9, 15))])
    hits = torch.stack([counts((0.65, 200)), counts()])
    high = by_precision(detections, hits, fallback=0.7).high
    assert high == pytest.approx((0.1, 1.0))
    # Nor by what would do where nothing is known.
    assert by_precision(detections[1:], hits[1:], fallback=0.6).high == (1.0,)


def test_what_counts_as_empty_does_not_speak_against_a_class() -> None:
    detections = torch.stack([counts((0.4, 100), (0.8, 200)), counts((0.1, 30), (0.9, 5))])
    hits = torch.stack([counts((0.8, 200)), counts((0.9, 5))])
    high = by_precision(detections, hits, fallback=0.7).high
    assert high == pytest.approx((0.42, 0.42), abs=0.03)
    assert high[0] == high[1]


def test_where_particles_are_faint_little_is_taken_for_empty() -> None:
    # Of the first class half is wrong wherever one looks, and particles score from 0.12 on.
    first = counts((0.12, 12), (0.2, 60), (0.5, 40))
    detections = torch.stack([2 * first, counts((0.9, 3)), counts((0.9, 40))])
    hits = torch.stack([first, counts((0.9, 3)), counts((0.9, 40))])
    thresholds = by_precision(detections, hits, fallback=0.7)
    assert thresholds.high[0] == pytest.approx(1.0)
    assert thresholds.low[0] == pytest.approx(0.12)
    # With few of its own, a class goes by all of them: 12 of 155 lie below 0.2.
    assert thresholds.low[1] == pytest.approx(min(0.2, 0.3 * thresholds.high[1]))
    assert thresholds.low[2] == pytest.approx(0.3 * 0.1)


def test_by_number_a_share_of_the_expected_is_taken() -> None:
    detections = torch.stack([counts((0.2, 100), (0.5, 4), (0.8, 5)), counts((0.9, 1))])
    high = by_number(detections, torch.tensor([10.0, 2.0]), fallback=0.7).high
    # Six of ten are labelled at most: the five best.
    assert high[0] == pytest.approx(0.52)
    assert high[1] == pytest.approx(0.7)


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
