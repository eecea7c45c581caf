"""Held-out micrographs are looked at once for each weights, and what they say adds up."""

from collections.abc import Callable

import pytest
import torch
from specimens import noise_image

from nunatak.detection.model import DetectorModel, load_model
from nunatak.learning import judge as judging
from nunatak.learning.class_prior import ParticleNumber
from nunatak.learning.judge import Judge
from nunatak.learning.score_model import ScorePrior

PARTICLES = ParticleNumber(6.0, 6.0, 6.0)


@pytest.fixture
def general() -> DetectorModel:
    return load_model("general-2d")


@pytest.fixture
def judge() -> Judge:
    images = [noise_image("v", 6), noise_image("w", 0)]
    return Judge(images, PARTICLES, device=torch.device("cpu"), seed=0)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often images are scored."""
    counted: list[int] = []
    find: Callable[..., object] = judging.find_on_all

    def counting(*given: object) -> object:
        counted.append(len(counted))
        return find(*given)

    monkeypatch.setattr(judging, "find_on_all", counting)
    return counted


def test_micrographs_without_labels_say_nothing(judge: Judge) -> None:
    assert [image.name for image in judge.images] == ["v"]
    assert judge.labels_in_words() == "6 labels on 1 micrograph"


def test_each_weights_are_looked_at_once(
    general: DetectorModel, judge: Judge, looks: list[int]
) -> None:
    judge.average_precision(general)
    judge.share_ahead(general, load_model("general-2d"))
    judge.threshold_table(general, ScorePrior(), expected_particles=6.0)
    assert len(looks) == 1


def test_other_weights_are_looked_at_anew_and_compared(
    general: DetectorModel, judge: Judge, looks: list[int]
) -> None:
    blind = load_model("general-2d")
    for parameter in blind.network.parameters():
        parameter.zero_()
    assert judge.average_precision(general) > judge.average_precision(blind)
    assert judge.share_ahead(blind, general) == 1.0
    assert judge.share_ahead(general, blind) == 0.0
    assert len(looks) == 2


def test_nothing_is_calibrated_without_labels(general: DetectorModel) -> None:
    empty = Judge([], PARTICLES, device=torch.device("cpu"), seed=0)
    assert empty.threshold_table(general, ScorePrior(), expected_particles=6.0) == ()
