"""Tell particles among picks from junk."""

from collections.abc import Callable
from dataclasses import asdict, replace
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from nunatak.detection.options import Contrast
from nunatak.detection.record import circumstances
from nunatak.errors import UsageError
from nunatak.objectives.two_branch import MultiLossKind
from nunatak.picks.table import PickSet
from nunatak.pruning.calibration import calibrate
from nunatak.pruning.decide import (
    DUPLICATE_WITHIN,
    KEEP,
    decided,
    duplicates,
    limits_for,
)
from nunatak.pruning.false_discovery import discovery_curve
from nunatak.pruning.gather import Gathered
from nunatak.pruning.image_files import Micrographs, micrograph_files
from nunatak.pruning.judging import judged_with
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.model import GENERAL_PRUNER, PruningModel, load_pruner
from nunatak.pruning.prunable import diameter_of, refuse_unprunable
from nunatak.pruning.radii import radii_px
from nunatak.pruning.result import PruneResult
from nunatak.pruning.sources import matched_labels
from nunatak.pruning.tuning import FineTune, Seeing
from nunatak.pruning.views_lost import views_lost


def prune(
    picks: PickSet,
    *,
    labels: MatchedLabels | PickSet | None = None,
    diameter_A: float | None = None,
    model: PruningModel | str | PathLike[str] = GENERAL_PRUNER,
    keep_fdr: float | None = None,
    loss: MultiLossKind = "full",
    fine_tune: FineTune = "auto",
    micrographs: Micrographs = (),
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    contrast: Contrast = "auto",
    views: int = 2,
    with_detector: bool = True,
    threads: int | None = None,
    device: str = "auto",
    seed: int = 0,
    on_progress: Callable[[int], None] | None = None,
) -> PruneResult:
    """Give every pick a probability of being a particle, a class and a decision.

    Parameters
    ----------
    picks
        Of any picker, on micrographs or with particle images.
    labels
        What a person says of some of them: matched labels, or a table of labelled picks; see
        `nunatak.pruning.sources.matched_labels` for other kinds. None: the shipped classifier
        judges alone.
    diameter_A
        Of the particle, ångström; None takes that of the table.
    model
        The classifier, or the path or name of one.
    keep_fdr
        Keep as many picks as possible with at most this share of junk; None keeps what is more
        likely a particle than not.
    loss
        Terms of the loss in fine-tuning.
    fine_tune
        Whether to train the classifier itself on the labels; ``"auto"`` does so where
        cross-validation within the labels says that it wins.
    micrographs, pixel_size_A, override_pixel_size, contrast, views, with_detector, device
        As of `nunatak.pruning.gather.gather_features`.
    threads
        Of the processor; None takes torch's own choice.
    seed
        Of every random choice.
    on_progress
        Called with the number of micrographs finished since the last call.

    Returns
    -------
    PruneResult

    Raises
    ------
    UsageError
        If the diameter is nowhere stated, or options contradict each other.
    BadInput
        If there are no picks, they lie in tomograms, none can be judged, or labels do not fit.
    ResourceError
        If the device or its memory does not suffice.
    """
    refuse_unprunable(picks)
    if keep_fdr is not None and not 0 < keep_fdr < 1:
        raise UsageError(
            f"--keep-fdr {keep_fdr:g}: a share between 0 and 1 is needed, such as 0.05."
        )
    size_A = diameter_of(picks, diameter_A)
    files, _ = micrograph_files(picks, micrographs)
    if isinstance(labels, PickSet):
        labels = matched_labels(
            picks, files, labelled=[labels], diameter_A=size_A, pixel_size_A=pixel_size_A
        )
    classifier = model if isinstance(model, PruningModel) else load_pruner(model)
    seeing = Seeing(
        size_A, micrographs, pixel_size_A, override_pixel_size, threads, device, views, on_progress
    )
    gathered = seeing.gather(picks, classifier, contrast, with_detector=with_detector)
    judgement = judged_with(
        picks, labels, classifier, gathered, seeing, loss=loss, fine_tune=fine_tune, seed=seed
    )
    learned = judgement.labels
    calibration = calibrate(judgement.out_of_fold, learned.is_particle, judgement.logit)
    probability = calibration.probability(judgement.logit)
    discovery = discovery_curve(calibration, judgement.logit, seed=seed)
    limits = limits_for(discovery, keep_fdr)
    diameter_px = radii_px(picks, size_A, files, pixel_size_A)
    is_duplicate = duplicates(picks.table, probability, DUPLICATE_WITHIN * diameter_px, labels)
    decision, kind = decided(
        probability,
        judgement.looks_like(probability),
        limits,
        is_duplicate=is_duplicate,
        labels=labels,
    )
    table = picks.table.assign(probability=probability, predicted_class=kind, decision=decision)
    result = PruneResult(
        picks=replace(picks, table=table),
        logit=judgement.logit,
        features=judgement.features,
        diameter_A=size_A,
        keep_from=limits.keep_from,
        reject_below=limits.reject_below,
        discovery=discovery,
        # A duplicate takes no view with it.
        views=views_lost(
            judgement.x,
            np.where(is_duplicate, np.nan, probability),
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
        failures=gathered.failures,
        diameter_px=diameter_px,
    )
    options = {
        "diameter_A": size_A,
        "keep_fdr": keep_fdr,
        "loss": loss,
        "fine_tune": fine_tune,
        "pixel_size_A": pixel_size_A,
        "views": views,
        "with_detector": with_detector,
        "seed": seed,
    }
    return replace(result, provenance=_provenance(result, classifier, gathered, options))


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
