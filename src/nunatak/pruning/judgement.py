"""Judge all picks, by the shipped classifier and by what labels teach."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nunatak.pruning.class_head import fit_class_head
from nunatak.pruning.classes import PARTICLE
from nunatak.pruning.contradictions import Contradictions
from nunatak.pruning.cross_validation import cross_validate
from nunatak.pruning.features import PickFeatures, ZeroLabelJudgement
from nunatak.pruning.labels import MatchedLabels

FloatArray = NDArray[np.float64]

SHIPPED, LINEAR, POSITIVE_UNLABELLED, FINE_TUNED = (
    "shipped",
    "linear",
    "positive-unlabelled",
    "fine-tuned",
)

NO_LABELS = MatchedLabels(np.empty(0, dtype=np.int64), np.empty(0, dtype=object))


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is thought of each pick, before calibration.

    Attributes
    ----------
    method : str
        See `nunatak.pruning.result.PruneResult`.
    logit : ndarray, shape (n,), float64
        Of a particle where particles and junk are equally many; NaN where nothing was seen.
    features : PickFeatures
        That it rests on.
    x : ndarray, shape (n, d), float64
        ``features.matrix()``.
    labels : MatchedLabels
        That it was learned from.
    out_of_fold : ndarray, shape (k,), float64
        Logit of each of these labels, by what was learned from others.
    strength : float
        Of the prior of heads.
    account : dict
        What was tried within the labels: JSON values.
    contradictions : Contradictions
        Of the labels and the shipped judgement.
    """

    method: str
    logit: FloatArray
    features: PickFeatures
    x: FloatArray
    labels: MatchedLabels = NO_LABELS
    out_of_fold: FloatArray = field(default_factory=lambda: np.empty(0))
    strength: float = 1.0
    account: dict[str, Any] = field(default_factory=dict)
    contradictions: Contradictions = field(default_factory=Contradictions)

    def looks_like(self, probability: FloatArray) -> NDArray[np.object_]:
        """Name the most probable class of each pick.

        Parameters
        ----------
        probability : ndarray, shape (n,), float64
            That it is a particle, calibrated.

        Returns
        -------
        ndarray of str, shape (n,)
            Without a meaning where nothing was seen.
        """
        head = fit_class_head(
            self.x,
            self.features,
            self.labels.row,
            self.labels.class_name.tolist(),
            strength=self.strength,
        )
        kinds = head.log_probability(self.x, self.features)
        junk = (1 - probability) * np.exp(kinds.max(axis=1))
        names = np.array(head.classes, dtype=object)[kinds.argmax(axis=1)]
        return np.where(probability >= junk, PARTICLE, names)


def judged_without_labels(
    features: PickFeatures, header: ZeroLabelJudgement, judged: NDArray[np.bool_], *, seed: int
) -> Judgement:
    """Judge by the shipped models alone.

    Parameters
    ----------
    features
        Of all n picks.
    header
        Of the classifier.
    judged : ndarray, shape (n,), bool
        Which picks were seen.
    seed
        Of the sample that scales the features.
    """
    logit = np.where(judged, features.offset(header), np.nan)
    return Judgement(SHIPPED, logit, features, features.matrix(seed=seed))


def judged_by_head(
    features: PickFeatures,
    header: ZeroLabelJudgement,
    judged: NDArray[np.bool_],
    labels: MatchedLabels,
    *,
    seed: int,
) -> Judgement:
    """Judge by a head that learns from labels how far to depart from the shipped judgement.

    Parameters
    ----------
    features, header, judged
        As of `judged_without_labels`.
    labels
        At least one; all of picks that were seen.
    seed
        Of samples and folds.
    """
    x, offset = features.matrix(seed=seed), features.offset(header)
    place = np.cumsum(judged) - 1
    found = cross_validate(
        x[judged],
        offset[judged],
        place[labels.row],
        labels.is_particle,
        with_shipped=labels.may_be_careless,
        seed=seed,
    )
    logit = np.full(len(judged), np.nan)
    logit[judged] = found.head.logit(x[judged], offset[judged])
    both = bool(labels.is_particle.any() and not labels.is_particle.all())
    losses = {f"{strength:g}": loss for strength, loss in found.loss.items()}
    return Judgement(
        LINEAR if both else POSITIVE_UNLABELLED,
        logit,
        features,
        x,
        labels,
        found.out_of_fold,
        found.strength,
        {"strength": found.strength, "log_loss_by_strength": losses},
        Contradictions.of(labels, np.where(judged, offset, np.nan)),
    )
