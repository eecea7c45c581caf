"""What the header of a trained model says, and what it must not say."""

import copy
import dataclasses

import pytest
import torch
from specimens import noise_image
from torch import nn

from nunatak.detection.header import ThresholdRow
from nunatak.detection.model import DetectorModel, load_model
from nunatak.learning.class_prior import ParticleNumber
from nunatak.learning.labels.report import LabelReport
from nunatak.learning.score_model import WIDE_PRIOR, ScorePrior
from nunatak.learning.settings import LearningSettings
from nunatak.learning.trained_model import _worth_moving_to, score_prior, trained_model
from nunatak.learning.training_data import TrainingData
from nunatak.learning.validator import Validator
from nunatak.learning.working_images import WorkingImage
from nunatak.training.progress import Fitted

PARTICLES = ParticleNumber(8.0, 6.0, 12.0)


@pytest.fixture(scope="module")
def general() -> DetectorModel:
    return load_model("general-2d")


def validator_of(*images: WorkingImage) -> Validator:
    return Validator(images, PARTICLES, device=torch.device("cpu"), seed=0)


def made(general: DetectorModel, validator: Validator, step: int) -> DetectorModel:
    report = LabelReport(
        source="x", n_read=8, n_positive=8, n_negative=0, n_micrographs=3, n_labelled=2
    )
    data = TrainingData(
        (noise_image("a", 5),), validator.images, "dark", report, PARTICLES, None, (), 0
    )
    fitted: Fitted[nn.Module] = Fitted(general.network, step, 0.5, 6, stopped_early=False)
    return trained_model(
        general.network,
        fitted,
        start=general,
        data=data,
        settings=LearningSettings(),
        validator=validator,
        name="mine",
        diameter_A=180.0,
    )


def test_new_weights_without_held_out_labels_have_no_table(general: DetectorModel) -> None:
    header = made(general, validator_of(), step=6).header
    assert header.threshold_table == ()
    assert header.default_threshold == general.header.default_threshold
    assert "calibration" not in header.provenance


def test_unchanged_weights_that_saw_labels_keep_their_table(general: DetectorModel) -> None:
    child = made(general, validator_of(noise_image("v", 6)), step=6)
    header = made(child, validator_of(), step=0).header
    assert header.threshold_table == child.header.threshold_table
    assert header.provenance["calibration"] == {"data": "6 labels on 1 micrograph, held out"}


def test_the_unchanged_general_model_is_calibrated_with_all_labels(general: DetectorModel) -> None:
    header = made(general, validator_of(noise_image("v", 6)), step=0).header
    assert header.threshold_table not in ((), general.header.threshold_table)
    assert header.provenance["calibration"] == {
        "data": "11 labels on 2 micrographs, from none of which the model has learned"
    }


def test_the_unchanged_general_model_keeps_its_table_where_it_finds_no_label(
    general: DetectorModel,
) -> None:
    blind = dataclasses.replace(general, network=copy.deepcopy(general.network))
    for parameter in blind.network.parameters():
        parameter.zero_()
    header = made(blind, validator_of(noise_image("v", 6)), step=0).header
    assert header.threshold_table == general.header.threshold_table
    assert "simulated fields" in str(header.provenance["calibration"])


def test_held_out_labels_make_a_table(general: DetectorModel) -> None:
    validator = validator_of(noise_image("v", 6), noise_image("w", 0))
    header = made(general, validator, step=6).header
    assert header.threshold_table not in ((), general.header.threshold_table)
    assert header.provenance["calibration"] == {"data": "6 labels on 1 micrograph, held out"}
    best = max(row.f1 for row in header.threshold_table)
    chosen = [row for row in header.threshold_table if row.threshold == header.default_threshold]
    assert chosen[0].f1 == best


def test_descendants_of_the_general_model_are_known(general: DetectorModel) -> None:
    settings = LearningSettings()
    child = made(general, validator_of(), step=6)
    grandchild = made(child, validator_of(), step=6)
    assert score_prior(general, settings) == ScorePrior()
    assert score_prior(child, settings) == ScorePrior()
    assert score_prior(grandchild, settings) == ScorePrior()
    stranger = dataclasses.replace(
        general, header=general.header.model_copy(update={"provenance": {"converted from": "x"}})
    )
    assert score_prior(stranger, settings) == WIDE_PRIOR
    assert score_prior(general, LearningSettings(start=None)) == WIDE_PRIOR


@pytest.mark.parametrize(("gain", "moves"), [(0.02, False), (0.1, True)])
def test_the_threshold_of_what_is_shown_moves_for_a_reason(gain: float, moves: bool) -> None:
    rows = [
        ThresholdRow(threshold=threshold, precision=0.5, recall=0.5, f1=f1)
        for threshold, f1 in ((0.2, 0.5 + gain), (0.5, 0.5), (0.8, 0.3))
    ]
    assert _worth_moving_to(tuple(rows), 0.55) == (0.2 if moves else 0.55)
