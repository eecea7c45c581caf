"""Which groups of particles that look alike pruning thinned.

Losing a view costs a map more than keeping junk.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.spatial.distance import cdist
from scipy.stats import binom

from nunatak.errors import BadInput

FloatArray = NDArray[np.float64]

PARTICLE_LIKE = 0.1
"""Picks of less probability than this count as no view of the particle."""

_PICKS_A_CLUSTER = 50
_MOST_CLUSTERS = 16
_FITTED_ON = 20_000
_COMPONENTS = 16
"""Leading columns of the features that clusters are sought in; the rest are mostly noise."""

_SIGNIFICANCE = 0.01
_THINNED = 2.0
"""A cluster is thinned if its odds of rejection are this many times those of all others."""


@dataclass(frozen=True, eq=False)
class ViewsLost:
    """Clusters of the particle-like picks, the most thinned first; arrays of shape (clusters,).

    Attributes
    ----------
    cluster : ndarray, shape (n,), int64
        Of each pick; -1 for those that are no particle by far or were not judged.
    picks, rejected : ndarray, int64
        How many particle-like picks, and how many of them are not kept.
    particles_lost : ndarray, float64
        Expected number of particles among the rejected.
    p_value : ndarray, float64
        Probability of as many rejected by chance, were all clusters alike.
    is_thinned : ndarray, bool
        Rejected more than chance allows, and at odds twice as high as elsewhere.
    """

    cluster: NDArray[np.int64]
    picks: NDArray[np.int64]
    rejected: NDArray[np.int64]
    particles_lost: FloatArray
    p_value: FloatArray
    is_thinned: NDArray[np.bool_]

    @property
    def rejected_share(self) -> FloatArray:
        """Share of each cluster's picks that is rejected, shape (clusters,)."""
        return self.rejected / np.maximum(self.picks, 1)


def views_lost(
    x: FloatArray,
    probability: FloatArray,
    is_kept: NDArray[np.bool_],
    *,
    n_clusters: int | None = None,
    seed: int = 0,
) -> ViewsLost | None:
    """Find the views that pruning thinned.

    Parameters
    ----------
    x : ndarray, shape (n, d), float64
        Features of `nunatak.pruning.features.PickFeatures.matrix`.
    probability : ndarray, shape (n,), float64
        Of being a particle; NaN where not judged.
    is_kept : ndarray, shape (n,), bool
        What pruning keeps.
    n_clusters
        Default: one for every 50 particle-like picks, at most 16.
    seed
        Of the clusters.

    Returns
    -------
    ViewsLost or None
        None where there are too few particle-like picks for two clusters.

    Raises
    ------
    BadInput
        If the lengths differ.

    Notes
    -----
    A cluster's rejections are compared with those of all others by the binomial distribution,
    the significance of 1 % divided by the number of clusters (Bonferroni).
    """
    if not len(x) == len(probability) == len(is_kept):
        raise BadInput(
            f"Features of {len(x)} picks came with {len(probability)} probabilities and "
            f"{len(is_kept)} decisions."
        )
    like = np.flatnonzero(probability >= PARTICLE_LIKE)
    wanted = n_clusters or min(len(like) // _PICKS_A_CLUSTER, _MOST_CLUSTERS)
    if wanted < 2 or len(like) < wanted:
        return None
    member = _clusters(x[like, :_COMPONENTS], wanted, np.random.default_rng(seed))
    picks = np.bincount(member, minlength=wanted)
    rejected = np.bincount(member[~is_kept[like]], minlength=wanted)
    weight = np.where(is_kept[like], 0.0, probability[like])
    lost = np.bincount(member, weights=weight, minlength=wanted).astype(np.float64)

    elsewhere = (rejected.sum() - rejected + 0.5) / (picks.sum() - picks + 1.0)
    p_value = np.asarray(binom.sf(rejected - 1, picks, elsewhere), dtype=np.float64)
    odds = (rejected + 0.5) / (picks - rejected + 0.5)
    is_thinned = (p_value < _SIGNIFICANCE / wanted) & (
        odds > _THINNED * elsewhere / (1 - elsewhere)
    )
    order = np.argsort(-rejected / np.maximum(picks, 1), kind="stable")
    order = order[picks[order] > 0]
    number = np.full(wanted, -1)
    number[order] = np.arange(len(order))
    cluster = np.full(len(x), -1, dtype=np.int64)
    cluster[like] = number[member]
    return ViewsLost(
        cluster, picks[order], rejected[order], lost[order], p_value[order], is_thinned[order]
    )


def _clusters(x: FloatArray, n_clusters: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Assign to k-means clusters (k-means++ start), fitted on a sample."""
    sample = x
    if len(x) > _FITTED_ON:
        sample = x[generator.choice(len(x), _FITTED_ON, replace=False)]
    centres, _ = kmeans2(sample, n_clusters, minit="++", seed=generator, missing="warn")
    return np.asarray(cdist(x, centres).argmin(axis=1), dtype=np.int64)
