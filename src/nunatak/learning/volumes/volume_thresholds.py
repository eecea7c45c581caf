"""From which probability on a teacher is believed, class by class."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nunatak.learning.volumes.volume_learner import SCORE_BINS

FADING = 0.99
"""Of earlier counts at each step: about the last hundred steps count."""

WANTED_PRECISION = 0.9
LEAST_DETECTIONS = 8.0
"""Fewer say too little about a class; then all classes together must."""

NEVER = 1.0
"""Threshold of a class that is known to be wrong too often: its candidates stay in doubt."""

PARTICLE_SHARE = 0.6
"""Of the particles expected, those that a teacher may label where nobody can tell it from
right and wrong."""

LOW_SHARE = 0.3
"""Of a class's threshold: what scores less is taken for empty, what lies between for unknown."""

FAINT_SHARE = 0.1
"""Of a class's right candidates, those that may score so little that they are taken for empty.
Where a threshold is high because much above it is wrong, particles still score below its share."""

LOWEST_HIGH = 0.1
"""No threshold is lower; from here on candidates are counted to choose it, whatever it is now."""

LOWEST_BY_NUMBER = 0.2
"""A candidate of lower probability is never called a particle: a teacher that finds less than what
is expected would otherwise believe all that it sees."""


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
    def of_high(cls, high: Tensor, faintest: Tensor | None = None) -> "TeacherThresholds":
        """Return the thresholds with their lower ends, none above the faintest particles."""
        values = high.double().clamp_min(LOWEST_HIGH)
        low = LOW_SHARE * values
        if faintest is not None:
            low = torch.minimum(low, faintest.double())
        return cls(tuple(values.tolist()), tuple(low.tolist()))


def by_precision(detections: Tensor, hits: Tensor, *, fallback: float) -> TeacherThresholds:
    """Choose the lowest thresholds above which nine of ten candidates are right.

    A class with too few candidates to tell goes by all classes together. One with enough, of
    which no threshold leaves nine of ten right, labels nothing (`NEVER`). Below the lower
    thresholds lies at most `FAINT_SHARE` of the candidates that are known to be right.

    Parameters
    ----------
    detections, hits : Tensor, shape (classes, bins)
        Candidates with known labels, by probability, and the right ones among them. All from
        `LOWEST_HIGH` on must have been counted, or the thresholds fall to where nobody looked.
    fallback
        Threshold where neither a class nor all of them together have enough.
    """
    pooled = _lowest_good(detections.sum(0), hits.sum(0))
    rest = fallback if pooled is None else pooled
    high = [_of_class(d, h, rest) for d, h in zip(detections, hits, strict=True)]
    return TeacherThresholds.of_high(torch.tensor(high), _faintest(hits))


def by_number(detections: Tensor, expected: Tensor, *, fallback: float) -> TeacherThresholds:
    """Choose thresholds above which there are as many candidates as a share of what is expected.

    Parameters
    ----------
    detections : Tensor, shape (classes, bins)
        Candidates, by probability.
    expected : Tensor, shape (classes,)
        Particles expected where they were counted.
    fallback
        Threshold of a class of which less than `LEAST_DETECTIONS` are expected so far.
    """
    above = _from_above(detections)
    allowed = PARTICLE_SHARE * expected
    high = []
    for counts, most, enough in zip(above, allowed, expected >= LEAST_DETECTIONS, strict=True):
        # From a bin on there are too few candidates; the one after the last is above all scores.
        few = torch.nonzero(counts <= most)
        first = int(few[0]) if len(few) else len(counts)
        high.append(max(first / SCORE_BINS, LOWEST_BY_NUMBER) if enough else fallback)
    return TeacherThresholds.of_high(torch.tensor(high))


def score_histogram(score: Tensor, class_index: Tensor, classes: int) -> Tensor:
    """Count probabilities by class and bin, shape (classes, `SCORE_BINS`), float32."""
    bins = (score * SCORE_BINS).long().clamp(0, SCORE_BINS - 1)
    counts = torch.bincount(class_index * SCORE_BINS + bins, minlength=classes * SCORE_BINS)
    return counts.reshape(classes, SCORE_BINS).float()


def _of_class(detections: Tensor, hits: Tensor, rest: float) -> float:
    """Choose a class's threshold by itself if it has enough to go by, or take the others'."""
    own = _lowest_good(detections, hits)
    if own is not None:
        return own
    # What would be taken for empty says nothing about those that would become labels.
    counted = detections[int(LOW_SHARE * rest * SCORE_BINS) :].sum()
    return NEVER if counted >= LEAST_DETECTIONS else rest


def _faintest(hits: Tensor) -> Tensor:
    """Return the probability below which few of each class's right candidates lie.

    1 where there are too few to tell, of the class and of all together.
    """
    enough = hits.sum(-1, keepdim=True) >= LEAST_DETECTIONS
    counted = torch.where(enough, hits, hits.sum(0))
    number = counted.sum(-1, keepdim=True)
    below = (counted.cumsum(-1) < FAINT_SHARE * number).sum(-1) / SCORE_BINS
    return torch.where(number[:, 0] >= LEAST_DETECTIONS, below, 1.0)


def _lowest_good(detections: Tensor, hits: Tensor) -> float | None:
    above, right = _from_above(detections), _from_above(hits)
    good = (above >= LEAST_DETECTIONS) & (right >= WANTED_PRECISION * above)
    found = torch.nonzero(good)
    return int(found[0]) / SCORE_BINS if len(found) else None


def _from_above(counts: Tensor) -> Tensor:
    return counts.flip(-1).cumsum(-1).flip(-1)
