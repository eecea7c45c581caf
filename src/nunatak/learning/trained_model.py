"""What the file of a trained model says about it."""

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nunatak import __version__
from nunatak.detection.header import ModelClass, ModelHeader, ThresholdRow
from nunatak.detection.model import DetectorModel
from nunatak.detection.threshold_table import basis_of
from nunatak.learning.carried_over import as_many_pass, carried_over
from nunatak.learning.score_model import WIDE_PRIOR, ScorePrior
from nunatak.learning.settings import LearningSettings
from nunatak.learning.training_data import TrainingData
from nunatak.learning.validator import Validator
from nunatak.networks.interface import DetectorNetwork
from nunatak.training.progress import Fitted

WORTH_MOVING = 0.04
"""F1 that another threshold must promise before what a person corrects is shown at it. With ten
corrections on training micrographs, no data set was worse off with this, and with 0 two were."""


def trained_model(
    network: DetectorNetwork,
    fitted: Fitted[nn.Module],
    *,
    start: DetectorModel,
    data: TrainingData,
    settings: LearningSettings,
    validator: Validator,
    name: str,
    diameter_A: float,
) -> DetectorModel:
    """Give a trained network its header: its thresholds and its provenance.

    A table of thresholds speaks of the weights it was measured with. Where no label could be
    held out, or none of them was found, or the labels are corrections, the thresholds of new
    weights follow from the general model's (see `nunatak.learning.carried_over`) if they go back
    to it; if not, they have no table, and their default threshold is that of the start: a guess.
    Weights that are still those of the start keep its table; those of the general model, which no
    label has touched, are calibrated with all labels.

    Parameters
    ----------
    network
        To be kept.
    fitted
        The training.
    start
        What it began with; the header is inherited from it.
    data, settings
        What was learned from, and how.
    validator
        With the held-out labels.
    name
        For people.
    diameter_A
        Of the particle.
    """
    network = network.eval().requires_grad_(requires_grad=False)
    before = start.header
    provenance = _provenance(fitted, start=start, data=data, settings=settings)
    threshold = before.default_threshold
    kept = DetectorModel(before, network)
    prior = score_prior(start, settings)
    table: tuple[ThresholdRow, ...] = ()
    basis = ""
    # Held-out corrections are no random sample of the particles.
    if data.shown_from is None:
        table, basis = _by_labels(kept, fitted, data, validator, prior)
    if table:
        threshold = _best_threshold(table)
    elif data.sight is not None and _is_like_the_general_model(data, fitted, prior):
        everywhere = validator.joined_by(data.training)
        scores = np.concatenate([one.score for one in everywhere.found(kept)])
        table = carried_over(data.sight, scores, score_floor=before.score_floor)
        basis = data.sight.basis
        threshold = _threshold_to_show(table, scores, data) if table else threshold
    if table:
        provenance["calibration"] = {"data": basis}
    elif fitted.step == 0 and before.threshold_table:
        table = before.threshold_table
        provenance["calibration"] = {"data": basis_of(before)}
    header = before.model_copy(
        update={
            "name": name,
            "classes": (ModelClass(name="particle", diameter_A=diameter_A),),
            "threshold_table": table,
            "default_threshold": threshold,
            "provenance": provenance,
        }
    )
    return DetectorModel(ModelHeader.model_validate(header.model_dump()), network)


def _by_labels(
    kept: DetectorModel,
    fitted: Fitted[nn.Module],
    data: TrainingData,
    validator: Validator,
    prior: ScorePrior,
) -> tuple[tuple[ThresholdRow, ...], str]:
    """Calibrate by labels from which the weights have not learned, and say which these are."""
    if fitted.step == 0 and never_saw_a_label(kept.header.provenance):
        # Every label tells about such a model, and no number of particles but the user's own
        # adds to that: ours was estimated from the same labels.
        validator = validator.joined_by(data.training)
        table = validator.threshold_table(kept, prior, expected_particles=data.expected_particles)
        return table, f"{validator.labels_in_words()}, from none of which the model has learned"
    particles = data.particles
    table = validator.threshold_table(
        kept,
        prior,
        expected_particles=particles.value,
        expected_error=particles.relative_error,
    )
    return table, f"{validator.labels_in_words()}, held out"


def _is_like_the_general_model(
    data: TrainingData, fitted: Fitted[nn.Module], prior: ScorePrior
) -> bool:
    """Whether thresholds may follow from the general model's, having no better grounds."""
    return prior != WIDE_PRIOR and (fitted.step > 0 or data.shown_from is not None)


def _threshold_to_show(
    table: tuple[ThresholdRow, ...], scores: NDArray[np.float64], data: TrainingData
) -> float:
    if data.shown_from is None or data.sight is None:
        return _best_threshold(table)
    return _worth_moving_to(table, as_many_pass(data.sight.score, data.shown_from, scores))


def _worth_moving_to(table: tuple[ThresholdRow, ...], shown_from: float) -> float:
    """Return the best threshold, or that of the picks on the screen if it is nearly as good."""
    best = max(table, key=lambda row: row.f1)
    now = [row for row in table if row.threshold <= shown_from]
    if now and best.f1 - now[-1].f1 <= WORTH_MOVING:
        return shown_from
    return best.threshold


def score_prior(start: DetectorModel, settings: LearningSettings) -> ScorePrior:
    """Return what is believed about the scores of what was trained from a start.

    `ScorePrior` was measured on the general model; nothing is known about others.
    """
    if settings.start is not None and descends_from_simulation(start.header.provenance):
        return ScorePrior()
    return WIDE_PRIOR


def descends_from_simulation(provenance: Mapping[str, Any]) -> bool:
    """Tell whether a model, or one that it goes back to, was made by the general recipe.

    Examples
    --------
    >>> general = {"recipe": {"seed": 1}}
    >>> descends_from_simulation({"start": {"name": "general-2d", "provenance": general}})
    True
    >>> descends_from_simulation({"converted from": "a model of Topaz"})
    False
    """
    while isinstance(provenance.get("start"), dict):
        provenance = provenance["start"].get("provenance", {})
    return isinstance(provenance.get("recipe"), dict)


def never_saw_a_label(provenance: Mapping[str, Any]) -> bool:
    """Tell whether a model and all that it goes back to come from recipes, which only simulate.

    Examples
    --------
    >>> never_saw_a_label({"recipe": {"seed": 1}, "start": None})
    True
    >>> never_saw_a_label({"recipe": {"seed": 1}, "start": {"provenance": {"settings": {}}}})
    False
    """
    while isinstance(provenance.get("recipe"), dict):
        if not isinstance(provenance.get("start"), dict):
            return True
        provenance = provenance["start"].get("provenance", {})
    return False


def _best_threshold(table: tuple[ThresholdRow, ...]) -> float:
    return max(table, key=lambda row: row.f1).threshold


def _provenance(
    fitted: Fitted[nn.Module],
    *,
    start: DetectorModel,
    data: TrainingData,
    settings: LearningSettings,
) -> dict[str, Any]:
    origin = None
    if settings.start is not None:
        # With its own provenance: on what a model was trained before belongs to its history.
        origin = {
            "name": start.header.name,
            "sha256": start.sha256,
            "provenance": start.header.provenance,
        }
    return {
        "settings": settings.model_dump(mode="json"),
        "start": origin,
        "labels": data.report.n_positive,
        "labelled_micrographs": data.report.n_labelled,
        "training_micrographs": [image.name for image in data.training],
        "validation_micrographs": [image.name for image in data.validation],
        "particles_per_micrograph": {
            "value": data.particles.value,
            "low": data.particles.low,
            "high": data.particles.high,
        },
        "validation": {"average_precision": fitted.validation, "best_step": fitted.step},
        "data": "the user's micrographs and labels",
        "nunatak": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }
