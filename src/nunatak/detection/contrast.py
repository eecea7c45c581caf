"""Find out whether particles are darker or lighter than the ice around them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.candidates import find_candidates
from nunatak.detection.scoring import Scorer
from nunatak.geometry import Scale

Side = Literal["dark", "light"]

SAMPLE = 5
"""Micrographs that are looked at: enough to outvote one of carbon or ice."""

LEAST_EVIDENCE = 3.0
CLEAR_RATIO = 2.0
"""A micrograph counts if it shows the evidence of three certain particles or more for one side,
and at least twice that for the other. Micrographs with particles show a hundred times."""

MOST_PX = 1024
"""Side of what is looked at of each, at the working size: room for 2 000 particles."""


@dataclass(frozen=True)
class ContrastVote:
    """What one micrograph says.

    Attributes
    ----------
    dark, light : float
        Evidence for either: the sum of the scores of the particles found.
    """

    dark: float
    light: float


def vote(
    image: NDArray[np.float32], scorer: Scorer, *, level: float, min_distance_px: float
) -> ContrastVote:
    """Score an image as it is and inverted.

    Parameters
    ----------
    image : ndarray, shape (ny, nx), float32
        Normalised, at the model's working size.
    scorer
        The detector.
    level
        Probability from which a peak counts.
    min_distance_px
        Two peaks are at least so far apart, pixels of the image.
    """
    middle = _middle(image)
    same, inverted = (_evidence(scorer, side, level, min_distance_px) for side in (middle, -middle))
    as_trained = scorer.contrast == "dark"
    return ContrastVote(same, inverted) if as_trained else ContrastVote(inverted, same)


def decide(ballots: Iterable[ContrastVote], *, otherwise: Side = "dark") -> Side:
    """Majority of the micrographs; the larger sum of evidence where they are even.

    Parameters
    ----------
    ballots
        One a micrograph. Those with little evidence, or with much for both, abstain: what is
        found on empty ice says nothing.
    otherwise
        The answer where nothing speaks for either: nearly all micrographs are stored with dark
        particles.
    """
    cast = [ballot for ballot in ballots if is_clear(ballot)]
    if not cast:
        return otherwise
    ahead = sum(1 if ballot.dark > ballot.light else -1 for ballot in cast)
    if ahead == 0:
        return "dark" if sum(b.dark for b in cast) >= sum(b.light for b in cast) else "light"
    return "dark" if ahead > 0 else "light"


def is_clear(ballot: ContrastVote) -> bool:
    """Whether a micrograph shows much evidence for one side, and little for the other."""
    more, less = max(ballot.dark, ballot.light), min(ballot.dark, ballot.light)
    return more >= LEAST_EVIDENCE and more >= CLEAR_RATIO * less


def _middle(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut out the middle of a large image: particles enough, and quickly scored."""
    top, left = (max(0, (side - MOST_PX) // 2) for side in image.shape)
    return image[top : top + MOST_PX, left : left + MOST_PX]


def _evidence(
    scorer: Scorer, image: NDArray[np.float32], level: float, min_distance_px: float
) -> float:
    shape = (image.shape[0], image.shape[1])
    found = find_candidates(
        scorer.logits(image),
        Scale(shape, shape),
        stride=scorer.stride,
        origin_px=scorer.origin_px,
        floor=level,
        min_distance_px=min_distance_px,
    )
    return float(found.score.sum())
