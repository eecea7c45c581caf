"""Judge picks with as much as their labels allow."""

import logging
from dataclasses import replace

import numpy as np

from nunatak.errors import UsageError
from nunatak.objectives.two_branch import USUAL_WEIGHTS, MultiLossKind, MultiLossWeights
from nunatak.picks.table import PickSet
from nunatak.pruning.gather import Gathered
from nunatak.pruning.judgement import (
    FINE_TUNED,
    Judgement,
    judged_by_head,
    judged_without_labels,
)
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.model import PruningModel
from nunatak.pruning.tuning import FineTune, Seeing, is_worth_trying, learnable, tuned

_log = logging.getLogger(__name__)


def judged_with(
    picks: PickSet,
    labels: MatchedLabels | None,
    model: PruningModel,
    gathered: Gathered,
    seeing: Seeing,
    *,
    loss: MultiLossKind,
    weights: MultiLossWeights = USUAL_WEIGHTS,
    fine_tune: FineTune,
    seed: int,
) -> Judgement:
    """Judge with as much as the labels allow.

    Parameters
    ----------
    picks
        All of them.
    labels
        Of some; those of picks that were not seen, and of duplicates, teach nothing.
    model
        The classifier.
    gathered
        What it says of the picks.
    seeing
        How the picks' images are read again, for fine-tuning.
    loss, weights, fine_tune, seed
        As of `nunatak.pruning.prune.prune`; the weights are those of the loss.

    Raises
    ------
    UsageError
        If fine-tuning is asked for and there are too few labels.
    """
    features, judged = gathered.features, gathered.judged
    known = None
    if labels is not None:
        known = learnable(labels, judged)
        unseen = int((~judged[labels.row]).sum())
        if unseen:
            _log.warning(
                "%s a pick that cannot be seen; nothing is learned from %s",
                "1 label is of" if unseen == 1 else f"{unseen} labels are each of",
                "it" if unseen == 1 else "them",
            )
    if fine_tune == "always" and known is None:
        raise UsageError("--fine-tune always: there are no labels to learn from. Give --labels.")
    if known is None or len(known) == 0:
        return judged_without_labels(features, model.header, judged, seed=seed)
    linear = judged_by_head(features, model.header, judged, known, seed=seed)
    if not is_worth_trying(known, fine_tune):
        return linear
    better, account = tuned(
        picks,
        known,
        model,
        features,
        linear.out_of_fold,
        wanted=fine_tune,
        loss=loss,
        weights=weights,
        contrast=gathered.contrast,
        seeing=seeing,
        seed=seed,
    )
    account = {**linear.account, **account}
    if better is None:
        return replace(linear, account=account)
    again = replace(seeing, on_image=None).gather(
        picks, better.model, gathered.contrast, with_detector=False
    )
    seen = replace(
        again.features,
        detector_logit=features.detector_logit,
        detector_features=features.detector_features,
    )
    return Judgement(
        FINE_TUNED,
        np.where(judged, seen.classifier_logit, np.nan),
        seen,
        seen.matrix(seed=seed),
        known,
        better.out_of_fold,
        linear.strength,
        account,
        linear.contradictions,
    )
