"""How much a correction on an image would teach, told from the scores of its candidates."""

import numpy as np
from numpy.typing import NDArray

CORRECTED_AT_ONCE = 20
"""About so many candidates a person looks at before going on to the next image."""

_SMALLEST = 1e-6


def doubt_of(
    scores: NDArray[np.floating],
    threshold: float,
    is_settled: NDArray[np.bool_] | None = None,
) -> float:
    """Return how doubtful an image's candidates are: 0 for none at all, 1 at most.

    A candidate at the threshold is as likely a particle as not, as far as the model tells, and
    its correction teaches most; the doubt ``4 p (1 - p)`` is the variance of a coin with the odds
    ``p / (1 - p)`` by which the score's odds exceed the threshold's. Of the image, the mean over
    the most doubtful candidates counts, as many as a person corrects at once; those that it lacks
    count as certain.

    Parameters
    ----------
    scores : ndarray, shape (n,)
        Between 0 and 1.
    threshold
        Score from which on a candidate is selected.
    is_settled : ndarray, shape (n,), bool
        Candidates that people have decided about, or that are excluded: nothing is left to learn.

    Examples
    --------
    >>> doubt_of(np.full(20, 0.4), 0.4), doubt_of(np.array([]), 0.4)
    (1.0, 0.0)
    """
    open_scores = scores if is_settled is None else scores[~is_settled]
    difference = _log_odds(np.asarray(open_scores, np.float64)) - _log_odds(np.array(threshold))
    probability = 1 / (1 + np.exp(-difference))
    doubts = np.sort(4 * probability * (1 - probability))[-CORRECTED_AT_ONCE:]
    return float(doubts.sum() / CORRECTED_AT_ONCE)


def _log_odds(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(scores, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(clipped / (1 - clipped)))
