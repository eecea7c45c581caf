"""Judge picks as `nunatak prune` does, from features that were computed before."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from nunatak.networks.pruning_network import PruningNetwork
from nunatak.objectives.two_branch import MultiLossKind
from nunatak.pruning.calibration import calibrate
from nunatak.pruning.class_head import fit_class_head
from nunatak.pruning.classes import PARTICLE
from nunatak.pruning.cross_validation import stratified_folds
from nunatak.pruning.false_discovery import discovery_curve
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.fine_tune import fine_tune, fine_tune_wins, rehearse
from nunatak.pruning.judgement import (
    FINE_TUNED,
    Judgement,
    judged_by_head,
    judged_without_labels,
)
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.model import PruningModel
from pruning_features import Eyes, Seen, judged_again
from pruning_measures import WANTED_FDR


class Asked(Protocol):
    """What is asked: see `pruning_arms.Case`."""

    @property
    def seen(self) -> Seen:
        """Crops and features of the whole set."""

    @property
    def eyes(self) -> Eyes:
        """Models to start from."""

    @property
    def rows(self) -> NDArray[np.int64]:
        """Picks that take part, ascending."""

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Labelled picks, ascending."""

    @property
    def names(self) -> NDArray[np.str_]:
        """Their labels."""

    @property
    def called(self) -> NDArray[np.str_]:
        """What each class of the classifier is called by the labels."""

    @property
    def seed(self) -> int:
        """Of everything random."""


@dataclass(frozen=True, eq=False)
class Found:
    """What is made of the picks that take part.

    Attributes
    ----------
    probability : ndarray, shape (n,), float64
    predicted : ndarray, shape (n,), str
        In the words of the labels.
    keep_from : float
        Least probability that is kept where 5 % of false picks are allowed.
    account : dict
        How it came about: JSON values.
    """

    probability: NDArray[np.float64]
    predicted: NDArray[np.str_]
    keep_from: float
    account: dict[str, Any]


@dataclass(frozen=True)
class Ours:
    """What is changed of the default.

    Attributes
    ----------
    context, detector, detector_features : bool
        Whether the surroundings, the detector, and what it says besides its logit are seen.
    fine_tune : str or None
        Fine-tune with this loss, whether or not it wins by cross-validation; None never does.
    pretrained : bool
        Whether fine-tuning starts from the shipped weights, or from random ones.
    """

    context: bool = True
    detector: bool = True
    detector_features: bool = True
    fine_tune: MultiLossKind | None = None
    pretrained: bool = True

    def judged(self, asked: Asked) -> Found:
        """Learn from labels, and judge all picks that take part."""
        features = _of_rows(self._features(asked), asked.rows)
        header = asked.eyes.model.header
        place = np.searchsorted(asked.rows, asked.labelled)
        kind = kinds_of(asked, features.log_probability[place])
        everything = np.ones(len(asked.rows), dtype=np.bool_)
        labels = MatchedLabels(place, np.array(header.classes, dtype=object)[kind])
        if len(labels):
            judgement = judged_by_head(features, header, everything, labels, seed=asked.seed)
        else:
            judgement = judged_without_labels(features, header, everything, seed=asked.seed)
        account: dict[str, Any] = {}
        if self.fine_tune is not None:
            tuned, out_of_fold = self._fine_tuned(asked, kind)
            wins = fine_tune_wins(out_of_fold, judgement.out_of_fold, labels.is_particle)
            account["fine_tuning_wins"] = wins
            judgement = replace(
                judgement,
                method=FINE_TUNED,
                logit=tuned.classifier_logit,
                features=tuned,
                x=tuned.matrix(seed=asked.seed),
                out_of_fold=out_of_fold,
            )
        calibration = calibrate(judgement.out_of_fold, labels.is_particle, judgement.logit)
        probability = calibration.probability(judgement.logit)
        curve = discovery_curve(calibration, judgement.logit, seed=asked.seed)
        account |= {"method": judgement.method, "particle_share": calibration.particle_share}
        return Found(
            probability,
            _named(judgement, probability, asked.called),
            curve.threshold_for(WANTED_FDR),
            account,
        )

    def _features(self, asked: Asked) -> PickFeatures:
        features = asked.seen.features if self.context else _without_context(asked.eyes, asked.seen)
        if not self.detector:
            unknown = np.full(len(features), np.nan)
            return replace(features, detector_logit=unknown, detector_features=None)
        return features if self.detector_features else replace(features, detector_features=None)

    def _fine_tuned(
        self, asked: Asked, kind: NDArray[np.int64]
    ) -> tuple[PickFeatures, NDArray[np.float64]]:
        """Fine-tune: return what the tuned classifier sees, and the labels' logits out of fold."""
        model, device = asked.eyes.model, asked.eyes.device
        if not self.pretrained:
            model = _with_random_weights(model, asked.seed)
        crops = asked.seen.of(asked.labelled)
        is_particle = kind == model.header.classes.index(PARTICLE)
        fold = stratified_folds(is_particle, np.random.default_rng(asked.seed))
        loss = self.fine_tune or "full"
        rehearsal = rehearse(model, crops, kind, fold, loss=loss, seed=asked.seed, device=device)
        tuned = fine_tune(
            model,
            crops,
            kind,
            loss=loss,
            seed=asked.seed,
            stop_after=rehearsal.stop_after,
            device=device,
        )
        features = judged_again(asked.seen, tuned, device=device)
        return _of_rows(features, asked.rows), rehearsal.logit


def kinds_of(asked: Asked, log_probability: NDArray[np.float32]) -> NDArray[np.int64]:
    """Say which class of the classifier each label means.

    Of several that the labels call by one name, that which the classifier takes the pick for.

    Parameters
    ----------
    asked
        The labels.
    log_probability : ndarray, shape (k, classes), float32
        Of the labelled picks.
    """
    fits = asked.called[None, :] == asked.names[:, None]
    index: NDArray[np.int64] = np.where(fits, log_probability, -np.inf).argmax(axis=1)
    return index


def _named(
    judgement: Judgement, probability: NDArray[np.float64], called: NDArray[np.str_]
) -> NDArray[np.str_]:
    """Name the most probable class of each pick in the words of the labels.

    As `Judgement.looks_like`, but kinds that the labels call by one name count together.
    """
    classes = judgement.features.classes
    head = fit_class_head(
        judgement.x,
        judgement.features,
        judgement.labels.row,
        judgement.labels.class_name.tolist(),
        strength=judgement.strength,
    )
    kinds = np.exp(head.log_probability(judgement.x, judgement.features))
    names = np.unique(called)
    share = np.zeros((len(probability), len(names)))
    share[:, names == PARTICLE] = probability[:, None]
    for number, kind in enumerate(head.classes):
        column = names.tolist().index(called[classes.index(kind)])
        share[:, column] += (1 - probability) * kinds[:, number]
    return names[share.argmax(axis=1)]


def _of_rows(features: PickFeatures, rows: NDArray[np.int64]) -> PickFeatures:
    of_detector = features.detector_features
    return replace(
        features,
        detector_features=None if of_detector is None else of_detector[rows],
        embedding=features.embedding[rows],
        log_probability=features.log_probability[rows],
        detector_logit=features.detector_logit[rows],
        picker_score=features.picker_score[rows],
    )


def _with_random_weights(model: PruningModel, seed: int) -> PruningModel:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        fresh = PruningNetwork(**model.header.network.model_dump())
    return replace(model, network=fresh.eval())


@lru_cache(maxsize=64)
def _without_context(eyes: Eyes, seen: Seen) -> PickFeatures:
    return judged_again(seen, eyes.model, device=eyes.device, context=False)
