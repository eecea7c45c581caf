"""From which probability on a teacher is believed, class by class."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nunatak.learning.volumes.volume_learner import SCORE_BINS

FADING = 0.99
"""Of earlier counts at each step: about the last hundred steps count."""

PARTICLE_SHARE = 0.6
"""Of the particles that there are, those that a teacher may label: the surer ones."""

LEAST_EXPECTED = 8.0
"""Fewer particles say too little about a class."""

LOW_SHARE = 0.3
"""Of a class's threshold: what scores less is taken for empty, what lies between for unknown."""

LOWEST_HIGH = 0.2
"""No threshold that follows from numbers is lower: a teacher that finds less than what there is
would otherwise believe all that it sees."""


@dataclass(frozen=True)
class TeacherThresholds:
    """Probabilities, one a class.

    Attributes
    ----------
    high : tuple of float
        From which on a candidate is a particle.
    low : tuple of float
        Below which there is none.
    """

    high: tuple[float, ...]
    low: tuple[float, ...]

    @classmethod
    def of_high(cls, high: Sequence[float]) -> "TeacherThresholds":
        """Return the thresholds with their lower ends."""
        return cls(tuple(high), tuple(LOW_SHARE * value for value in high))


def by_number(detections: Tensor, expected: Tensor, *, fallback: float) -> TeacherThresholds:
    """Choose thresholds above which there are as many candidates as a share of the particles.

    Parameters
    ----------
    detections : Tensor, shape (classes, bins)
        Candidates, by probability.
    expected : Tensor, shape (classes,)
        Particles known or expected where they were counted.
    fallback
        Threshold of a class of which there are fewer than `LEAST_EXPECTED` so far.

    Notes
    -----
    The number asks less of a teacher than precision does. Where labels are complete, thresholds
    above which nine of ten candidates are right were tried, too: classes in which no score is that
    good were taught nothing but what is empty, and lost their faint particles.
    """
    return TeacherThresholds.of_high(
        [_of_class(*one, fallback=fallback) for one in zip(detections, expected, strict=True)]
    )


def score_histogram(score: Tensor, class_index: Tensor, classes: int) -> Tensor:
    """Count probabilities by class and bin, shape (classes, `SCORE_BINS`), float32."""
    bins = (score * SCORE_BINS).long().clamp(0, SCORE_BINS - 1)
    counts = torch.bincount(class_index * SCORE_BINS + bins, minlength=classes * SCORE_BINS)
    return counts.reshape(classes, SCORE_BINS).float()


def _of_class(detections: Tensor, expected: Tensor, *, fallback: float) -> float:
    if expected < LEAST_EXPECTED:
        return fallback
    above = detections.flip(-1).cumsum(-1).flip(-1)
    # From a bin on there are few enough; the one after the last is above all scores.
    few = torch.nonzero(above <= PARTICLE_SHARE * expected)
    first = int(few[0]) if len(few) else SCORE_BINS
    return max(first / SCORE_BINS, LOWEST_HIGH)
