"""Held-out micrographs are looked at once for each weights, and what they say adds up."""

from collections.abc import Callable

import pytest
import torch
from specimens import noise_image

from nunatak.detection.model import DetectorModel, load_model
from nunatak.learning import validator as validating
from nunatak.learning.class_prior import ParticleNumber
from nunatak.learning.score_model import ScorePrior
from nunatak.learning.validator import Validator

PARTICLES = ParticleNumber(6.0, 6.0, 6.0)


@pytest.fixture
def general() -> DetectorModel:
    return load_model("general-2d")


@pytest.fixture
def validator() -> Validator:
    images = [noise_image("v", 6), noise_image("w", 0)]
    return Validator(images, PARTICLES, device=torch.device("cpu"), seed=0)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often images are scored."""
    counted: list[int] = []
    find: Callable[..., object] = validating.find_on_all

    def counting(*given: object) -> object:
        counted.append(len(counted))
        return find(*given)

    monkeypatch.setattr(validating, "find_on_all", counting)
    return counted


def test_micrographs_without_labels_say_nothing(validator: Validator) -> None:
    assert [image.name for image in validator.images] == ["v"]
    assert validator.labels_in_words() == "6 labels on 1 micrograph"


def test_each_weights_are_looked_at_once(
    general: DetectorModel, validator: Validator, looks: list[int]
) -> None:
    validator.average_precision(general)
    validator.share_ahead(general, load_model("general-2d"))
    validator.threshold_table(general, ScorePrior(), expected_particles=6.0)
    assert len(looks) == 1


def test_other_weights_are_looked_at_anew_and_compared(
    general: DetectorModel, validator: Validator, looks: list[int]
) -> None:
    blind = load_model("general-2d")
    for parameter in blind.network.parameters():
        parameter.zero_()
    assert validator.average_precision(general) > validator.average_precision(blind)
    assert validator.share_ahead(blind, general) == 1.0
    assert validator.share_ahead(general, blind) == 0.0
    assert len(looks) == 2


def test_nothing_is_calibrated_without_labels(general: DetectorModel) -> None:
    empty = Validator([], PARTICLES, device=torch.device("cpu"), seed=0)
    assert empty.threshold_table(general, ScorePrior(), expected_particles=6.0) == ()
