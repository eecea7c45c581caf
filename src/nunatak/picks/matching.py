"""Match candidates to true positions, one to one, within a radius.

Two questions need two algorithms:

- *How many candidates are right?* `credited` answers it for every threshold at once, exactly.
- *Which candidate stands for which truth, and how far off is it?* `match` answers it for one
  set of candidates.

Both look only at the pairs that a KD-tree finds within the radius, so that their cost follows
the number of such pairs and not the product of the two sets.
"""

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import KDTree

from nunatak.errors import BadInput

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Matching:
    """Pairs of a candidate and the true position it stands for.

    Attributes
    ----------
    candidate, truth : ndarray, shape (n_pairs,), int64
        Row numbers into the two sets; none occurs twice. Ordered by ``candidate``.
    distance_px : ndarray, shape (n_pairs,), float64
        Distance of the two, pixels.
    """

    candidate: IntArray
    truth: IntArray
    distance_px: FloatArray

    def __len__(self) -> int:
        return len(self.candidate)


def match(candidates_px: ArrayLike, truths_px: ArrayLike, radius_px: float) -> Matching:
    """Return the largest one-to-one matching and, among those, the one of least squared distance.

    Parameters
    ----------
    candidates_px, truths_px
        Positions, shapes ``(n, d)`` and ``(m, d)``, pixels.
    radius_px
        Greatest distance at which a candidate may stand for a truth (inclusive), pixels.

    Returns
    -------
    Matching
        As many pairs as any one-to-one assignment within the radius can have; no other
        assignment with that many pairs has a smaller sum of squared distances.

    Raises
    ------
    BadInput
        If the radius is not positive or the positions have no common dimension.

    Notes
    -----
    Solved as a minimum-weight full matching on the sparse graph of the pairs (Jonker and
    Volgenant 1987, in scipy). Every candidate also has a stand-in truth of its own, heavier than
    all pairs of a matching together, so that it is taken only where no further pair is possible.

    Examples
    --------
    >>> found = match([[0, 0], [9, 0]], [[1, 0], [50, 0]], radius_px=5)
    >>> found.candidate.tolist(), found.truth.tolist(), found.distance_px.tolist()
    ([0], [0], [1.0])
    """
    pairs = _Pairs.within(candidates_px, truths_px, radius_px)
    if len(pairs.candidate) == 0:
        return Matching(pairs.candidate, pairs.truth, pairs.distance_px)
    near, row = np.unique(pairs.candidate, return_inverse=True)
    n_near, n_truths = len(near), pairs.n_truths
    # Every weight is raised by one because a zero would be no edge; all full matchings gain alike.
    weight = 1.0 + (pairs.distance_px / radius_px) ** 2
    stand_in = 2.0 + min(n_near, n_truths)
    shape = (n_near, n_truths + n_near)
    rows = np.concatenate([row, np.arange(n_near)])
    columns = np.concatenate([pairs.truth, n_truths + np.arange(n_near)])
    weights = np.concatenate([weight, np.full(n_near, stand_in)])
    _, partner = min_weight_full_bipartite_matching(csr_array((weights, (rows, columns)), shape))
    # A truth has one partner, hence this keeps exactly the pairs of the matching.
    kept = partner[row] == pairs.truth
    return Matching(pairs.candidate[kept], pairs.truth[kept], pairs.distance_px[kept])


def credited(
    candidates_px: ArrayLike, score: ArrayLike, truths_px: ArrayLike, radius_px: float
) -> NDArray[np.bool_]:
    """Mark the candidates that add a true positive as the threshold falls past their score.

    The number of true positives at a threshold is the size of the largest one-to-one matching
    between the truths and the candidates that pass it. Each threshold is judged by its own best
    assignment, so that a duplicate, whatever its score, never takes a truth from a candidate
    that has no other, and candidates below the threshold have no say.

    Parameters
    ----------
    candidates_px
        Positions, shape ``(n, d)``, pixels.
    score
        Shape ``(n,)``, higher is better.
    truths_px
        True positions, shape ``(m, d)``, pixels.
    radius_px
        Greatest distance at which a candidate may stand for a truth (inclusive), pixels.

    Returns
    -------
    ndarray of bool, shape (n,)
        For any threshold ``t``, ``result[score >= t].sum()`` is the number of true positives.
        Which of several candidates of *equal* score are marked has no meaning, how many has.

    Raises
    ------
    BadInput
        If the radius is not positive, the positions have no common dimension, or there is not
        one score a candidate.

    Notes
    -----
    Sets of candidates that can be matched together are the independent sets of a transversal
    matroid (Edmonds and Fulkerson 1965), so that one pass in order of falling score is exact: a
    candidate raises the size of the largest matching by one if and only if an augmenting path
    leads from it to a free truth, and a candidate once matched stays matched.

    Truths from which a search found no free truth never lead to one later: all of them are
    held, and their holders reach no truth beyond them. No search enters them again, which makes
    all failed searches together one walk over the pairs.

    Examples
    --------
    Two candidates on one truth: the second is a duplicate. The third has a truth of its own.

    >>> credited([[0, 0], [1, 0], [9, 0]], [0.9, 0.8, 0.7], [[0, 0], [9, 0]], 3).tolist()
    [True, False, True]
    """
    pairs = _Pairs.within(candidates_px, truths_px, radius_px)
    scores = np.asarray(score, dtype=np.float64)
    if scores.shape != (pairs.n_candidates,):
        raise BadInput(f"{pairs.n_candidates} candidates came with scores of shape {scores.shape}.")
    result = np.zeros(pairs.n_candidates, dtype=np.bool_)
    growing = _GrowingMatching(pairs)
    order = np.argsort(-scores, kind="stable")
    for row in order[np.isin(order, pairs.candidate)].tolist():
        result[row] = growing.add(row)
    return result


@dataclass(frozen=True)
class _Pairs:
    """All pairs within the radius, ordered by candidate, then by truth."""

    n_candidates: int
    n_truths: int
    candidate: IntArray
    truth: IntArray
    distance_px: FloatArray

    @classmethod
    def within(cls, candidates_px: ArrayLike, truths_px: ArrayLike, radius_px: float) -> "_Pairs":
        if not (np.isfinite(radius_px) and radius_px > 0):
            raise BadInput(f"The matching radius must be positive, found {radius_px} px.")
        candidates = np.asarray(candidates_px, dtype=np.float64)
        truths = np.asarray(truths_px, dtype=np.float64)
        if len(candidates) == 0 or len(truths) == 0:
            none = np.empty(0, dtype=np.int64)
            return cls(len(candidates), len(truths), none, none, np.empty(0))
        if candidates.ndim != 2 or truths.ndim != 2 or candidates.shape[1] != truths.shape[1]:
            raise BadInput(
                f"Positions of shapes {candidates.shape} and {truths.shape} cannot be matched; "
                "both need one row a point and the same number of axes."
            )
        found = KDTree(candidates).sparse_distance_matrix(
            KDTree(truths), radius_px, output_type="ndarray"
        )
        found = found[np.lexsort((found["j"], found["i"]))]
        candidate, truth = found["i"].astype(np.int64), found["j"].astype(np.int64)
        return cls(len(candidates), len(truths), candidate, truth, found["v"])


class _GrowingMatching:
    """A largest matching between the truths and the candidates added so far."""

    def __init__(self, pairs: _Pairs) -> None:
        # Lists and dicts, because the search reads single elements, which numpy makes slow.
        start = np.searchsorted(pairs.candidate, np.arange(pairs.n_candidates + 1))
        truth = pairs.truth.tolist()
        self._near = [truth[a:b] for a, b in pairwise(start)]
        self._holder_of: dict[int, int] = {}
        self._held_by: dict[int, int] = {}
        self._closed: set[int] = set()

    def add(self, candidate: int) -> bool:
        """Add a candidate; return whether the matching grew by one."""
        reached_from: dict[int, int] = {}
        queue = deque([candidate])
        while queue:
            seeker = queue.popleft()
            for truth in self._near[seeker]:
                if truth in self._closed or truth in reached_from:
                    continue
                reached_from[truth] = seeker
                if truth not in self._holder_of:
                    self._shift_along(reached_from, truth)
                    return True
                queue.append(self._holder_of[truth])
        self._closed.update(reached_from)
        return False

    def _shift_along(self, reached_from: dict[int, int], free_truth: int) -> None:
        """Give the free truth to the seeker that found it, that one's truth to its, and so on."""
        truth: int | None = free_truth
        while truth is not None:
            seeker = reached_from[truth]
            given_up = self._held_by.get(seeker)
            self._holder_of[truth] = seeker
            self._held_by[seeker] = truth
            truth = given_up
