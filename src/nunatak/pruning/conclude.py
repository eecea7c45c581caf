"""From the judgement of picks to what is decided on each, on micrographs and in tomograms."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.detection.record import circumstances
from nunatak.picks.selection import SELECTED
from nunatak.picks.table import PickSet
from nunatak.pruning.calibration import calibrate
from nunatak.pruning.decide import (
    DUPLICATE_WITHIN,
    KEEP,
    decided,
    duplicates,
    limits_for,
)
from nunatak.pruning.earlier_columns import set_aside
from nunatak.pruning.false_discovery import discovery_curve
from nunatak.pruning.gather import Gathered
from nunatak.pruning.judgement import Judgement
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.model import PruningModel
from nunatak.pruning.result import PruneResult
from nunatak.pruning.views_lost import views_lost
from nunatak.pruning.volumes.class_diameters import Diameter

_CERTAIN = 30.0
"""Logit of a pick that a person has called a particle."""


def concluded(
    picks: PickSet,
    labels: MatchedLabels | None,
    model: PruningModel,
    gathered: Gathered,
    judgement: Judgement,
    *,
    diameter_A: Diameter | None,
    diameter_px: NDArray[np.float64],
    keep_fdr: float | None,
    options: dict[str, Any],
    seed: int,
) -> PruneResult:
    """Calibrate the judgement, decide on every pick, and put the result together.

    Parameters
    ----------
    picks, labels
        As of `nunatak.pruning.prune.prune`, the labels matched.
    model, gathered, judgement
        The classifier, what it was shown, and what came of it.
    diameter_A, diameter_px
        As of `nunatak.pruning.result.PruneResult`.
    keep_fdr, seed
        As of `nunatak.pruning.prune.prune`.
    options
        The other options of the run, for its record: JSON values.
    """
    learned = judgement.labels
    calibration = calibrate(judgement.out_of_fold, learned.is_particle, judgement.logit)
    probability = calibration.probability(judgement.logit)
    is_duplicate = duplicates(picks.table, probability, DUPLICATE_WITHIN * diameter_px, labels)
    # A duplicate is not kept, whatever its probability, and is no part of what is.
    unknown = np.where(is_duplicate, np.nan, judgement.logit)
    if labels is not None:
        # Labels decide their picks: of these nothing is left to be estimated.
        unknown[labels.row] = np.where(labels.is_particle, _CERTAIN, np.nan)
    discovery = discovery_curve(calibration, unknown, seed=seed)
    limits = limits_for(discovery, keep_fdr)
    decision, kind = decided(
        probability,
        judgement.looks_like(probability),
        limits,
        is_duplicate=is_duplicate,
        labels=labels,
    )
    table = set_aside(picks, labels).assign(
        probability=probability, predicted_class=kind, decision=decision
    )
    if SELECTED in picks.table:
        # Other commands go by this column: what is kept is not to be left out for a low score.
        table[SELECTED] = decision == KEEP
    result = PruneResult(
        picks=replace(picks, table=table),
        logit=judgement.logit,
        features=judgement.features,
        diameter_A=diameter_A,
        keep_from=limits.keep_from,
        reject_below=limits.reject_below,
        discovery=discovery,
        views=views_lost(
            judgement.x,
            _of_views(probability, is_duplicate, labels),
            decision == KEEP,
            seed=seed,
        ),
        labels=labels,
        out_of_fold=pd.DataFrame(
            {
                "row": learned.row,
                "is_particle": learned.is_particle,
                "probability": calibration.probability(judgement.out_of_fold),
            }
        )
        if len(learned)
        else None,
        method=judgement.method,
        cross_validation=judgement.account,
        contradictions=judgement.contradictions,
        failures=gathered.failures,
        diameter_px=diameter_px,
    )
    options = {**options, "keep_fdr": keep_fdr, "seed": seed}
    return replace(result, provenance=_provenance(result, model, gathered, options))


def _of_views(
    probability: NDArray[np.float64],
    is_duplicate: NDArray[np.bool_],
    labels: MatchedLabels | None,
) -> NDArray[np.float64]:
    """Return the probability that a pick is a view of the particle; NaN for none."""
    # A duplicate takes no view with it, nor does what a person has called junk.
    views = np.where(is_duplicate, np.nan, probability)
    if labels is not None:
        is_seen = np.isfinite(probability[labels.row])
        views[labels.row] = np.where(labels.is_particle & is_seen, 1.0, np.nan)
    return views


def _provenance(
    result: PruneResult, model: PruningModel, gathered: Gathered, options: dict[str, Any]
) -> dict[str, Any]:
    labels = result.labels
    return {
        "command": "prune",
        **circumstances(),
        "model": {
            "name": model.header.name,
            "path": None if model.path is None else str(model.path),
            "sha256": model.sha256,
        },
        "options": options,
        "contrast": gathered.contrast,
        "method": result.method,
        "labels": {} if labels is None else labels.counts,
        "cross_validation": result.cross_validation,
        "keep_from": result.keep_from,
        "reject_below": result.reject_below,
        "counts": result.counts,
        "failures": [asdict(failure) for failure in result.failures],
    }
